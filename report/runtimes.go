package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/report/internal/layout"
	"github.com/dtbench/dtbench/results"
)

// Runtimes is what a variant adds to the same function in several languages,
// each from a file of its own.
type Runtimes struct {
	Names []string // such as "go (measured)", in the order of the files
	Rows  []RuntimesRow
}

// RuntimesRow is one overhead in each language.
type RuntimesRow struct {
	Scenario, Variant string
	Start             results.Start
	Metric            string // results.MetricTime or results.MetricMemory
	// Overheads are in the order of Names, nil where a file has none.
	Overheads []*results.Overhead
}

// NewRuntimes puts the overheads of files beside each other, time first, in the
// order of the first file that has them. There is nothing to show, and ok is
// false, unless there are two files or more, each in another language. Errors are
// those of a Reporter and name the file.
func NewRuntimes(files []Source, o Options) (r Runtimes, ok bool, err error) {
	var languages []string
	for _, s := range files {
		e := s.File.Experiment
		if slices.Contains(languages, e.Runtime) {
			return Runtimes{}, false, nil
		}
		languages = append(languages, e.Runtime)
		r.Names = append(r.Names, clean(fmt.Sprintf("%s (%s)", e.Runtime, e.Provenance)))
	}
	if len(languages) < 2 {
		return Runtimes{}, false, nil
	}
	analyses := make([]*analysis, len(files))
	for i, s := range files {
		if analyses[i], err = s.analyse(o); err != nil {
			return Runtimes{}, false, err
		}
	}
	for _, metric := range []string{results.MetricTime, results.MetricMemory} {
		first := len(r.Rows)
		for i, a := range analyses {
			for _, found := range a.of(metric) {
				row := slices.IndexFunc(r.Rows[first:], func(row RuntimesRow) bool {
					return row.Scenario == found.Scenario && row.Variant == found.Variant && row.Start == found.Start
				})
				if row < 0 {
					row = len(r.Rows) - first
					r.Rows = append(r.Rows, RuntimesRow{
						Scenario: found.Scenario, Variant: found.Variant, Start: found.Start, Metric: metric,
						Overheads: make([]*results.Overhead, len(files)),
					})
				}
				r.Rows[first+row].Overheads[i] = &found
			}
		}
	}
	return r, len(r.Rows) > 0, nil
}

// Table returns header and cells: what the row is about, then for each language
// the change, in percent, and the verdict.
func (r Runtimes) Table() (header []string, rows [][]string) {
	header = []string{"Scenario and start", "Variant", "Metric"}
	for _, name := range r.Names {
		header = append(header, name+": change", "%", "Verdict")
	}
	for _, row := range r.Rows {
		unit, metric := " ms", "time"
		if row.Metric == results.MetricMemory {
			unit, metric = " MB", "memory"
		}
		cells := []string{clean(row.Scenario) + " " + string(row.Start), clean(row.Variant), metric}
		for _, o := range row.Overheads {
			if o == nil {
				cells = append(cells, absent, absent, absent)
				continue
			}
			cells = append(cells, signed(o.Difference)+unit, percentage(o.Percent), verdict(*o))
		}
		rows = append(rows, cells)
	}
	return header, rows
}

const runtimesTitle = "Overhead over " + Baseline + " by runtime"

// textRuntimes appends the table to a text report of several files where there
// is something to show.
func textRuntimes(w io.Writer, files []Source, o Options) error {
	r, ok, err := NewRuntimes(files, o)
	if err != nil || !ok {
		return err
	}
	header, rows := r.Table()
	t := layout.NewText(o.Width)
	t.Blank()
	t.Paragraph(runtimesTitle)
	if table := newTextTable(nil, header, rows); t.Fits(table) {
		t.Blank()
		t.Table(table)
	} else {
		for _, row := range rows {
			var parts []string
			for i, name := range r.Names {
				if cells := row[3+3*i:]; cells[0] != absent {
					parts = append(parts, fmt.Sprintf("%s %s (%s %%, %s)", name, cells[0], cells[1], cells[2]))
				}
			}
			t.Hanging("- ", fmt.Sprintf("%s, %s, %s: %s", row[0], row[1], row[2], strings.Join(parts, "; ")))
		}
	}
	_, err = io.WriteString(w, t.String())
	return err
}

// markdownRuntimes is textRuntimes in Markdown.
func markdownRuntimes(w io.Writer, files []Source, o Options) error {
	var b strings.Builder
	if err := RuntimesTable(&b, files, o); err != nil || b.Len() == 0 {
		return err
	}
	_, err := fmt.Fprintf(w, "\n## %s\n\n%s", runtimesTitle, b.String())
	return err
}

// RuntimesTable writes the table alone, in Markdown, and nothing where
// NewRuntimes has nothing to show. Errors are those of NewRuntimes and of w.
func RuntimesTable(w io.Writer, files []Source, o Options) error {
	r, ok, err := NewRuntimes(files, o)
	if err != nil || !ok {
		return err
	}
	header, rows := r.Table()
	var b strings.Builder
	markdownTable(&b, header, 3, rows)
	_, err = io.WriteString(w, b.String())
	return err
}
