package report

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/report/stats"
	"github.com/dtbench/dtbench/results"
)

// analysis is everything that a report shows, computed once from the samples.
type analysis struct {
	file      *results.File
	metric    Metric
	scenarios []string // in the order of the experiment, then of the cells
	variants  []string // the baseline first
	cells     []cell   // parallel to file.Cells
	overheads []results.Overhead
	// remarks is what the statistics want said, for the notices: each text with
	// the comparisons that it is about, in the order of their first mention.
	remarks []remark
}

// cell is one cell of the file with the values that its summaries rest on.
type cell struct {
	*results.Cell
	times, memory []float64 // ms, MB
	timeMS        *results.Summary
	memoryMB      *results.Summary
}

var starts = []results.Start{results.Cold, results.Hot}

// Summarise recomputes TimeMS and MemoryMB of every cell and all Overheads of f
// from the samples and stores them in f; what was there is dropped. A cell with
// too few samples for the trim gets no summary, and no overhead rests on it.
// Holm's correction runs over all time overheads, and separately over all
// memory overheads. Errors as for a Reporter; f is unchanged then.
func Summarise(f *results.File, o Options) error {
	a, err := analyse(f, o)
	if err != nil {
		return err
	}
	for i, c := range a.cells {
		f.Cells[i].TimeMS, f.Cells[i].MemoryMB = c.timeMS, c.memoryMB
	}
	f.Overheads = a.overheads
	return nil
}

func analyse(f *results.File, o Options) (*analysis, error) {
	a := &analysis{file: f, metric: o.Time}
	if a.metric == "" {
		a.metric = DefaultMetric(f.Experiment.Provenance)
	}
	if _, err := ParseMetric(string(a.metric)); err != nil {
		return nil, err
	}
	if !a.parted() && a.metric != Reported {
		return nil, fmt.Errorf("%w: a replayed sample has %s only, as a published figure is one number", ErrNoMetric, Reported)
	}
	a.scenarios, a.variants = slices.Clone(f.Experiment.Scenarios), slices.Clone(f.Experiment.Variants)
	for i := range f.Cells {
		c := cell{Cell: &f.Cells[i]}
		a.scenarios = append(a.scenarios, c.Scenario)
		a.variants = append(a.variants, c.Variant)
		if err := a.summarise(&c); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name(), err)
		}
		a.cells = append(a.cells, c)
	}
	a.scenarios, a.variants = unique(a.scenarios), unique(a.variants)
	if i := slices.Index(a.variants, Baseline); i > 0 {
		a.variants = slices.Insert(slices.Delete(a.variants, i, i+1), 0, Baseline)
	}
	if err := a.requireMetric(); err != nil {
		return nil, err
	}
	return a, a.compare()
}

func (c cell) name() string {
	return strings.Join([]string{c.Scenario, c.Variant, string(c.Start)}, " ")
}

// requireMetric refuses a file in which no sample has the metric.
func (a *analysis) requireMetric() error {
	samples := 0
	for _, c := range a.cells {
		samples += len(c.Samples)
		if len(c.times) > 0 {
			return nil
		}
	}
	if samples == 0 {
		return nil
	}
	return fmt.Errorf("%w: none of its %d samples has %s", ErrNoMetric, samples, a.metric)
}

func (a *analysis) summarise(c *cell) error {
	for _, s := range c.Samples {
		if ms, ok := a.metric.Of(c.Start, s); ok {
			c.times = append(c.times, ms)
		}
		if s.MemoryBytes > 0 {
			c.memory = append(c.memory, float64(s.MemoryBytes)/1e6)
		}
	}
	var err error
	if c.timeMS, err = summary(c.times, a.file.Experiment.Trim, string(a.metric)); err != nil {
		return fmt.Errorf("%s: %w", a.metric, err)
	}
	if c.memoryMB, err = summary(c.memory, a.file.Experiment.Trim, a.memorySource()); err != nil {
		return fmt.Errorf("memory: %w", err)
	}
	return nil
}

// summary is nil, without an error, when there are too few values for the trim.
func summary(xs []float64, trim int, metric string) (*results.Summary, error) {
	t, err := stats.Trim(xs, trim)
	if errors.Is(err, stats.ErrTooFew) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	d, err := stats.Describe(xs)
	if err != nil {
		return nil, err
	}
	s := &results.Summary{Metric: metric, TrimmedMean: t.Mean, Mean: d.Mean, Median: d.Median, SD: d.SD, Min: d.Min, Max: d.Max}
	s.CI95[0], s.CI95[1] = t.Interval(0.95)
	return s, nil
}

// find returns the cell, nil when the file lacks it.
func (a *analysis) find(scenario, variant string, start results.Start) *cell {
	for i, c := range a.cells {
		if c.Scenario == scenario && c.Variant == variant && c.Start == start {
			return &a.cells[i]
		}
	}
	return nil
}

// overhead returns the overhead, nil when there is none.
func (a *analysis) overhead(scenario, variant string, start results.Start, metric string) *results.Overhead {
	for i, o := range a.overheads {
		if o.Scenario == scenario && o.Variant == variant && o.Start == start && o.Metric == metric {
			return &a.overheads[i]
		}
	}
	return nil
}

// compare fills the overheads: all of time, then all of memory.
func (a *analysis) compare() error {
	for _, metric := range []string{results.MetricTime, results.MetricMemory} {
		var family []stats.Comparison
		first := len(a.overheads)
		for _, scenario := range a.scenarios {
			for _, variant := range a.variants {
				for _, start := range starts {
					o, c, err := a.compareCell(scenario, variant, start, metric)
					if err != nil {
						return err
					}
					if o != nil {
						a.overheads = append(a.overheads, *o)
						family = append(family, c)
					}
				}
			}
		}
		ps := make([]float64, len(family))
		for i, c := range family {
			ps[i] = c.Permutation.P
		}
		for i, adjusted := range stats.Holm(ps) {
			o := &a.overheads[first+i]
			o.PHolm = adjusted
			o.Verdict = results.Verdict(family[i].Verdict(adjusted, Alpha))
		}
	}
	return nil
}

// remark is one sentence about one or more comparisons.
type remark struct {
	text  string
	about []string
}

func (a *analysis) remark(text, where string) {
	for i := range a.remarks {
		if a.remarks[i].text == text {
			a.remarks[i].about = append(a.remarks[i].about, where)
			return
		}
	}
	a.remarks = append(a.remarks, remark{text, []string{where}})
}

// compareCell returns no overhead when either side is missing or too small.
func (a *analysis) compareCell(scenario, variant string, start results.Start, metric string) (*results.Overhead, stats.Comparison, error) {
	x, y := a.find(scenario, variant, start), a.find(scenario, Baseline, start)
	if variant == Baseline || x == nil || y == nil {
		return nil, stats.Comparison{}, nil
	}
	where := fmt.Sprintf("%s, %s, %s against %s", a.metricName(metric), scenario+" "+string(start), variant, Baseline)
	xs, ys := x.times, y.times
	if metric == results.MetricMemory {
		xs, ys = x.memory, y.memory
	}
	c, err := stats.Compare(xs, ys, stats.Options{Trim: a.file.Experiment.Trim, Alpha: Alpha, Margin: Margin, Seed: a.file.Experiment.Seed})
	switch {
	case errors.Is(err, stats.ErrTooFew):
		return nil, c, nil // the notices tell how many samples each cell has
	case errors.Is(err, stats.ErrNotPositive):
		a.remark("no overhead, as an arm averages zero", where)
		return nil, c, nil
	case err != nil:
		return nil, c, fmt.Errorf("%s: %w", where, err)
	}
	for _, w := range c.Warnings {
		a.remark(w, where)
	}
	percent := func(ratio float64) float64 { return 100 * (ratio - 1) }
	return &results.Overhead{
		Scenario: scenario, Start: start, Metric: metric, Variant: variant, Baseline: Baseline,
		Difference: c.Difference, Percent: percent(c.Ratio.Value), CI95: [2]float64{percent(c.Low), percent(c.High)},
		P:                        c.Permutation.P,
		MinimumDetectablePercent: 100 * c.MinimumDetectable, RunsNeeded: c.RunsNeeded,
	}, c, nil
}

func (a *analysis) metricName(metric string) string {
	if metric == results.MetricTime {
		return "time"
	}
	return "memory"
}

func unique(xs []string) []string {
	var out []string
	for _, x := range xs {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}
