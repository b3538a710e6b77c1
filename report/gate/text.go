package gate

import (
	"fmt"
	"math"
	"strings"

	"github.com/dtbench/dtbench/report/internal/layout"
	"github.com/dtbench/dtbench/report/stats"
	"github.com/dtbench/dtbench/results"
)

// absent stands in a table where there is no figure.
const absent = "-"

// text is the comparison for terminals: the summary, a line per cell, the
// notices. No line is longer than width.
func (c *Comparison) text(width int) string {
	t := layout.NewText(width)
	t.Paragraph(c.title())
	t.Paragraph(c.Summary())
	t.Blank()
	for _, s := range c.preamble() {
		t.Paragraph(s)
	}
	form := c.tables(t)
	t.Blank()
	t.Paragraph(c.legend(form.runs))
	if len(c.Notices) > 0 {
		t.Blank()
		t.Paragraph("Notices")
		for _, n := range c.Notices {
			t.Hanging("- ", n)
		}
	}
	return t.String()
}

func (c *Comparison) title() string {
	of := func(s Side) string {
		return fmt.Sprintf("%s (%s)", s.File.Experiment.Platform, s.File.Experiment.Provenance)
	}
	what := of(c.Base)
	if head := of(c.Head); head != what {
		what += " against " + head
	}
	return layout.Clean(fmt.Sprintf("dtbench compare: %s, %s", c.Verdict, what))
}

// preamble says what was compared and how, a line each.
func (c *Comparison) preamble() []string {
	describe := func(word string, s Side) string {
		text := word + " " + s.Name
		if t := s.File.Tool; t.Commit != "" {
			text += ", commit " + t.Commit[:min(12, len(t.Commit))]
			if t.Dirty {
				text += " with uncommitted changes"
			}
		}
		if started := s.File.Environment.Started; !started.IsZero() {
			text += ", " + started.UTC().Format("2006-01-02 15:04:05 UTC")
		}
		return layout.Clean(text)
	}
	return []string{
		describe("BASE", c.Base),
		describe("HEAD", c.Head),
		fmt.Sprintf("Threshold %s, alpha %v; time is %q: %s.", percentText(c.Threshold), c.Alpha, c.Metric, c.Metric.Description()),
	}
}

// legend explains the figures, with or without the runs needed.
func (c *Comparison) legend(runs bool) string {
	family := map[string]int{}
	for _, cell := range c.Cells {
		if cell.Figures != nil {
			family[cell.Metric]++
		}
	}
	trimmed := "means"
	if c.Trim > 0 {
		trimmed = fmt.Sprintf("means without %d at each end", c.Trim)
	}
	s := fmt.Sprintf("Base and head are %s, intervals 95 %% intervals of the change; p is that of the permutation test after Holm's correction over %s of time, and separately over %s of memory. "+
		"regression: worse by more than the threshold and p < %v. ok: no regression, and the one-sided 95 %% upper bound lies below the threshold. "+
		"Detectable: the least change that these samples would show with 80 %% power.",
		trimmed, layout.Count(family[results.MetricTime], "cell"), layout.Count(family[results.MetricMemory], "cell"), c.Alpha)
	if runs {
		s += " Runs: how many a side it takes to detect a change of the size of the threshold with the same power; an unchanged cell is ok then about nine times in ten."
	}
	return s
}

// columns is a form of the cell table, from the widest to the narrowest.
type columns struct {
	byVariant        bool // a table for each variant, whose name the rows leave out
	detectable, runs bool
}

// tables writes the cells in the widest form in which all tables fit, else a
// sentence for each, and returns the form.
func (c *Comparison) tables(t *layout.Text) columns {
	for _, form := range []columns{{false, true, true}, {false, true, false}, {true, true, false}, {true, false, false}} {
		titles, tables := c.layOut(form)
		fit := true
		for _, table := range tables {
			fit = fit && t.Fits(table)
		}
		if !fit {
			continue
		}
		for i, table := range tables {
			t.Blank()
			t.Paragraph(titles[i])
			t.Blank()
			t.Table(table)
		}
		return form
	}
	t.Blank()
	for _, cell := range c.Cells {
		f := cell.fields()
		t.Hanging("- ", layout.Clean(fmt.Sprintf("%s: %s. %s to %s %s, %s %%, 95 %% interval %s %%, p %s, detectable %s %%, runs %s",
			cell.phrase(), f[6], f[1], f[2], unit(cell.Metric), f[3], f[4], f[5], f[7], f[8])))
	}
	return columns{runs: true}
}

func (c *Comparison) layOut(form columns) (titles []string, tables []layout.Table) {
	variants := []string{""}
	if form.byVariant {
		variants = union(c.Base.File.Experiment.Variants, c.Head.File.Experiment.Variants)
	}
	pick := func(row []string) []string {
		out := append([]string{}, row[:7]...)
		if form.detectable {
			out = append(out, row[7])
		}
		if form.runs {
			out = append(out, row[8])
		}
		return out
	}
	for _, metric := range []string{results.MetricTime, results.MetricMemory} {
		for _, variant := range variants {
			var rows [][]string
			for _, cell := range c.Cells {
				if cell.Metric != metric || form.byVariant && cell.Variant != variant {
					continue
				}
				row := cell.fields()
				if row[0] = cell.name(); form.byVariant {
					row[0] = cell.Scenario + " " + string(cell.Start)
				}
				row[0] = layout.Clean(row[0])
				rows = append(rows, pick(row))
			}
			if rows == nil {
				continue
			}
			title := strings.ToUpper(metricWord(metric)[:1]) + metricWord(metric)[1:]
			if form.byVariant {
				title += " of " + layout.Clean(variant)
			}
			titles = append(titles, title)
			tables = append(tables, layout.NewTable(
				pick([]string{"", "Base", "Head", "Change", "Change", "p", " ", "Detect-", "  "}),
				pick([]string{"Cell", unit(metric), unit(metric), "%", "interval", "(Holm)", "Verdict", "able %", "Runs"}), rows))
		}
	}
	return titles, tables
}

// fields are the columns of the cell table: cell, base, head, change, interval,
// p, verdict, detectable, runs.
func (cell *Cell) fields() []string {
	mean := func(v *float64) string {
		if v == nil {
			return absent
		}
		return layout.Quantity(*v)
	}
	row := []string{cell.phrase(), mean(cell.Base.Mean), mean(cell.Head.Mean), absent, absent, absent, string(cell.Verdict), absent, absent}
	if f := cell.Figures; f != nil {
		ci := percents(f.CI95)
		row[3] = rounded(100 * (f.Ratio - 1))
		row[4] = coarse(ci[0]) + " to " + coarse(ci[1])
		row[5] = layout.Probability(f.PHolm)
		row[7] = layout.Magnitude(100 * f.MinimumDetectable)
		if row[8] = fmt.Sprint(f.RunsNeeded); f.RunsNeeded == stats.MostRuns {
			row[8] = ">1e9"
		}
	}
	return row
}

// rounded writes a change in percent with one decimal, none from 100 up: a gate
// needs no more, and a line has to fit 80 columns.
func rounded(v float64) string {
	s := fmt.Sprintf("%+.1f", v)
	switch {
	case s == "+0.0" || s == "-0.0":
		return "0.0"
	case v <= -99.95 || v >= 99.95:
		return layout.Percentage(v)
	}
	return s
}

// coarse is rounded without decimals from 10 up, for the ends of an interval.
func coarse(v float64) string {
	if math.Abs(v) >= 9.95 && math.Abs(v) < 99.95 {
		return fmt.Sprintf("%+.0f", v)
	}
	return rounded(v)
}

func unit(metric string) string {
	if metric == results.MetricMemory {
		return "MB"
	}
	return "ms"
}
