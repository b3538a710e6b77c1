package report

import (
	"fmt"
	"strings"

	"github.com/dtbench/dtbench/report/stats"
	"github.com/dtbench/dtbench/results"
)

// tally says in one sentence how the overheads of a metric came out; it is
// empty when there are none.
func (a *analysis) tally(metric string) string {
	overheads := a.of(metric)
	if len(overheads) == 0 {
		return ""
	}
	counts := map[results.Verdict]int{}
	for _, o := range overheads {
		counts[o.Verdict]++
	}
	more, less, what := "slower", "faster", "time"
	if metric == results.MetricMemory {
		more, less, what = "more", "less", "memory"
	}
	return fmt.Sprintf("In %s, %s with %s: %d %s, %d %s, %d equivalent (shown to lie within ±%.0f %%), %d inconclusive.",
		what, count(len(overheads), "comparison"), Baseline, counts[results.Slower], more, counts[results.Faster], less,
		counts[results.Equivalent], 100*Margin, counts[results.Inconclusive])
}

// sentence says in words what became of an overhead, as a reader would repeat
// it to someone.
func (a *analysis) sentence(o results.Overhead) string {
	unit, more, less := "ms", "is slower than", "is faster than"
	if o.Metric == results.MetricMemory {
		unit, more, less = "MB", "takes more memory than", "takes less memory than"
	}
	figures := fmt.Sprintf("%s %% (%s %s, 95 %% interval %s %%)", percentage(o.Percent), signed(o.Difference), unit, interval(o.CI95))
	s := fmt.Sprintf("%s, %s start: %s ", o.Scenario, o.Start, o.Variant)
	switch o.Verdict {
	case results.Slower:
		s += fmt.Sprintf("%s %s: %s.", more, o.Baseline, figures)
	case results.Faster:
		s += fmt.Sprintf("%s %s: %s.", less, o.Baseline, figures)
	case results.Equivalent:
		s += fmt.Sprintf("and %s are equivalent in %s: %s, within ±%.0f %% by two one-sided 5 %% tests.", o.Baseline, a.metricName(o.Metric), figures, 100*Margin)
	default:
		s += fmt.Sprintf("against %s is inconclusive in %s: %s. These runs would find %s %% or more",
			o.Baseline, a.metricName(o.Metric), figures, magnitude(o.MinimumDetectablePercent))
		if o.MinimumDetectablePercent > 10 {
			s += fmt.Sprintf("; to find 10 %% takes about %s", runCount(o.RunsNeeded))
		}
		s += "."
	}
	return clean(s)
}

// overheadHeader names the columns of overheadRow.
var overheadHeader = []string{"Scenario", "Variant", "Start", "Metric", "Verdict", "Difference", "Percent", "95 % interval", "p (Holm)", "Detectable", "Runs"}

// overheadRow is an overhead as a row of a table.
func (a *analysis) overheadRow(o results.Overhead) []string {
	unit := "ms"
	if o.Metric == results.MetricMemory {
		unit = "MB"
	}
	return []string{
		clean(o.Scenario), clean(o.Variant), string(o.Start), a.metricName(o.Metric), verdict(o),
		signed(o.Difference) + " " + unit, percentage(o.Percent) + " %", interval(o.CI95) + " %", probability(o.PHolm),
		magnitude(o.MinimumDetectablePercent) + " %", runCount(o.RunsNeeded),
	}
}

// capital writes the first letter large.
func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// runCount is a number of runs, where report/stats stopped counting no figure.
func runCount(n int) string {
	if n >= stats.MostRuns {
		return ">1e9"
	}
	return fmt.Sprint(n)
}
