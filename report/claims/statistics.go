package claims

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/report"
	"github.com/dtbench/dtbench/report/stats"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/reproduction"
)

// The claims that need a statistic. The paper gives neither samples nor a
// variance, so its figures decide only what no spread could change.

// outside are the changes beyond the equivalence margin. An equivalence test
// cannot succeed for them: its p is above one half whatever the spread.
func outside(changes []change) []string {
	var out []string
	for _, c := range changes {
		if r := 1 + c.percent/100; r > 1+report.Margin || r < 1/(1+report.Margin) {
			out = append(out, c.name)
		}
	}
	return out
}

// noEquivalence is the published finding on a claim of equivalence: nothing,
// unless a change lies outside the margin.
func noEquivalence(changes []change) []finding {
	beyond := outside(changes)
	if len(beyond) == 0 {
		return nil
	}
	return []finding{{
		reproduction.Published, reproduction.NotShown, fmt.Sprintf("hot: %s; outside the margin of ±10 %%: %s", list(changes), strings.Join(beyond, ", ")),
		"No equivalence test succeeds for a change that lies outside the margin itself, whatever the spread, so the figures cannot show this. Without a spread they cannot refute it either.",
	}}
}

func hotNotAffected(e *Evidence) []finding {
	changes := publishedChanges(e, results.Hot, 3, 4)
	if changes == nil {
		return nil
	}
	out := noEquivalence(changes)
	for _, f := range measured(e) {
		c, ok := e.compare(f, "hello", results.Hot)
		if !ok {
			continue
		}
		out = append(out, finding{
			reproduction.Measured, notAffected(c),
			fmt.Sprintf("%s, hello hot: %s, %s, equivalence %s", runName(f), signed(100*(c.Ratio.Value-1), 1), pValue(c.Permutation.P), pValue(c.Equivalence)),
			"A measured run decides: a difference needs p < 0.05, its absence an equivalence test within ±10 %.",
		})
	}
	return append(out, hotUnderNoEffect(e)...)
}

// notAffected: holds only where there is no difference and equivalence is shown.
func notAffected(c stats.Comparison) reproduction.Verdict {
	switch {
	case c.Permutation.P < report.Alpha:
		return reproduction.Contradicted
	case c.Equivalence < report.Alpha:
		return reproduction.Holds
	}
	return reproduction.NotShown
}

// hotUnderNoEffect asks each preset how likely the published hot changes of
// hello are if the mechanism costs nothing.
func hotUnderNoEffect(e *Evidence) []finding {
	return perPreset(e, func(p Preset) (reproduction.Verdict, string, bool) {
		v, shown, ok := unlikely(e, p, []publishedCell{{3, results.Hot}, {4, results.Hot}})
		if v == reproduction.Holds {
			v = reproduction.NotShown // no difference is no equivalence
		}
		return v, shown, ok
	}, "", "")
}

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
	if len(out) > 0 {
		out[0].computed = "differences " + differences(e) + "; " + out[0].computed
	}
	for _, f := range measured(e) {
		if v, computed, ok := measuredConstant(e, f); ok {
			out = append(out, finding{reproduction.Measured, v, runName(f) + ": " + computed, "Judged by the differences of a measured run."})
		}
	}
	return out
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
	return []finding{{reproduction.Published, reproduction.NotShown, strings.Join(names, ", "), "No spread is given to compare the differences with."}}
}

func hotNegligible(e *Evidence) []finding {
	changes := publishedChanges(e, results.Hot, 3, 4, 5, 6)
	if changes == nil {
		return nil
	}
	out := noEquivalence(changes)
	for _, f := range measured(e) {
		verdicts := map[reproduction.Verdict]int{}
		var shown []string
		for _, scenario := range scenariosByComplexity {
			c, ok := e.compare(f, scenario, results.Hot)
			if !ok {
				break
			}
			verdicts[negligible(c)]++
			shown = append(shown, fmt.Sprintf("%s %s (equivalence %s)", scenario, signed(100*(c.Ratio.Value-1), 1), pValue(c.Equivalence)))
		}
		if len(shown) < len(scenariosByComplexity) {
			continue
		}
		v := reproduction.NotShown
		switch {
		case verdicts[reproduction.Contradicted] > 0:
			v = reproduction.Contradicted
		case verdicts[reproduction.Holds] == len(shown):
			v = reproduction.Holds
		}
		out = append(out, finding{reproduction.Measured, v, runName(f) + ", hot: " + strings.Join(shown, ", "), "Hello on one platform stands for Tables 3 and 4. Equivalence within ±10 % has to be shown in every hot cell."})
	}
	return out
}

// negligible: holds where equivalence is shown, contradicted where the whole
// interval lies outside the margin.
func negligible(c stats.Comparison) reproduction.Verdict {
	switch {
	case c.Equivalence < report.Alpha:
		return reproduction.Holds
	case c.Low > 1+report.Margin || c.High < 1/(1+report.Margin):
		return reproduction.Contradicted
	}
	return reproduction.NotShown
}

// fifteenRuns is what the paper did.
const fifteenRuns = 15

func fifteenRunsSuffice(e *Evidence) []finding {
	var out []finding
	for _, f := range measured(e) {
		if f.Experiment.Runs != fifteenRuns {
			continue
		}
		worst, where, cells := 0.0, "", 0
		least := math.Inf(1)
		for _, scenario := range f.Experiment.Scenarios {
			for _, start := range []results.Start{results.Cold, results.Hot} {
				if c, ok := e.compare(f, scenario, start); ok {
					cells++
					least = min(least, c.MinimumDetectable)
					if c.MinimumDetectable > worst {
						worst, where = c.MinimumDetectable, scenario+" "+string(start)
					}
				}
			}
		}
		if cells > 0 {
			out = append(out, finding{reproduction.Measured, verdict(worst <= 0.10), fmt.Sprintf("%s: minimum detectable change %.1f to %.1f %% (%s) over %d cells", runName(f), 100*least, 100*worst, where, cells), detectable(worst <= 0.10)})
		}
	}
	return append(out, perPreset(e, func(p Preset) (reproduction.Verdict, string, bool) {
		worst, where := 0.0, ""
		least := math.Inf(1)
		for _, t := range e.Published.Tables {
			for _, start := range []results.Start{results.Cold, results.Hot} {
				b := p.find(t.Platform, t.Scenario, report.Baseline, start)
				o := p.find(t.Platform, t.Scenario, "optimized", start)
				if b == nil || o == nil {
					continue
				}
				r := stats.Ratio{Value: 1, LogVariance: variance(b.relative()) + variance(o.relative()), DF: 2 * (fifteenRuns - 3)}
				mde := r.MinimumDetectable(report.Alpha, 0.80)
				least = min(least, mde)
				if mde > worst {
					worst, where = mde, fmt.Sprintf("Table %d %s", t.Number, start)
				}
			}
		}
		return verdict(worst <= 0.10), fmt.Sprintf("minimum detectable change %.1f to %.1f %% (%s)", 100*least, 100*worst, where), where != ""
	}, detectable(true), detectable(false))...)
}

func detectable(holds bool) string {
	return choose(holds, "Fifteen runs would find a change of 10 % in every cell, with 80 % power at the 5 % level.",
		"There are cells in which fifteen runs would miss a change of 10 % more often than one time in five.")
}

func trimmingRemovesBias(e *Evidence) []finding {
	var out []finding
	for _, f := range measured(e) {
		if v, computed := biasVerdict(cvs(f)); computed != "" {
			out = append(out, finding{reproduction.Measured, v, runName(f) + ": " + computed, biasExplanation(v)})
		}
	}
	simulated := perPreset(e, func(p Preset) (reproduction.Verdict, string, bool) {
		var spreads []float64
		for _, d := range p.Cells {
			if d.CV > 0 && d.Basis != "extrapolated" {
				spreads = append(spreads, d.CV)
			}
		}
		v, computed := biasVerdict(spreads)
		return v, computed, computed != ""
	}, biasExplanation(reproduction.Holds), biasExplanation(reproduction.Contradicted))
	for i := range simulated {
		if simulated[i].verdict == reproduction.NotShown {
			simulated[i].explanation = biasExplanation(reproduction.NotShown)
		}
	}
	return append(out, simulated...)
}

// biasVerdict asks both parts of every spread: less than 1 % of bias without
// outliers, and less bias than the plain mean with them. Cells that disagree
// show nothing.
func biasVerdict(spreads []float64) (reproduction.Verdict, string) {
	if len(spreads) == 0 {
		return "", ""
	}
	var verdicts []reproduction.Verdict
	var clean, trimmed []float64
	plain := 0.0
	for _, cv := range spreads {
		c, _ := trimBias(cv, fifteenRuns, 0, 1)
		t, p := trimBias(cv, fifteenRuns, 0.05, 3)
		verdicts = append(verdicts, verdict(math.Abs(c) < 0.01 && math.Abs(t) < math.Abs(p)))
		clean, trimmed, plain = append(clean, 100*c), append(trimmed, 100*t), 100*p
	}
	span := func(vs []float64, decimals int) string {
		return signed(slices.Min(vs), decimals) + " to " + signed(slices.Max(vs), decimals)
	}
	return unanimous(verdicts), fmt.Sprintf("CV %.2f to %.2f: bias %s without outliers; with 5 %% tripled %s trimmed, %s plain",
		slices.Min(spreads), slices.Max(spreads), span(clean, 2), span(trimmed, 1), signed(plain, 1))
}

func biasExplanation(v reproduction.Verdict) string {
	switch v {
	case reproduction.Holds:
		return "Trimming costs less than 1 % of bias at these spreads and removes most of what outliers add."
	case reproduction.Contradicted:
		return "At these spreads trimming biases the mean of skewed values by 1 % or more, or removes nothing of what outliers add."
	}
	return "It holds where the spread is small. Where it is large, dropping the extremes of skewed values biases their mean downwards by 1 % or more."
}

func pValue(p float64) string {
	if p < 0.001 {
		return "p < 0.001"
	}
	return fmt.Sprintf("p = %.3f", p)
}
