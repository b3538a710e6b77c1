package claims

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/results/paper"
	"github.com/dtbench/dtbench/results/reproduction"
)

// What tests judge by: the published data, and small data of other kinds that
// are made here.

func load(t *testing.T) Evidence {
	t.Helper()
	e, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// of judges all claims and returns one.
func of(t *testing.T, e Evidence, id string) reproduction.Claim {
	t.Helper()
	list, err := Judge(e)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("no claim %s", id)
	return reproduction.Claim{}
}

// set replaces a published figure.
func set(e *Evidence, table int, variant string, start results.Start, change func(*paper.Cell)) {
	for i := range e.Published.Tables {
		for j, c := range e.Published.Tables[i].Cells {
			if e.Published.Tables[i].Number == table && c.Variant == variant && c.Start == start {
				change(&e.Published.Tables[i].Cells[j])
				return
			}
		}
	}
	panic(fmt.Sprintf("no cell %s %s in table %d", variant, start, table))
}

func setTime(e *Evidence, table int, variant string, start results.Start, ms float64) {
	set(e, table, variant, start, func(c *paper.Cell) { c.TimeMS = ms })
}

func setMemory(e *Evidence, table int, variant string, start results.Start, mb float64) {
	set(e, table, variant, start, func(c *paper.Cell) { c.MemoryMB = mb })
}

// arm describes the times of one scenario and start of a made-up run: the
// median, the optimized arm's factor over it, and the log-sd of both.
type arm struct{ median, factor, sd float64 }

// run makes a result file with the arms given by scenario and start.
func run(provenance results.Provenance, runs int, arms map[string]arm) *results.File {
	f := &results.File{Experiment: results.Experiment{
		Platform: "local", Runtime: "go", Provenance: provenance, Runs: runs, Trim: 1, Seed: 1,
		Scenarios: []string{"hello", "storage", "network"}, Variants: []string{"benchmark", "optimized"},
	}}
	for _, scenario := range f.Experiment.Scenarios {
		for _, start := range []results.Start{results.Cold, results.Hot} {
			a, ok := arms[scenario+" "+string(start)]
			if !ok {
				continue
			}
			for _, variant := range f.Experiment.Variants {
				rng := rand.New(rand.NewPCG(7, uint64(len(f.Cells))))
				c := results.Cell{Scenario: scenario, Variant: variant, Start: start}
				for range runs {
					ms := a.median * math.Exp(a.sd*rng.NormFloat64())
					if variant == "optimized" {
						ms *= a.factor
					}
					reported := ms
					c.Samples = append(c.Samples, results.Sample{TotalMS: ms, ReportedMS: &reported})
				}
				f.Cells = append(f.Cells, c)
			}
		}
	}
	return f
}

// everywhere is the same arm in all six cells.
func everywhere(a arm) map[string]arm {
	arms := map[string]arm{}
	for _, scenario := range []string{"hello", "storage", "network"} {
		arms[scenario+" cold"], arms[scenario+" hot"] = a, a
	}
	return arms
}

// preset draws trimmed means around the published figures with a relative
// standard deviation, and gives every cell a CV of single runs.
func preset(e Evidence, name string, sd, cv float64) Preset {
	p := Preset{Name: name, Profile: reproduction.ProfileGo, Provenance: results.Simulated}
	for _, t := range e.Published.Tables {
		for _, c := range t.Cells {
			rng := rand.New(rand.NewPCG(3, uint64(len(p.Cells))))
			d := Draws{Platform: t.Platform, Scenario: t.Scenario, Variant: c.Variant, Start: c.Start, CV: cv}
			for range 2000 {
				d.TrimmedMeans = append(d.TrimmedMeans, c.TimeMS*math.Exp(sd*rng.NormFloat64()))
			}
			p.Cells = append(p.Cells, d)
		}
	}
	return p
}

// cost is a cost with its interval.
func cost(low, median, high float64) results.Cost {
	return results.Cost{Unit: "ns", Rounds: 100, Batch: 10, Median: median, Low95: low, High95: high, P95: 2 * median, P99: 3 * median}
}

func exactly(v float64) results.Cost { return cost(v, v, v) }

// costs are micro-measurements under which every claim about costs holds, for
// the literal scheme.
func costs() *results.Microcosts {
	return &results.Microcosts{
		Schema: results.MicrocostsSchema,
		Audit: []results.AuditCost{
			{Scheme: results.SchemeLiteral, Mode: "async", Off: exactly(1000), On: exactly(1100), Added: exactly(100), Stalled: exactly(1200)},
			{Scheme: results.SchemeOptimized, Mode: "strict", Off: exactly(500), On: exactly(900), Added: exactly(400), Stalled: exactly(9e5), StalledRefused: 100},
		},
		Refusals: []results.RefusalCost{
			{Scheme: results.SchemeLiteral, Replayed: exactly(50), Expired: exactly(100), Forged: exactly(800)},
			{Scheme: results.SchemeOptimized, Replayed: exactly(300), Expired: exactly(250), Forged: exactly(200)},
		},
		Rules: []results.RuleCost{{Algorithm: "md5", Time: exactly(150)}, {Algorithm: "sha256", Time: exactly(200)}},
		Registries: []results.RegistryGrowth{
			{Scheme: results.SchemeLiteral, RatePerSecond: 100, WindowS: 10, Accepted: 20000, Peak: 2000, HalfPeak: 2000},
			{Scheme: results.SchemeOptimized, RatePerSecond: 100, WindowS: 10, Accepted: 20000, Peak: 4000, HalfPeak: 4000},
		},
		Verify: []results.VerifyCost{
			{Scheme: results.SchemeLiteral, Checks: exactly(300), Access: exactly(900), CPU: exactly(900), Bytes: exactly(1900), HMAC: exactly(200), Ratio: exactly(1.5)},
			{Scheme: results.SchemeOptimized, Checks: exactly(350), Access: exactly(560), CPU: exactly(560), Bytes: exactly(0), HMAC: exactly(200), Ratio: exactly(1.8)},
		},
	}
}

// matrix is an attack matrix in which every attack on literal and optimized has
// the outcome.
func matrix(o attack.Outcome) []attack.Cell {
	var cells []attack.Cell
	for i := 1; i <= 25; i++ {
		for _, variant := range []string{"literal", "optimized"} {
			cells = append(cells, attack.Cell{Attack: fmt.Sprintf("T%d", i), Variant: variant, Outcome: o})
		}
	}
	return cells
}

func outcome(cells []attack.Cell, id, variant string, o attack.Outcome) []attack.Cell {
	for i := range cells {
		if cells[i].Attack == id && cells[i].Variant == variant {
			cells[i].Outcome = o
			return cells
		}
	}
	return append(cells, attack.Cell{Attack: id, Variant: variant, Outcome: o})
}
