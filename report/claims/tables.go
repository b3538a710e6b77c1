package claims

import (
	"fmt"
	"math"
	"strings"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/reproduction"
)

// The claims that the published tables decide by arithmetic.

// stated compares a percentage of the text with its table.
func stated(table int, start results.Start, metric string) judge {
	return func(e *Evidence) []finding {
		t, ok := e.Published.Table(table)
		if !ok {
			return nil
		}
		for _, s := range e.Published.Stated {
			if s.Table != table || s.Start != start || s.Metric != metric {
				continue
			}
			percent, ok := t.Percent(start, metric)
			if !ok {
				return nil
			}
			rounded := round(percent, s.Decimals)
			holds := rounded == s.Percent
			return published(holds,
				fmt.Sprintf("Table %d %s: %s = %s, text %s", table, start, quotient(t.Pair(start, metric)), signed(percent, s.Decimals+1), signed(s.Percent, s.Decimals)),
				choose(holds, "The percentage of the text follows from its table.",
					fmt.Sprintf("The table gives %s, the text says %s.", signed(rounded, s.Decimals), signed(s.Percent, s.Decimals))))
		}
		return nil
	}
}

func quotient(from, to float64) string { return fmt.Sprintf("%.2f -> %.2f", from, to) }

// round rounds half away from zero, as people do.
func round(v float64, decimals int) float64 {
	scale := math.Pow10(decimals)
	return math.Round(v*scale) / scale
}

func signed(percent float64, decimals int) string { return fmt.Sprintf("%+.*f %%", decimals, percent) }

func almostDoubled(e *Evidence) []finding {
	t, ok := e.Published.Table(3)
	if !ok {
		return nil
	}
	from, to := t.Pair(results.Cold, results.MetricMemory)
	ratio := to / from
	return published(ratio >= 1.9, fmt.Sprintf("%s MB is a factor of %.2f; almost doubled is taken as 1.9 or more", quotient(from, to), ratio),
		choose(ratio >= 1.9, "The factor is near two.", fmt.Sprintf("%s is not almost a doubling; the percentage beside it in the same sentence says so.", signed(100*(ratio-1), 0))))
}

func combinedMemory(e *Evidence) []finding {
	t, ok := e.Published.Table(6)
	if !ok {
		return nil
	}
	cold, _ := t.Percent(results.Cold, results.MetricMemory)
	hot, _ := t.Percent(results.Hot, results.MetricMemory)
	holds := round(cold, 1) == 0.3 && round(hot, 1) == 0.3
	return published(holds, fmt.Sprintf("cold %s, hot %s", signed(cold, 2), signed(hot, 2)),
		choose(holds, "Both rows of Table 6 round to 0.3 %.", "Not both rows of Table 6 round to 0.3 %."))
}

func consistentMemory(e *Evidence) []finding {
	least, most := math.Inf(1), 0.0
	var shown []string
	elsewhere := ""
	if t, ok := e.Published.Table(5); ok {
		cold, optimizedCold := t.Pair(results.Cold, results.MetricMemory)
		hot, optimizedHot := t.Pair(results.Hot, results.MetricMemory)
		elsewhere = fmt.Sprintf(" The claim is not about storage, where it is %+.2f MB cold and %+.2f MB hot.", optimizedCold-cold, optimizedHot-hot)
	}
	for _, number := range []int{3, 4} {
		t, ok := e.Published.Table(number)
		if !ok {
			return nil
		}
		for _, start := range []results.Start{results.Cold, results.Hot} {
			from, to := t.Pair(start, results.MetricMemory)
			least, most = min(least, math.Abs(to-from)), max(most, math.Abs(to-from))
			shown = append(shown, fmt.Sprintf("Table %d %s %+.2f MB", number, start, to-from))
		}
	}
	holds := most <= 1.5*least
	return published(holds, fmt.Sprintf("%s; largest / smallest = %.2f", strings.Join(shown, ", "), most/least),
		choose(holds, "In MB the four differences lie within a factor of 1.5.", "In MB the four differences are further apart than a factor of 1.5.")+elsewhere)
}

// change is one percentage change in time.
type change struct {
	name    string
	percent float64
	ms      float64
}

// publishedChanges are the changes in time of the tables named, nil unless all
// of them are there.
func publishedChanges(e *Evidence, start results.Start, numbers ...int) []change {
	var out []change
	for _, number := range numbers {
		t, ok := e.Published.Table(number)
		if !ok {
			return nil
		}
		percent, ok := t.Percent(start, results.MetricTime)
		if !ok {
			return nil
		}
		from, to := t.Pair(start, results.MetricTime)
		out = append(out, change{fmt.Sprintf("%s (Table %d)", t.Scenario, number), percent, to - from})
	}
	return out
}

// scenariosByComplexity is the order of Fig. 4.
var scenariosByComplexity = []string{"hello", "storage", "network"}

// measuredChanges are the changes in time of the scenarios in a run, nil unless
// it has all of them.
func measuredChanges(e *Evidence, f *results.File, start results.Start) []change {
	var out []change
	for _, scenario := range scenariosByComplexity {
		c, ok := e.compare(f, scenario, start)
		if !ok {
			return nil
		}
		out = append(out, change{scenario, 100 * (c.Ratio.Value - 1), c.Difference})
	}
	return out
}

func list(changes []change) string {
	var parts []string
	for _, c := range changes {
		parts = append(parts, fmt.Sprintf("%s %s", c.name, signed(c.percent, 1)))
	}
	return strings.Join(parts, ", ")
}

// shape judges the published changes and, beside them, those of every measured
// run by the same predicate.
func shape(e *Evidence, start results.Start, numbers []int, predicate func([]change) bool, yes, no string) []finding {
	changes := publishedChanges(e, start, numbers...)
	if changes == nil {
		return nil
	}
	holds := predicate(changes)
	out := published(holds, fmt.Sprintf("%s: %s", start, list(changes)), choose(holds, yes, no))
	for _, f := range measured(e) {
		if changes := measuredChanges(e, f, start); changes != nil {
			out = append(out, finding{reproduction.Measured, verdict(predicate(changes)), fmt.Sprintf("%s, %s: %s", runName(f), start, list(changes)), ""})
		}
	}
	return out
}

func fallsWithComplexity(start results.Start) judge {
	return func(e *Evidence) []finding {
		return shape(e, start, []int{3, 5, 6},
			func(c []change) bool { return c[0].percent > c[1].percent && c[1].percent > c[2].percent },
			"The relative change falls from scenario to scenario. A fixed cost over growing times would do that, and so does any time that grows.",
			"The relative change does not fall from scenario to scenario.")
	}
}

func simplestCostsMost(e *Evidence) []finding {
	holds := true
	var shown []string
	for _, start := range []results.Start{results.Cold, results.Hot} {
		changes := publishedChanges(e, start, 3, 4, 5, 6)
		if changes == nil {
			return nil
		}
		hello := max(changes[0].percent, changes[1].percent)
		holds = holds && hello > changes[2].percent && hello > changes[3].percent
		shown = append(shown, fmt.Sprintf("%s: %s", start, list(changes)))
	}
	out := published(holds, strings.Join(shown, "; "),
		choose(holds, "The largest relative change, cold and hot, is that of hello world on one of the platforms.",
			"The largest relative change is not that of hello world in both starts."))
	for _, f := range measured(e) {
		cold, hot := measuredChanges(e, f, results.Cold), measuredChanges(e, f, results.Hot)
		if cold == nil || hot == nil {
			continue
		}
		holds := true
		for _, c := range [][]change{cold, hot} {
			holds = holds && c[0].percent > c[1].percent && c[0].percent > c[2].percent
		}
		out = append(out, finding{reproduction.Measured, verdict(holds), fmt.Sprintf("%s: cold %s; hot %s", runName(f), list(cold), list(hot)), ""})
	}
	return out
}

func startsOver3000(e *Evidence) []finding {
	changes := publishedChanges(e, results.Cold, 3)
	if changes == nil {
		return nil
	}
	holds := changes[0].percent > 3000
	return published(holds, list(changes), choose(holds, "Table 3 gives more than 3000 %. Its base is too short to contain the start of a runtime (P24), and the two variants may not be metered alike (P25).", "Table 3 does not give more than 3000 %."))
}

func impactDiffersByPlatform(e *Evidence) []finding {
	c := publishedChanges(e, results.Cold, 3, 4)
	if c == nil {
		return nil
	}
	apart, larger := math.Abs(c[0].ms-c[1].ms), max(math.Abs(c[0].ms), math.Abs(c[1].ms))
	holds := apart > 0.1*larger
	return published(holds, fmt.Sprintf("aliyun %+.2f ms, tencent %+.2f ms: %.2f ms apart, 10 %% of the larger is %.2f ms", c[0].ms, c[1].ms, apart, 0.1*larger),
		choose(holds, "Also in milliseconds, and not only in percent of unequal bases, the two cold starts change by different amounts.",
			"In milliseconds the two cold starts change by about the same; only the bases of the percentages differ."))
}

func slightlyPositive(e *Evidence) []finding {
	c := publishedChanges(e, results.Cold, 6)
	if c == nil {
		return nil
	}
	holds := c[0].percent > 0
	return published(holds, list(c), choose(holds, "The change of Table 6 is positive, that is slower.",
		"The overhead of Table 6 is negative: the optimized version is faster. Positive can only be meant as good."))
}

func noOptimizationNeeded(e *Evidence) []finding {
	changes := publishedChanges(e, results.Cold, 3, 4)
	if changes == nil {
		return nil
	}
	holds := max(changes[0].percent, changes[1].percent) <= 10
	out := published(holds, "cold: "+list(changes), choose(holds, "The cold start of the simplest function grows by a tenth at most.",
		"Where the cold start grows by more than a tenth, a remedy for cold starts is needed; the second half of the claim offers one."))
	for _, f := range measured(e) {
		if c, ok := e.compare(f, "hello", results.Cold); ok {
			out = append(out, finding{reproduction.Measured, verdict(c.Ratio.Value <= 1.1), fmt.Sprintf("%s, hello cold: %s", runName(f), signed(100*(c.Ratio.Value-1), 1)), ""})
		}
	}
	return out
}
