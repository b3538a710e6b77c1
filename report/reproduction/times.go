package reproduction

import (
	"fmt"

	"github.com/dtbench/dtbench/report"
	"github.com/dtbench/dtbench/report/internal/layout"
	"github.com/dtbench/dtbench/report/stats"
	"github.com/dtbench/dtbench/results"
)

// The paper defines a cold start twice, up to the handler and up to the response,
// and reports values that look like the handler's alone: a measured run shows all
// three beside its figure.
var timesHeader = []string{"Table and cell", "Functions", "Published", "Trigger to handler", "Trigger to response", "Handler"}

// timesRows are the trimmed means of the measured runs in ms, a row for each cell
// of a published table and runtime.
func (d *Document) timesRows() (rows [][]string) {
	for _, t := range d.Published.Tables {
		for _, variant := range variants {
			for _, start := range starts {
				published, ok := t.Cell(variant, start)
				if !ok {
					continue
				}
				for _, f := range d.Runs {
					c := f.Cell(results.CellKey{Scenario: t.Scenario, Variant: variant, Start: start})
					if c == nil {
						continue
					}
					handler := func(_ results.Start, s results.Sample) (float64, bool) { return s.HandlerMS, true }
					rows = append(rows, []string{
						fmt.Sprintf("%d %s/%s %s", t.Number, t.Scenario, variant, start), f.Experiment.Runtime, figureText(published.TimeMS),
						meanText(c, f.Experiment.Trim, report.ToHandler.Of), meanText(c, f.Experiment.Trim, report.Total.Of), meanText(c, f.Experiment.Trim, handler),
					})
				}
			}
		}
	}
	return rows
}

// meanText is the trimmed mean of what is read off each sample, absent where too
// few have it.
func meanText(c *results.Cell, trim int, of func(results.Start, results.Sample) (float64, bool)) string {
	var values []float64
	for _, s := range c.Samples {
		if v, ok := of(c.Start, s); ok {
			values = append(values, v)
		}
	}
	trimmed, err := stats.Trim(values, trim)
	if err != nil {
		return absent
	}
	return layout.Quantity(trimmed.Mean)
}
