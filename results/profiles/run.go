package profiles

import (
	"fmt"
	"slices"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/reproduction"
)

// FromRun derives the profile of the Go core from a complete local run of
// benchmark and optimized in hello and in other scenarios. Every cost is a
// difference of medians, because one late sample of fifteen must not move it;
// a difference below zero is noise and counts as no cost. The function's own
// clock stands for processor time, which it is as long as no quota holds the
// function back; the note says how many samples were.
//
//   - InitMS: the initialisation between the first statement of main and ready.
//   - ModuleMS: what is left of the time to the first request for an event, the
//     larger executable and the initialisation of its packages, in hello; and
//     ModuleLoadedMS in the other scenarios.
//   - AccessMS: the time inside secret access of the hot hello function.
//   - MemoryMB: the peak of the cold hello function, and MemoryLoadedMB of the
//     other scenarios'.
//   - NonceBytes: from the stored samples of the core, since a run is too short to
//     show it.
func FromRun(f *results.File) (Profile, error) {
	if f.Status != results.Complete || f.Experiment.Provenance != results.Measured || f.Experiment.Runtime != "go" {
		return Profile{}, fmt.Errorf("%w: the cost profile of the Go core wants a complete measured run of functions in Go", ErrInvalid)
	}
	samples, err := LoadSamples(Go)
	if err != nil {
		return Profile{}, err
	}
	nonces, _ := samples.Find(NonceBytes, Bare, Native) // LoadSamples has seen that it is there
	p := Profile{
		Schema: Schema, Name: Go, Runtime: f.Tool.Go,
		Machine: fmt.Sprintf("%s, %d processors, %s/%s, kernel %s", f.Environment.CPU, f.Environment.CPUs, f.Environment.OS, f.Environment.Arch, f.Environment.Kernel),
		Version: f.Tool.Version, Commit: f.Tool.Commit, Date: f.Environment.Started.UTC().Format("2006-01-02"),
		Command: fmt.Sprintf("dtbench run --platform local --runs %d --vcpu %v --cpu-period %vms --memory %d --seed %d",
			f.Experiment.Runs, f.Experiment.VCPU, f.Experiment.CPUPeriodMS, f.Experiment.MemoryMB, f.Experiment.Seed),
		Note:           "differences of medians between the optimized and the benchmark function; a difference below zero counts as none",
		ModuleLoadedMS: map[string]float64{}, MemoryLoadedMB: map[string]float64{}, NonceBytes: reproduction.Round(nonces.Median),
	}
	initial := func(s *results.Sample) float64 { return value(s.InitMS) }
	module := func(s *results.Sample) float64 { return value(s.StartMS) - value(s.InitMS) }
	access := func(s *results.Sample) float64 { return s.SecretsMS }
	memory := func(s *results.Sample) float64 { return float64(s.MemoryBytes) / 1e6 }
	for _, scenario := range f.Experiment.Scenarios {
		c := costs{f, scenario}
		load, mem := c.extra(results.Cold, module), c.extra(results.Cold, memory)
		if scenario != "hello" {
			p.ModuleLoadedMS[scenario], p.MemoryLoadedMB[scenario] = load, mem
			continue
		}
		p.InitMS, p.ModuleMS, p.MemoryMB = c.extra(results.Cold, initial), load, mem
		p.AccessMS = c.extra(results.Hot, access) / float64(max(1, f.Experiment.SecretAccesses[scenario]))
		p.Spread = Spread{
			Init:   variation(c.values("optimized", results.Cold, initial)),
			Module: variation(c.values("optimized", results.Cold, module)),
			Access: variation(c.values("optimized", results.Hot, access)),
		}
	}
	if held, all := heldBack(f); held > 0 {
		p.Note += fmt.Sprintf("; the CPU quota held back %d of the %d samples, which the figures hold as well", held, all)
	}
	if p.InitMS == 0 || p.AccessMS == 0 {
		return Profile{}, fmt.Errorf("%w: the run shows no cost of the mechanism in hello", ErrInvalid)
	}
	return p, p.Validate()
}

// heldBack counts the samples that the CPU quota held back, and all.
func heldBack(f *results.File) (held, all int) {
	for _, c := range f.Cells {
		for _, s := range c.Samples {
			all++
			if s.ThrottledMS != nil && *s.ThrottledMS > 0 {
				held++
			}
		}
	}
	return held, all
}

type costs struct {
	file     *results.File
	scenario string
}

func (c costs) values(variant string, start results.Start, of func(*results.Sample) float64) (values []float64) {
	cell := c.file.Cell(results.CellKey{Scenario: c.scenario, Variant: variant, Start: start})
	if cell == nil {
		return nil
	}
	for i := range cell.Samples {
		values = append(values, of(&cell.Samples[i]))
	}
	return values
}

// extra is what the optimized function has more than the benchmark one.
func (c costs) extra(start results.Start, of func(*results.Sample) float64) float64 {
	return reproduction.Round(max(0, median(c.values("optimized", start, of))-median(c.values("benchmark", start, of))))
}

func value(p *float64) float64 {
	if p == nil {
		return 0
	}
	return *p
}

// median of values, 0 of none.
func median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// variation is a robust coefficient of variation: the interquartile range of a
// normal law is 1.349 standard deviations, and a single late sample has no say.
func variation(values []float64) float64 {
	n := len(values)
	m := median(values)
	if n < 4 || m <= 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return reproduction.Round((sorted[3*(n-1)/4] - sorted[(n-1)/4]) / 1.349 / m)
}
