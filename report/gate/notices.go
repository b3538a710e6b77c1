package gate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dtbench/dtbench/report/internal/layout"
	"github.com/dtbench/dtbench/report/stats"
	"github.com/dtbench/dtbench/results"
)

// notices are the sentences that a reader must see beside the figures, the
// gravest first.
func (c *Comparison) notices() []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, layout.Clean(fmt.Sprintf(format, args...))) }
	base, head := c.Base.File, c.Head.File
	measured := results.Provenance.Observed
	switch p, q := base.Experiment.Provenance, head.Experiment.Provenance; {
	case !measured(p) && p == q:
		add("The figures are %s: nothing was measured.", p)
	default: // by force
		for _, side := range c.sides() {
			if p := side.file.Experiment.Provenance; !measured(p) {
				add("The figures of %s are %s: nothing was measured there.", side.name, p)
			}
		}
	}
	switch p, q := base.Experiment.Provenance, head.Experiment.Provenance; {
	case measured(p) != measured(q): // nothing drifts from one to the other
	case base.Experiment.Pinned && head.Experiment.Pinned: // neither drifts
	case !measured(p):
		add("BASE and HEAD are batches of their own: where the model has them drift apart, that counts as change.")
	case apart(base.Environment, head.Environment):
		add("BASE and HEAD were measured one after the other: drift between the runs counts as change. dtbench run --against measures both in one schedule.")
	}
	for _, d := range machineDifferences(base.Environment, head.Environment) {
		add("%s.", d)
	}
	for _, side := range c.sides() {
		switch e := side.file.Experiment; {
		case e.Pinned:
			add("The draws of %s are pinned: they were scaled until the trimmed means of every cell are the published figures.", side.name)
		case !e.Interleaved && len(e.Variants) > 1:
			add("The arms of %s were not interleaved: its cells drift apart.", side.name)
		}
	}
	if base.Experiment.Trim != head.Experiment.Trim {
		add("The files trim differently: %d values are dropped at each end of both.", c.Trim)
	}
	for _, e := range c.exceptions() {
		add("%s.", e)
	}
	for _, cell := range c.Cells {
		if c.Forced && cell.Figures == nil {
			add("%s %s was not compared: %s.", cell.name(), metricWord(cell.Metric), cell.Obstacle)
		}
	}
	for _, n := range c.dissent() {
		add("%s.", n)
	}
	for _, n := range c.warnings() {
		add("%s.", n)
	}
	if n := c.outliers(); n != "" {
		add("%s.", n)
	}
	for _, side := range c.sides() {
		for _, w := range side.file.Warnings {
			add("Warning in %s: %s", side.name, w)
		}
		for i := range side.file.Cells {
			if cell := &side.file.Cells[i]; cell.Basis != "" {
				add("%s %s %s in %s: basis %s.", cell.Scenario, cell.Variant, cell.Start, side.name, cell.Basis)
			}
		}
	}
	if !slices.ContainsFunc(c.Cells, func(cell Cell) bool { return cell.Metric == results.MetricMemory }) {
		add("No sample has memory: only times are compared.")
	}
	return out
}

// exceptions tells which cells have another threshold, and why.
func (c *Comparison) exceptions() []string {
	var order []string
	where := map[string][]string{}
	for i := range c.Cells {
		cell := &c.Cells[i]
		if cell.Reason == "" {
			continue
		}
		why := strings.TrimSuffix(strings.TrimSpace(cell.Reason), ".")
		key := fmt.Sprintf("Threshold %s because %q", percentText(cell.Threshold), why)
		if where[key] == nil {
			order = append(order, key)
		}
		where[key] = append(where[key], cell.phrase())
	}
	for i, key := range order {
		order[i] = key + ": " + some(where[key], 2*mostNamed)
	}
	return order
}

type side struct {
	name string
	file *results.File
}

func (c *Comparison) sides() []side { return []side{{"BASE", c.Base.File}, {"HEAD", c.Head.File}} }

// same is true when both files hold the same samples, in whatever order: those
// of the same instances, which are named at random, with the same values.
func (c *Comparison) same() bool {
	samples := func(f *results.File) []string {
		var out []string
		for i := range f.Cells {
			cell := &f.Cells[i]
			for _, s := range cell.Samples {
				value, _ := c.Metric.Of(cell.Start, s)
				out = append(out, fmt.Sprint(cell.Key(), s.Instance, s.Invocation, s.TotalMS, value, s.MemoryBytes))
			}
		}
		slices.Sort(out)
		return out
	}
	a := samples(c.Base.File)
	return len(a) > 0 && slices.Equal(a, samples(c.Head.File))
}

// apart is true when one run ended before the other began.
func apart(a, b results.Environment) bool {
	for _, t := range []time.Time{a.Started, a.Finished, b.Started, b.Finished} {
		if t.IsZero() {
			return false // not known
		}
	}
	return a.Finished.Before(b.Started) || b.Finished.Before(a.Started)
}

func machineDifferences(a, b results.Environment) []string {
	var out []string
	for _, f := range []struct{ what, a, b string }{
		{"operating system", a.OS, b.OS},
		{"architecture", a.Arch, b.Arch},
		{"CPU", a.CPU, b.CPU},
		{"number of processors", fmt.Sprint(a.CPUs), fmt.Sprint(b.CPUs)},
		{"kernel", a.Kernel, b.Kernel},
	} {
		if f.a != f.b {
			out = append(out, fmt.Sprintf("Another machine: %s %q in BASE, %q in HEAD", f.what, f.a, f.b))
		}
	}
	return out
}

// dissent tells of regressions that the mean alone shows.
func (c *Comparison) dissent() []string {
	var out []string
	for _, cell := range c.with(Regression) {
		f := cell.Figures
		if f.MannWhitneyP >= c.Alpha && (f.YuenLogP == nil || *f.YuenLogP >= c.Alpha) {
			s := fmt.Sprintf("%s: the ranks do not show the regression (p %s)", cell.phrase(), layout.Probability(f.MannWhitneyP))
			if f.YuenLogP != nil {
				s += fmt.Sprintf(", nor do the logarithms (p %s)", layout.Probability(*f.YuenLogP))
			}
			out = append(out, s)
		}
	}
	return out
}

// warnings are those of the statistics, each with its cells.
func (c *Comparison) warnings() []string {
	var order []string
	where := map[string][]string{}
	for i := range c.Cells {
		cell := &c.Cells[i]
		if cell.Figures == nil {
			continue
		}
		for _, w := range cell.Figures.warnings {
			if where[w] == nil {
				order = append(order, w)
			}
			where[w] = append(where[w], cell.phrase())
		}
	}
	for i, w := range order {
		order[i] = some(where[w], mostNamed) + ": " + w
	}
	return order
}

// outliers notes samples far from the rest, all of which are kept.
func (c *Comparison) outliers() string {
	var found []string
	for i := range c.Cells {
		cell := &c.Cells[i]
		for _, side := range []struct {
			name   string
			values []float64
		}{{"BASE", cell.Base.values}, {"HEAD", cell.Head.values}} {
			if len(side.values) == 0 {
				continue
			}
			if o, err := stats.Outliers(side.values); err == nil && len(o) > 0 {
				found = append(found, fmt.Sprintf("%d in %s of %s", len(o), side.name, cell.phrase()))
			}
		}
	}
	if found == nil {
		return ""
	}
	return fmt.Sprintf("Samples far from the rest of their cell (modified z-score beyond %.1f), all kept: %s", stats.OutlierScore, some(found, mostNamed))
}

func metricWord(metric string) string {
	if metric == results.MetricMemory {
		return "memory"
	}
	return "time"
}
