// Package report turns a result file into tables and charts: the paper's table
// form, an overhead table with intervals and verdicts, the chart of its Fig. 4,
// a page for browsers, and the formats that other tools read.
//
// It reads results.File and nothing else. Summaries and overheads that a file
// carries are ignored: everything is recomputed from the samples with
// report/stats, so that a hand-edited summary cannot reach a table. The
// package prints nothing and changes no file it is given, Summarise excepted,
// which says so in its name. Same file, same options: the same bytes.
//
// Every artefact names platform, provenance, metric and the number of samples
// behind its figures. What a reader must know before trusting them (missing
// cells, dropped attempts, arms that were not interleaved, CPU quota that held
// the arms back unequally) stands below as notices.
//
// A new format is one more Reporter in the table of this file.
package report

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/results"
)

// Baseline is the variant that every other one is compared with.
const Baseline = "benchmark"

// Alpha is the level of all tests, Margin the equivalence margin as a fraction.
const (
	Alpha  = 0.05
	Margin = 0.10
)

// ErrFormat: a format that this package does not make; the text names the
// choices.
var ErrFormat = errors.New("unknown format")

// Options configures a report. The zero value is the default.
type Options struct {
	// Time is the time metric; empty means DefaultMetric of the file's
	// provenance.
	Time Metric
	// Width is the greatest line length of text output in columns; 0 is
	// unlimited, and 40 is the least that is honoured.
	Width int
}

// Reporter writes one report of f to w. It returns ErrNoMetric when f does not
// hold the metric asked for, errors of report/stats for samples that cannot be
// summarised, and what w returns. It does not change f.
type Reporter func(w io.Writer, f *results.File, o Options) error

// Source is a result file under the name that a reader knows it by, usually
// its path. The name may be empty.
type Source struct {
	Name string
	File *results.File
}

// format is a Reporter under its name. Where several files make one document,
// and not one text behind the other, document writes it.
type format struct {
	name     string
	report   Reporter
	document func(w io.Writer, files []Source, o Options) error
	// runtimes writes what only several files show, behind their reports.
	runtimes func(w io.Writer, files []Source, o Options) error
}

// In the order in which help and errors name them.
var (
	tableFormats = []format{
		{name: "text", report: Text, runtimes: textRuntimes},
		{name: "markdown", report: Markdown, runtimes: markdownRuntimes},
		{name: "csv", report: alone(writeCSV), document: writeCSV},
		{name: "json", report: JSON, document: writeJSON},
		{name: "html", report: alone(writeHTML), document: writeHTML},
		{name: "latex", report: LaTeX},
		{name: "gobench", report: GoBench},
		{name: "benchmark-action", report: alone(writeBenchmarkAction), document: writeBenchmarkAction},
		{name: "junit", report: alone(writeJUnit), document: writeJUnit},
	}
	chartFormats = []format{{name: "svg", report: SVG}, {name: "png", report: PNG}, {name: "pdf", report: PDF}}
)

// alone makes a Reporter of one file out of the writer of a document.
func alone(document func(io.Writer, []Source, Options) error) Reporter {
	return func(w io.Writer, f *results.File, o Options) error {
		return document(w, []Source{{File: f}}, o)
	}
}

// Formats returns the names of the table formats.
func Formats() []string { return names(tableFormats) }

// ByName returns the reporter of a table format, or ErrFormat.
func ByName(name string) (Reporter, error) {
	f, err := find(tableFormats, name)
	return f.report, err
}

// Write writes the report of all files in a table format: one document where
// the format has such a thing (one CSV header, one XML root, one page, one JSON
// array), and otherwise one report behind the other, a blank line between them.
// Text and Markdown end with the overheads by runtime where each file is of
// another language.
// Errors: ErrFormat, and those of a Reporter, which name the file.
func Write(w io.Writer, name string, files []Source, o Options) error {
	f, err := find(tableFormats, name)
	if err != nil {
		return err
	}
	if f.document != nil {
		return f.document(w, files, o)
	}
	for i, s := range files {
		if i > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		if err := f.report(w, s.File, o); err != nil {
			return s.wrap(err)
		}
	}
	if f.runtimes != nil {
		return f.runtimes(w, files, o)
	}
	return nil
}

// analyse is analyse of the file, naming it in errors.
func (s Source) analyse(o Options) (*analysis, error) {
	a, err := analyse(s.File, o)
	return a, s.wrap(err)
}

func (s Source) wrap(err error) error {
	if err == nil || s.Name == "" {
		return err
	}
	return fmt.Errorf("%s: %w", s.Name, err)
}

// JSON is a Reporter that writes the file itself, its summaries and overheads
// computed afresh from the samples.
func JSON(w io.Writer, f *results.File, o Options) error {
	fresh := *f
	fresh.Cells = slices.Clone(f.Cells)
	if err := Summarise(&fresh, o); err != nil {
		return err
	}
	return results.Write(w, &fresh)
}

// writeJSON writes one file as itself, and any other number as an array.
func writeJSON(w io.Writer, files []Source, o Options) error {
	parts := make([]string, len(files))
	for i, s := range files {
		var b strings.Builder
		if err := JSON(&b, s.File, o); err != nil {
			return s.wrap(err)
		}
		parts[i] = strings.TrimSuffix(b.String(), "\n")
	}
	text := strings.Join(parts, ",\n") + "\n"
	if len(files) != 1 {
		text = "[\n" + text + "]\n"
	}
	_, err := io.WriteString(w, text)
	return err
}

// ChartFor returns the reporter that draws the chart in the format that the
// extension of file names (.svg, .png or .pdf, in any case), or ErrFormat.
func ChartFor(file string) (Reporter, error) {
	f, err := find(chartFormats, strings.ToLower(strings.TrimPrefix(filepath.Ext(file), ".")))
	return f.report, err
}

func find(formats []format, name string) (format, error) {
	i := slices.IndexFunc(formats, func(f format) bool { return f.name == name })
	if i < 0 {
		return format{}, fmt.Errorf("%w %q: choose %s", ErrFormat, name, strings.Join(names(formats), ", "))
	}
	return formats[i], nil
}

func names(formats []format) []string {
	var out []string
	for _, f := range formats {
		out = append(out, f.name)
	}
	return out
}
