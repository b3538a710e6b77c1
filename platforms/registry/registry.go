// Package registry lists the platforms that this version of dtbench has.
package registry

import (
	"io"
	"time"

	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/platforms/local"
	"github.com/dtbench/dtbench/platforms/simulated"
	"github.com/dtbench/dtbench/platforms/simulated/model"
)

// Options configure any platform. Limits are those of an instance.
type Options struct {
	MemoryBytes int64 // 0 is none
	VCPU        float64
	CPUPeriod   time.Duration
	Timeout     time.Duration
	Log         io.Writer
	// Seed and Model, calibrated, are for simulated platforms.
	Seed  uint64
	Model *model.Model
}

// Entry is one platform.
type Entry struct {
	Name    string
	Summary string // for help
	// Simulated: it needs a model, and neither binaries nor services.
	Simulated bool
	// Scenarios are those with published figures, which are run when none are
	// named; nil means all.
	Scenarios []string
	// Open sets the platform up.
	Open func(Options) (platforms.Platform, error)
}

// All returns the platforms in the order in which help names them.
func All() []Entry {
	return []Entry{
		{Name: local.Name, Summary: "real processes on this machine (Linux)", Open: openLocal},
		{Name: simulated.Aliyun, Summary: "Alibaba Cloud Function Compute, simulated", Simulated: true, Open: openSimulated(simulated.Aliyun)},
		{Name: simulated.Tencent, Summary: "Tencent Cloud SCF, simulated", Simulated: true, Scenarios: []string{"hello"}, Open: openSimulated(simulated.Tencent)},
	}
}

func openLocal(o Options) (platforms.Platform, error) {
	return local.Open(local.Options{MemoryBytes: o.MemoryBytes, VCPU: o.VCPU, CPUPeriod: o.CPUPeriod, Timeout: o.Timeout, Log: o.Log})
}

func openSimulated(name string) func(Options) (platforms.Platform, error) {
	return func(o Options) (platforms.Platform, error) {
		so := simulated.Options{Name: name, Seed: o.Seed, MemoryBytes: o.MemoryBytes, Timeout: o.Timeout, Log: o.Log}
		if o.Model != nil {
			so.Model = o.Model.Under(model.NewQuota(o.VCPU, float64(o.CPUPeriod)/float64(time.Millisecond)))
		}
		return simulated.Open(so)
	}
}
