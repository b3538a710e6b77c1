package report

import (
	"fmt"

	"github.com/dtbench/dtbench/results"
)

// absent stands in a table where the file has no figure.
const absent = "-"

// paperRows are the rows of the paper's table form for a scenario: type, cold
// time and memory, hot time and memory.
func (a *analysis) paperRows(scenario string) [][]string {
	var rows [][]string
	for _, variant := range a.variants {
		row := []string{label(variant)}
		for _, start := range starts {
			time, memory := absent, absent
			if c := a.find(scenario, variant, start); c != nil {
				if c.timeMS != nil {
					time = quantity(c.timeMS.TrimmedMean)
				}
				if c.memoryMB != nil {
					memory = quantity(c.memoryMB.TrimmedMean)
				}
			}
			row = append(row, time, memory)
		}
		rows = append(rows, row)
	}
	return rows
}

// of returns the overheads of a metric.
func (a *analysis) of(metric string) []results.Overhead {
	var out []results.Overhead
	for _, o := range a.overheads {
		if o.Metric == metric {
			out = append(out, o)
		}
	}
	return out
}

// legend explains the overhead tables, with or without the runs needed.
func (a *analysis) legend(runs bool) string {
	s := fmt.Sprintf("Change compares trimmed means. Intervals are 95 %% intervals of the ratio. "+
		"p is that of an exact permutation test unless a notice says otherwise, after Holm's correction over the %s of time, and separately over the %s of memory. "+
		"Equivalent: shown to lie within ±%.0f %%. "+
		"Detectable: the least change that this many runs at this spread would find with 80 %% power.",
		count(len(a.of(results.MetricTime)), "overhead"), count(len(a.of(results.MetricMemory)), "overhead"), 100*Margin)
	if runs {
		s += " Runs: how many it would take to find 10 %."
	}
	return s
}
