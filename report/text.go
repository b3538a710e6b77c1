package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/dtbench/dtbench/report/internal/layout"
	"github.com/dtbench/dtbench/results"
)

// Text is a Reporter for terminals: for each scenario the paper's table form,
// then the overheads of time and of memory, the share of time for which the CPU
// quota held each cell back, and the notices. No line is longer than
// Options.Width; tables that would be fall back to narrower forms.
func Text(w io.Writer, f *results.File, o Options) error {
	a, err := analyse(f, o)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, a.text(o.Width))
	return err
}

func (a *analysis) text(width int) string {
	t := &textReport{a, layout.NewText(width)}
	t.Paragraph(a.headline())
	for _, s := range a.preamble() {
		t.Paragraph(s)
	}
	for _, scenario := range a.scenarios {
		t.Blank()
		t.Paragraph(a.title(scenario))
		t.Paragraph(a.samplesSentence(scenario))
		t.Blank()
		t.paperTable(scenario)
	}
	t.overheads()
	t.throttling()
	if notices := a.notices(); len(notices) > 0 {
		t.Blank()
		t.Paragraph("Notices")
		for _, n := range notices {
			t.Hanging("- ", n)
		}
	}
	return t.String()
}

// textReport writes an analysis as text.
type textReport struct {
	*analysis
	*layout.Text
}

func (t *textReport) paperTable(scenario string) {
	rows := t.paperRows(scenario)
	table := newTextTable(
		[]string{"", "Cold start", "Cold start", "Hot start", "Hot start"},
		[]string{"Type", "Time (ms)", "Memory (MB)", "Time (ms)", "Memory (MB)"}, rows)
	if t.Fits(table) {
		t.Table(table)
		return
	}
	for _, r := range rows {
		t.Hanging("", fmt.Sprintf("%s: cold start %s ms, %s MB; hot start %s ms, %s MB", r[0], r[1], r[2], r[3], r[4]))
	}
}

// overheadSection is the overhead of one metric: of all variants, or of one
// where a table of all would be too wide.
type overheadSection struct {
	title, unit string
	variant     bool // the table needs a column for the variant
	overheads   []results.Overhead
}

func (t *textReport) overheadSections(together bool) []overheadSection {
	var out []overheadSection
	for _, m := range []struct{ name, word, unit string }{
		{results.MetricTime, "Time", "ms"}, {results.MetricMemory, "Memory", "MB"},
	} {
		byVariant := map[string][]results.Overhead{}
		for _, o := range t.of(m.name) {
			byVariant[o.Variant] = append(byVariant[o.Variant], o)
		}
		if together && len(byVariant) > 1 {
			out = append(out, overheadSection{t.marked(m.word + " overhead over " + Baseline), m.unit, true, t.of(m.name)})
			continue
		}
		for _, v := range t.variants {
			if some := byVariant[v]; some != nil {
				out = append(out, overheadSection{t.marked(fmt.Sprintf("%s overhead of %s over %s", m.word, clean(v), Baseline)), m.unit, false, some})
			}
		}
	}
	return out
}

// overheads writes the overhead tables in the widest form in which all of them
// fit: one per metric, else one per metric and variant, else those without the
// runs needed, else a sentence for each overhead.
func (t *textReport) overheads() {
	if len(t.analysis.overheads) == 0 {
		return
	}
	for _, form := range []struct{ together, runs bool }{{true, true}, {false, true}, {false, false}} {
		sections, all := t.overheadSections(form.together), true
		tables := make([]textTable, len(sections))
		for i, s := range sections {
			tables[i] = overheadTable(s, form.runs)
			all = all && t.Fits(tables[i])
		}
		if !all {
			continue
		}
		for i, s := range sections {
			t.section(s.title, tables[i])
		}
		t.Blank()
		t.Paragraph(t.legend(form.runs))
		return
	}
	for _, s := range t.overheadSections(false) {
		t.Blank()
		t.Paragraph(s.title)
		for _, o := range s.overheads {
			t.Hanging("- ", fmt.Sprintf("%s %s: %s %s (%s %%), 95 %% interval %s %%, p %s, %s, detectable %s %%, runs %s",
				clean(o.Scenario), o.Start, signed(o.Difference), s.unit, percentage(o.Percent), interval(o.CI95),
				probability(o.PHolm), verdict(o), magnitude(o.MinimumDetectablePercent), runCount(o.RunsNeeded)))
		}
	}
	t.Blank()
	t.Paragraph(t.legend(true))
}

func (t *textReport) section(title string, table textTable) {
	t.Blank()
	t.Paragraph(title)
	t.Blank()
	t.Table(table)
}

func overheadTable(s overheadSection, runs bool) textTable {
	pick := func(cells ...string) []string {
		row := cells[:1:1]
		if s.variant {
			row = append(row, cells[1])
		}
		row = append(row, cells[2:8]...)
		if runs {
			row = append(row, cells[8])
		}
		return row
	}
	var rows [][]string
	for _, o := range s.overheads {
		rows = append(rows, pick(clean(o.Scenario)+" "+string(o.Start), clean(o.Variant), signed(o.Difference), percentage(o.Percent), interval(o.CI95),
			probability(o.PHolm), verdict(o), magnitude(o.MinimumDetectablePercent), runCount(o.RunsNeeded)))
	}
	return newTextTable(
		pick("Scenario", "", "Change", "Change", "Change", "p", " ", "Detectable", "  "),
		pick("and start", "Variant", s.unit, "%", "95 % interval", "(Holm)", "Verdict", "%", "Runs"), rows)
}

func (t *textReport) throttling() {
	rows, held := t.throttleRows()
	switch {
	case rows == nil:
		return
	case !held:
		t.Blank()
		t.Paragraph("Throttled share: 0 % in every cell; the CPU quota held no invocation back.")
		return
	}
	header := []string{"Cell"}
	for _, v := range t.variants {
		header = append(header, label(v))
	}
	t.Blank()
	t.Paragraph(t.marked("Throttled share of the total time (samples held back)"))
	if table := newTextTable(nil, header, rows); t.Fits(table) {
		t.Blank()
		t.Table(table)
		return
	}
	for _, r := range rows {
		var parts []string
		for i, v := range r[1:] {
			parts = append(parts, header[i+1]+" "+v)
		}
		t.Hanging("- ", r[0]+": "+strings.Join(parts, ", "))
	}
}
