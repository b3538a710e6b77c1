package gate

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/dtbench/dtbench/report/stats"
	"github.com/dtbench/dtbench/results"
)

var starts = []results.Start{results.Cold, results.Hot}

// match lays out every cell that either file has or promises, with the values
// of both sides.
func (c *Comparison) match() error {
	base, head := c.Base.File, c.Head.File
	scenarios := union(base.Experiment.Scenarios, head.Experiment.Scenarios)
	variants := union(base.Experiment.Variants, head.Experiment.Variants)
	for _, metric := range []string{results.MetricTime, results.MetricMemory} {
		for _, scenario := range scenarios {
			for _, variant := range variants {
				for _, start := range starts {
					key := results.CellKey{Scenario: scenario, Variant: variant, Start: start}
					if !promises(base, key) && !promises(head, key) {
						continue
					}
					cell := Cell{Scenario: scenario, Variant: variant, Start: start, Metric: metric, Threshold: c.Threshold}
					var err error
					if cell.Base, err = c.arm(base.Cell(key), metric); err != nil {
						return fmt.Errorf("%s: %s: %w", c.Base.Name, cell.name(), err)
					}
					if cell.Head, err = c.arm(head.Cell(key), metric); err != nil {
						return fmt.Errorf("%s: %s: %w", c.Head.Name, cell.name(), err)
					}
					c.Cells = append(c.Cells, cell)
				}
			}
		}
	}
	// A platform may not report memory at all; then there is nothing to compare.
	memory := func(cell Cell) bool { return cell.Metric == results.MetricMemory }
	if !slices.ContainsFunc(c.Cells, func(cell Cell) bool { return memory(cell) && cell.Base.N+cell.Head.N > 0 }) {
		c.Cells = slices.DeleteFunc(c.Cells, memory)
	}
	return nil
}

// promises says whether the experiment of f includes the cell.
func promises(f *results.File, k results.CellKey) bool {
	return slices.Contains(f.Experiment.Scenarios, k.Scenario) && slices.Contains(f.Experiment.Variants, k.Variant)
}

// arm takes the values of a metric, time in ms and memory in MB, off the
// samples that have it. cell may be nil.
func (c *Comparison) arm(cell *results.Cell, metric string) (Arm, error) {
	var a Arm
	if cell == nil {
		return a, nil
	}
	for _, s := range cell.Samples {
		value, ok := float64(s.MemoryBytes)/1e6, s.MemoryBytes > 0
		if metric == results.MetricTime {
			value, ok = c.Metric.Of(cell.Start, s)
		}
		if ok {
			a.values = append(a.values, value)
		}
	}
	a.N = len(a.values)
	t, err := stats.Trim(a.values, c.Trim)
	switch {
	case errors.Is(err, stats.ErrTooFew):
		return a, nil
	case err != nil:
		return a, err
	}
	a.Mean = &t.Mean
	return a, nil
}

// compute fills the figures of every cell that can have some: without force,
// of those that nothing stands against.
func (c *Comparison) compute(force bool) error {
	var todo []*Cell
	for i := range c.Cells {
		cell := &c.Cells[i]
		if cell.comparable() && (cell.Obstacle == "" || force) {
			todo = append(todo, cell)
		}
	}
	// Cells do not depend on each other, and sampled p-values take a while.
	errs := make([]error, len(todo))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wait sync.WaitGroup
	for i, cell := range todo {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			errs[i] = cell.compute(c)
		})
	}
	wait.Wait()
	for i, err := range errs {
		if err != nil {
			return fmt.Errorf("%s: %w", todo[i].name(), err)
		}
	}
	for _, metric := range []string{results.MetricTime, results.MetricMemory} {
		var family []*Figures
		var ps []float64
		for _, cell := range todo {
			if cell.Metric == metric {
				family = append(family, cell.Figures)
				ps = append(ps, cell.Figures.PermutationP)
			}
		}
		for i, p := range stats.Holm(ps) {
			family[i].PHolm = p
		}
	}
	return nil
}

func (cell *Cell) compute(c *Comparison) error {
	head, base := cell.Head.values, cell.Base.values
	o := stats.Options{Trim: c.Trim, Alpha: c.Alpha, Margin: cell.Threshold, Target: cell.Threshold, Seed: c.Base.File.Experiment.Seed}
	s, err := stats.Compare(head, base, o)
	// A small alpha takes many random splits, but only where p comes near it.
	if o.Draws = c.draws(cell.Metric); err == nil && !s.Permutation.Exact && s.Permutation.P < 10*c.Alpha && o.Draws > stats.DefaultDraws {
		s, err = stats.Compare(head, base, o)
	}
	if err != nil {
		return err
	}
	f := &Figures{
		Ratio: s.Ratio.Value, Upper: s.Ratio.UpperBound(boundLevel), PermutationP: s.Permutation.P, TOSTP: s.Equivalence,
		MinimumDetectable: s.MinimumDetectable, RunsNeeded: s.RunsNeeded, warnings: s.Warnings,
	}
	f.CI95[0], f.CI95[1] = s.Ratio.Interval(0.95)
	ranks, err := stats.MannWhitneyTest(head, base)
	if err != nil {
		return err
	}
	f.MannWhitneyP, f.CliffsDelta = ranks.P, ranks.Delta
	shift, err := stats.HodgesLehmannShift(head, base, 0.95)
	if err != nil {
		return err
	}
	f.HodgesLehmann = shift.Shift
	yuen, err := stats.YuenTest(head, base, c.Trim)
	if err != nil {
		return err
	}
	f.YuenP = yuen.P
	logs, err := stats.YuenTestOfLogs(head, base, c.Trim)
	switch {
	case err == nil:
		f.YuenLogP = &logs.P
	case !errors.Is(err, stats.ErrNotPositive):
		return err
	}
	f.warnings = append(f.warnings, ranks.Warnings...)
	cell.Figures = f
	return nil
}

// name names the cell without its metric.
func (cell *Cell) name() string {
	return cell.Scenario + " " + cell.Variant + " " + string(cell.Start)
}

func union(a, b []string) []string {
	var out []string
	for _, s := range slices.Concat(a, b) {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
