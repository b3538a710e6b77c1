package profile

import (
	"context"
	"fmt"
	mathrand "math/rand/v2"
	"runtime"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/profiles"
	"github.com/dtbench/dtbench/runner/machine"
	"github.com/dtbench/dtbench/scenarios"
)

// Between these numbers of accesses the registry's tables have every degree of
// filling that they can have: a power of two apart is one round of growth, and
// this is two.
const fewestAccesses, mostAccesses = 1 << 14, 1 << 16

// Go measures what a run of the local platform cannot show of the Go core: what
// an entry of the registry of used nonces takes, as growth of the heap per access
// of one guard after another in this process. Processes counts guards here. The
// rest of the profile go follows from a run, see results/profiles.FromRun.
func Go(ctx context.Context, o Options) (*profiles.Samples, error) {
	if o.Processes < profiles.MinProcesses {
		return nil, fmt.Errorf("%d guards, at least %d are needed", o.Processes, profiles.MinProcesses)
	}
	s := &profiles.Samples{
		Schema: profiles.SamplesSchema, Profile: profiles.Go, Command: o.Command,
		Tool: results.Tool{Name: "dtbench", Version: o.Version, Commit: o.Commit, Dirty: o.Dirty, Go: runtime.Version()},
	}
	rng := mathrand.New(mathrand.NewPCG(o.Seed, 1))
	watch := machine.Begin()
	for range o.Processes {
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		bytes, err := nonceBytes(fewestAccesses + rng.IntN(mostAccesses-fewestAccesses))
		if err != nil {
			return nil, err
		}
		s.Add(profiles.NonceBytes, profiles.Bare, profiles.Native, bytes)
	}
	s.Environment, s.Warnings = watch.End()
	return s, s.Validate()
}

// variables are the environment of a guard.
type variables map[string]string

func (v variables) LookupEnv(name string) (string, bool) { value, ok := v[name]; return value, ok }
func (v variables) Setenv(name, value string) error      { v[name] = value; return nil }

func nonceBytes(accesses int) (float64, error) {
	guard, err := core.FromEnvironment(core.Config{
		Policy:       &core.Policy{Audit: core.AuditPolicy{Mode: core.AuditOff}},
		Environment:  variables{scenarios.EncryptionKeys: scenarios.APIKey, scenarios.APIKey: "0123456789abcdef"},
		KeepDumpable: true, // this is no function but the harness
	})
	if err != nil {
		return 0, err
	}
	defer guard.Close()
	before := heap()
	for range accesses {
		if err := guard.Use("00000000-0000-4000-8000-000000000000", scenarios.APIKey, func([]byte) error { return nil }); err != nil {
			return 0, err
		}
	}
	if n := guard.Stats().Nonces; n != accesses {
		return 0, fmt.Errorf("the registry holds %d nonces of %d: the window went by", n, accesses)
	}
	return max(0, float64(heap())-float64(before)) / float64(accesses), nil
}

// heap is what the program holds, without garbage.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // what the first left in pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
