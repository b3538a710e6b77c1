package gate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/dtbench/dtbench/results"
)

// craft is a recipe for a result file.
type craft struct {
	scenarios, variants []string
	runs                int
	seed                uint64
	steady              bool // memory does not vary, which saves its tests' time
	// noise is the factor on a time, drawn anew for every sample.
	noise func(*rand.Rand) float64
	// times is the factor on the level of a cell; nil is 1.
	times func(results.CellKey) float64
}

// lognormal noise of a coefficient of variation, median 1.
func lognormal(cv float64) func(*rand.Rand) float64 {
	sigma := math.Sqrt(math.Log1p(cv * cv))
	return func(rng *rand.Rand) float64 { return math.Exp(sigma * rng.NormFloat64()) }
}

// heavyTailed is lognormal noise, one value in ten of which is stretched by a
// Pareto factor: what a shared machine does to times. Its overall coefficient
// of variation is about cv.
func heavyTailed(cv float64) func(*rand.Rand) float64 {
	body := lognormal(0.7 * cv)
	return func(rng *rand.Rand) float64 {
		x := body(rng)
		if rng.IntN(10) == 0 {
			x *= 1 + 1.2*cv*(math.Pow(rng.Float64(), -1/2.2)-0.5)
		}
		return x
	}
}

// only is the factor f in one cell and 1 elsewhere.
func only(scenario, variant string, start results.Start, f float64) func(results.CellKey) float64 {
	return func(k results.CellKey) float64 {
		if k == (results.CellKey{Scenario: scenario, Variant: variant, Start: start}) {
			return f
		}
		return 1
	}
}

func everywhere(f float64) func(results.CellKey) float64 {
	return func(results.CellKey) float64 { return f }
}

func (p craft) file() *results.File {
	if p.scenarios == nil {
		p.scenarios = []string{"hello", "storage", "network"}
	}
	if p.variants == nil {
		p.variants = []string{"benchmark", "optimized"}
	}
	if p.runs == 0 {
		p.runs = 15
	}
	if p.noise == nil {
		p.noise = lognormal(0.02)
	}
	rng := rand.New(rand.NewPCG(p.seed, 77))
	f := &results.File{
		Schema: results.Schema, Status: results.Complete,
		Tool:        results.Tool{Name: "dtbench", Version: "(devel)", Go: "go1.26.0"},
		Environment: results.Environment{OS: "linux", Arch: "amd64", CPUs: 2},
		Experiment: results.Experiment{
			Platform: "local", Provenance: results.Measured, Contract: "lambda", Runtime: "go", Scenarios: p.scenarios, Variants: p.variants,
			Runs: p.runs, Trim: 1, Seed: p.seed, MemoryMB: 512, VCPU: 0.5, CPUPeriodMS: 20, TimeoutS: 10, Limits: "cgroup-v1", ObjectSize: 1024,
			SecretAccesses: map[string]int{}, Latency: "none", Store: "embedded", Target: "embedded", Interleaved: true,
		},
		Arms: []results.Arm{},
	}
	order := 0
	for si, scenario := range p.scenarios {
		f.Experiment.SecretAccesses[scenario] = si + 1
		for _, variant := range p.variants {
			for _, start := range starts {
				c := results.Cell{Scenario: scenario, Variant: variant, Start: start, Samples: []results.Sample{}}
				level, invocation := 4*float64(si+1), 1
				if start == results.Hot {
					level, invocation = level/5, 3
				}
				if p.times != nil {
					level *= p.times(c.Key())
				}
				for k := range p.runs {
					order++
					pages := int64(rng.IntN(30))
					if p.steady {
						pages = 0
					}
					c.Samples = append(c.Samples, results.Sample{
						Order: order, Instance: fmt.Sprintf("%d-%s-%s-%d", p.seed, scenario, variant, k), Invocation: invocation,
						TotalMS: level * p.noise(rng), MemoryBytes: 6<<20 + 4096*pages,
					})
				}
				f.Cells = append(f.Cells, c)
			}
		}
	}
	return f
}

// drop removes a cell.
func drop(f *results.File, scenario, variant string, start results.Start) *results.File {
	k := results.CellKey{Scenario: scenario, Variant: variant, Start: start}
	f.Cells = slices.DeleteFunc(f.Cells, func(c results.Cell) bool { return c.Key() == k })
	return f
}

func compare(t testing.TB, base, head *results.File, o Options) *Comparison {
	t.Helper()
	c, err := Compare(Side{"base.json", base}, Side{"head.json", head}, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func find(t *testing.T, c *Comparison, scenario, variant string, start results.Start, metric string) Cell {
	t.Helper()
	for _, cell := range c.Cells {
		if cell.Scenario == scenario && cell.Variant == variant && cell.Start == start && cell.Metric == metric {
			return cell
		}
	}
	t.Fatalf("no cell %s %s %s %s", scenario, variant, start, metric)
	return Cell{}
}
