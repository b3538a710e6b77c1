// Package report turns a result file into tables and charts: the paper's table
// form, an overhead table with intervals and verdicts, and the chart of its
// Fig. 4.
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

type format struct {
	name   string
	report Reporter
}

// In the order in which help and errors name them.
var (
	tableFormats = []format{{"text", Text}, {"markdown", Markdown}}
	chartFormats = []format{{"svg", SVG}, {"png", PNG}, {"pdf", PDF}}
)

// Formats returns the names of the table formats.
func Formats() []string { return names(tableFormats) }

// ByName returns the reporter of a table format, or ErrFormat.
func ByName(name string) (Reporter, error) {
	return find(tableFormats, name)
}

// ChartFor returns the reporter that draws the chart in the format that the
// extension of file names (.svg, .png or .pdf, in any case), or ErrFormat.
func ChartFor(file string) (Reporter, error) {
	return find(chartFormats, strings.ToLower(strings.TrimPrefix(filepath.Ext(file), ".")))
}

func find(formats []format, name string) (Reporter, error) {
	i := slices.IndexFunc(formats, func(f format) bool { return f.name == name })
	if i < 0 {
		return nil, fmt.Errorf("%w %q: choose %s", ErrFormat, name, strings.Join(names(formats), ", "))
	}
	return formats[i].report, nil
}

func names(formats []format) []string {
	var out []string
	for _, f := range formats {
		out = append(out, f.name)
	}
	return out
}
