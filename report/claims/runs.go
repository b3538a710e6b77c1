package claims

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/report"
	"github.com/dtbench/dtbench/report/stats"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/reproduction"
)

// What judges read from result files.

// measured are the runs that count as measured evidence.
func measured(e *Evidence) []*results.File {
	var out []*results.File
	for _, f := range e.Runs {
		if f.Experiment.Provenance.Observed() {
			out = append(out, f)
		}
	}
	return out
}

// perRun asks every measured run and makes one finding: runs that disagree show
// nothing.
func perRun(e *Evidence, ask func(*results.File) (finding, bool)) []finding {
	var all []finding
	var verdicts []reproduction.Verdict
	var shown []string
	for _, f := range measured(e) {
		if found, ok := ask(f); ok {
			all = append(all, found)
			verdicts = append(verdicts, found.verdict)
			shown = append(shown, runName(f)+": "+found.computed)
		}
	}
	if len(all) == 0 {
		return nil
	}
	out := finding{reproduction.Measured, unanimous(verdicts), strings.Join(shown, "; "), all[0].explanation}
	if slices.ContainsFunc(verdicts, func(v reproduction.Verdict) bool { return v != verdicts[0] }) {
		out.explanation = "The runs disagree: what one language or machine shows need not hold for another."
	}
	return []finding{out}
}

func runName(f *results.File) string {
	return fmt.Sprintf("%s run, %s runtime", f.Experiment.Platform, f.Experiment.Runtime)
}

// times are the values of a cell in the run's own metric; extrapolated cells
// decide nothing and give none.
func times(f *results.File, key results.CellKey) []float64 {
	c := f.Cell(key)
	if c == nil || c.Basis == "extrapolated" {
		return nil
	}
	metric := report.DefaultMetric(f.Experiment.Provenance)
	var out []float64
	for _, s := range c.Samples {
		if ms, ok := metric.Of(key.Start, s); ok {
			out = append(out, ms)
		}
	}
	return out
}

// comparison names one comparison of a run.
type comparison struct {
	run      *results.File
	scenario string
	start    results.Start
}

// compare is Compare, done once for all judges.
func (e *Evidence) compare(f *results.File, scenario string, start results.Start) (stats.Comparison, bool) {
	key := comparison{f, scenario, start}
	if e.compared == nil {
		e.compared = make(map[comparison]*stats.Comparison)
	}
	c, known := e.compared[key]
	if !known {
		if fresh, ok := Compare(f, scenario, start); ok {
			c = &fresh
		}
		e.compared[key] = c
	}
	if c == nil {
		return stats.Comparison{}, false
	}
	return *c, true
}

// Compare compares optimized with benchmark in one scenario and start of a run,
// by the time metric of its provenance. It is false where the run lacks one of
// them, where a cell is extrapolated, and where there are too few samples.
func Compare(f *results.File, scenario string, start results.Start) (stats.Comparison, bool) {
	o := times(f, results.CellKey{Scenario: scenario, Variant: "optimized", Start: start})
	b := times(f, results.CellKey{Scenario: scenario, Variant: report.Baseline, Start: start})
	c, err := stats.Compare(o, b, stats.Options{Trim: f.Experiment.Trim, Alpha: report.Alpha, Margin: report.Margin, Seed: f.Experiment.Seed})
	return c, err == nil
}
