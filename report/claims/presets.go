package claims

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/report"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/reproduction"
)

// The claims about noise and constancy (P17, P18), judged under every preset of
// the simulated platforms.

// publishedCell names one published change in time.
type publishedCell struct {
	table int
	start results.Start
}

// unlikely is contradicted when a published change has p < 0.05 under no effect
// in this preset, and holds when none has.
func unlikely(e *Evidence, p Preset, cells []publishedCell) (v reproduction.Verdict, shown string, ok bool) {
	var parts []string
	v = reproduction.Holds
	for _, cell := range cells {
		t, okTable := e.Published.Table(cell.table)
		if !okTable {
			return "", "", false
		}
		d := p.find(t.Platform, t.Scenario, report.Baseline, cell.start)
		if d == nil {
			return "", "", false
		}
		from, to := t.Pair(cell.start, results.MetricTime)
		chance := d.noEffect(to / from)
		if chance < report.Alpha {
			v = reproduction.Contradicted
		}
		parts = append(parts, fmt.Sprintf("Table %d %s %s", cell.table, cell.start, pValue(chance)))
	}
	return v, strings.Join(parts, ", "), len(parts) > 0
}

// perPreset asks every preset and makes one finding: presets that disagree show
// nothing.
func perPreset(e *Evidence, ask func(Preset) (reproduction.Verdict, string, bool), compatible, incompatible string) []finding {
	var verdicts []reproduction.Verdict
	type answer struct{ preset, profiles, computed string }
	var answers []answer
	for _, p := range e.Simulated {
		v, computed, ok := ask(p)
		if !ok {
			continue
		}
		verdicts = append(verdicts, v)
		// What depends on the benchmark arm alone is the same for every profile.
		i := slices.IndexFunc(answers, func(a answer) bool { return a.preset == p.Name && a.computed == computed })
		if i >= 0 {
			answers[i].profiles += " and " + p.Profile
		} else {
			answers = append(answers, answer{p.Name, p.Profile, computed})
		}
	}
	if len(verdicts) == 0 {
		return nil
	}
	var shown []string
	for _, a := range answers {
		shown = append(shown, fmt.Sprintf("%s (%s): %s", a.preset, a.profiles, a.computed))
	}
	f := finding{reproduction.Simulated, unanimous(verdicts), strings.Join(shown, "; "), ""}
	switch f.verdict {
	case reproduction.Holds:
		f.explanation = compatible
	case reproduction.Contradicted:
		f.explanation = incompatible
	default:
		f.explanation = "The presets disagree: it depends on a spread that the paper does not give."
	}
	return []finding{f}
}

func fixedOverhead(e *Evidence) []finding {
	out := perPreset(e, func(p Preset) (reproduction.Verdict, string, bool) {
		var pairs []pair
		for _, number := range []int{3, 5, 6} {
			t, ok := e.Published.Table(number)
			if !ok {
				return "", "", false
			}
			b, o := p.find(t.Platform, t.Scenario, report.Baseline, results.Cold), p.find(t.Platform, t.Scenario, "optimized", results.Cold)
			if b == nil || o == nil {
				return "", "", false
			}
			from, to := t.Pair(results.Cold, results.MetricTime)
			pairs = append(pairs, pair{from, to, b.relative(), o.relative()})
		}
		c, chance := oneConstant(pairs)
		return verdict(chance >= report.Alpha), fmt.Sprintf("best constant %+.1f ms, %s", c, pValue(chance)), true
	}, "The three cold differences are compatible with one constant under every preset, mostly because the slow scenarios are so noisy.",
		"The three cold differences are not one constant, whichever preset describes the noise.")
	shown := "differences " + differences(e)
	if len(out) > 0 {
		out[0].computed = shown + "; " + out[0].computed
	} else {
		// Measured runs have differences of their own: they say nothing of these.
		out = noSpread(shown)
	}
	return append(out, perRun(e, func(f *results.File) (finding, bool) {
		v, computed, ok := measuredConstant(e, f)
		return finding{verdict: v, computed: computed, explanation: "Judged by the differences of measured runs."}, ok
	})...)
}

func differences(e *Evidence) string {
	var parts []string
	for _, c := range publishedChanges(e, results.Cold, 3, 5, 6) {
		parts = append(parts, fmt.Sprintf("%s %+.2f ms", c.name, c.ms))
	}
	return strings.Join(parts, ", ")
}

// measuredConstant is the same question of a measured run, by its own spread:
// Q is χ² with one degree of freedom less than there are scenarios, here two,
// where P(χ² > q) = exp(−q/2).
func measuredConstant(e *Evidence, f *results.File) (v reproduction.Verdict, computed string, ok bool) {
	var ds, weights []float64
	var parts []string
	for _, scenario := range scenariosByComplexity {
		c, okCell := e.compare(f, scenario, results.Cold)
		squared := c.Variant.SquaredError() + c.Baseline.SquaredError()
		if !okCell || squared == 0 {
			return "", "", false
		}
		ds, weights = append(ds, c.Difference), append(weights, 1/squared)
		parts = append(parts, fmt.Sprintf("%s %+.3f ms", scenario, c.Difference))
	}
	c, q := leastQ(ds, weights)
	p := math.Exp(-q / 2)
	v = reproduction.Contradicted
	if p >= report.Alpha {
		v = reproduction.Holds
	}
	return v, fmt.Sprintf("%s; best constant %+.3f ms, %s", strings.Join(parts, ", "), c, pValue(p)), true
}

func fasterByFluctuation(e *Evidence) []finding {
	var faster []publishedCell
	var names []string
	for _, t := range e.Published.Tables {
		for _, start := range []results.Start{results.Cold, results.Hot} {
			if percent, ok := t.Percent(start, results.MetricTime); ok && percent < 0 {
				faster = append(faster, publishedCell{t.Number, start})
				names = append(names, fmt.Sprintf("Table %d %s %s", t.Number, start, signed(percent, 1)))
			}
		}
	}
	if len(faster) == 0 {
		return nil
	}
	out := perPreset(e, func(p Preset) (reproduction.Verdict, string, bool) { return unlikely(e, p, faster) },
		"Under every preset, differences like these come about without any effect.",
		"Under every preset, at least one of these differences hardly ever comes about by fluctuation alone.")
	if len(out) > 0 {
		out[0].computed = strings.Join(names, ", ") + " if nothing differs: " + out[0].computed
		return out
	}
	return noSpread(strings.Join(names, ", "))
}

// noSpread is the finding on published differences where no preset lends them a
// spread, as in a replay.
func noSpread(computed string) []finding {
	return []finding{{reproduction.Published, reproduction.NotShown, computed, "No spread is given to compare the differences with."}}
}

func pValue(p float64) string {
	if p < 0.001 {
		return "p < 0.001"
	}
	return fmt.Sprintf("p = %.3f", p)
}
