package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/results"
)

// level is what a synthetic cell scatters around: time in ms, memory in MB.
type level struct{ time, memory float64 }

// plan lays out a synthetic file.
type plan struct {
	platform   string
	provenance results.Provenance
	scenarios  []string
	variants   []string
	runs       int
	spread     float64 // log-sd of times
	// cold and hot levels by scenario and variant ("hello/optimized").
	cold, hot map[string]level
}

// build makes a complete, interleaved file with seeded lognormal times.
func build(tb testing.TB, p plan) *results.File {
	tb.Helper()
	rng := rand.New(rand.NewPCG(11, 29))
	f := &results.File{
		Schema: results.Schema, Status: results.Complete,
		Tool: results.Tool{Name: "dtbench", Version: "v0.1.0", Commit: "0123456789abcdef0123456789abcdef01234567", Go: "go1.26.0"},
		Environment: results.Environment{
			OS: "linux", Arch: "amd64", CPUs: 4,
			Started:  time.Date(2025, 3, 1, 9, 30, 0, 0, time.UTC),
			Finished: time.Date(2025, 3, 1, 9, 34, 5, 0, time.UTC),
		},
		Experiment: results.Experiment{
			Platform: p.platform, Provenance: p.provenance, Contract: "lambda", Runtime: "go",
			Scenarios: p.scenarios, Variants: p.variants, Runs: p.runs, Trim: 1, Seed: 1,
			MemoryMB: 512, VCPU: 0.5, CPUPeriodMS: 20, TimeoutS: 10, Limits: "cgroup-v2", Interleaved: true,
			ObjectSize: 1024, SecretAccesses: map[string]int{}, Latency: "none", Store: "embedded", Target: "embedded",
		},
	}
	for _, v := range p.variants {
		arm := results.Arm{Label: v, Variant: v}
		for _, s := range p.scenarios {
			arm.Functions = append(arm.Functions, results.Function{Scenario: s, File: s + "-" + v, SHA256: strings.Repeat("0f", 32), Bytes: 6312098})
		}
		f.Arms = append(f.Arms, arm)
	}
	ptr := func(v float64) *float64 { return &v }
	order := 0
	for _, s := range p.scenarios {
		for _, v := range p.variants {
			for _, start := range starts {
				levels := p.cold
				if start == results.Hot {
					levels = p.hot
				}
				l, ok := levels[s+"/"+v]
				if !ok {
					tb.Fatalf("no level for %s/%s %s", s, v, start)
				}
				c := results.Cell{Scenario: s, Variant: v, Start: start}
				for k := range p.runs {
					order++
					total := l.time * math.Exp(p.spread*rng.NormFloat64())
					sample := results.Sample{
						Order: order, Instance: fmt.Sprintf("%016x", rng.Uint64()), Invocation: 1,
						TotalMS: total, ToHandlerMS: ptr(0.6 * total), HandlerMS: 0.3 * total, ReportedMS: ptr(0.9 * total),
						ThrottledMS: ptr(0), MemoryBytes: int64(1e6 * l.memory * math.Exp(0.004*rng.NormFloat64())),
					}
					if start == results.Cold {
						sample.StartMS, sample.InitMS = ptr(0.55*total), ptr(0.2*total)
					} else {
						sample.Invocation = 3 // of the instance that gave the k-th cold sample
						sample.Instance = f.Cells[len(f.Cells)-1].Samples[k].Instance
					}
					sample.SecretsMS = 0.1 * total
					c.Samples = append(c.Samples, sample)
				}
				f.Cells = append(f.Cells, c)
			}
		}
	}
	return f
}

// normal has overheads between a few and some 60 percent.
func normal(tb testing.TB) *results.File {
	return build(tb, plan{
		platform: "local", provenance: results.Measured, runs: 15, spread: 0.06,
		scenarios: []string{"hello", "storage", "network"}, variants: []string{"benchmark", "optimized"},
		cold: map[string]level{
			"hello/benchmark": {3.91, 7.74}, "hello/optimized": {6.12, 9.22},
			"storage/benchmark": {11.4, 15.65}, "storage/optimized": {13.1, 17.1},
			"network/benchmark": {14.9, 16.65}, "network/optimized": {16.0, 18.2},
		},
		hot: map[string]level{
			"hello/benchmark": {0.182, 7.8}, "hello/optimized": {0.241, 9.3},
			"storage/benchmark": {1.31, 15.7}, "storage/optimized": {1.37, 17.2},
			"network/benchmark": {1.92, 16.7}, "network/optimized": {1.93, 18.3},
		},
	})
}

// extreme scatters around the published figures: +3366 %, +4.7 %, -1.5 %.
func extreme(tb testing.TB) *results.File {
	return build(tb, plan{
		platform: "aliyun", provenance: results.Simulated, runs: 15, spread: 0.15,
		scenarios: []string{"hello", "storage", "network"}, variants: []string{"benchmark", "optimized"},
		cold: map[string]level{
			"hello/benchmark": {2.01, 7.74}, "hello/optimized": {69.67, 13.22},
			"storage/benchmark": {397.33, 35.65}, "storage/optimized": {415.92, 43.65},
			"network/benchmark": {822.12, 62.65}, "network/optimized": {809.55, 62.86},
		},
		hot: map[string]level{
			"hello/benchmark": {1.12, 7.62}, "hello/optimized": {1.81, 13.25},
			"storage/benchmark": {59.33, 35.55}, "storage/optimized": {40.42, 35.87},
			"network/benchmark": {498.97, 62.81}, "network/optimized": {533.95, 63.02},
		},
	})
}

// single has one scenario.
func single(tb testing.TB) *results.File {
	return build(tb, plan{
		platform: "local", provenance: results.Measured, runs: 15, spread: 0.04,
		scenarios: []string{"hello"}, variants: []string{"benchmark", "optimized"},
		cold: map[string]level{"hello/benchmark": {3.91, 7.74}, "hello/optimized": {4.42, 9.22}},
		hot:  map[string]level{"hello/benchmark": {0.182, 7.8}, "hello/optimized": {0.178, 9.3}},
	})
}

// several has five variants, so four are compared.
func several(tb testing.TB) *results.File {
	p := plan{
		platform: "local", provenance: results.Measured, runs: 15, spread: 0.08,
		scenarios: []string{"hello", "storage", "network"},
		variants:  []string{"literal", "benchmark", "optimized", "jwt", "kms"},
		cold:      map[string]level{}, hot: map[string]level{},
	}
	factors := map[string]float64{"benchmark": 1, "literal": 0.99, "optimized": 1.4, "jwt": 1.22, "kms": 9}
	base := map[string]float64{"hello": 4, "storage": 11, "network": 15}
	for _, s := range p.scenarios {
		for _, v := range p.variants {
			p.cold[s+"/"+v] = level{base[s] * factors[v], 8 * math.Sqrt(factors[v])}
			p.hot[s+"/"+v] = level{base[s] / 20 * math.Sqrt(factors[v]), 8.1 * math.Sqrt(factors[v])}
		}
	}
	return build(tb, p)
}

// interrupted lacks cells and samples and carries everything that calls for a
// notice.
func interrupted(tb testing.TB) *results.File {
	f := normal(tb)
	f.Status = results.Interrupted
	f.Tool.Dirty = true
	f.Experiment.Interleaved = false
	f.Experiment.Limits = "none"
	f.Warnings = []string{"load before the run was 3.2 on 4 processors"}
	f.Cells = f.Cells[:10]
	f.Cells[9].Samples = f.Cells[9].Samples[:3]
	f.Cells[9].Stopped = "5 attempts in a row had the wrong temperature"
	f.Cells[8].Samples = f.Cells[8].Samples[:14]
	f.Cells[9].Dropped = []results.Drop{{Reason: "wrong temperature", Count: 5}, {Reason: "timeout", Count: 1}}
	f.Cells[4].Basis = "extrapolated"
	for i := range f.Cells[2].Samples { // hello optimized cold
		held := 0.2 * f.Cells[2].Samples[i].TotalMS
		f.Cells[2].Samples[i].ThrottledMS = &held
	}
	f.Cells[0].Samples[3].MemoryBytes = 0
	return f
}
