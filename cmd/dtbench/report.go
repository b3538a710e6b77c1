package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dtbench/dtbench/report"
	"github.com/dtbench/dtbench/results"
)

func (a *app) reportCommand() *cobra.Command {
	var format, metric, chart, out string
	cmd := &cobra.Command{
		Use:   "report FILE...",
		Short: "Make tables, pages and charts from result files",
		Long: `report prints one set of tables per file: the paper's form, then the overhead of
each variant with its 95 % interval, p, verdict and the smallest overhead that
the runs could have found. Everything is computed from the samples; summaries
stored in the file are ignored.

Formats for people: text, markdown, html (one page that needs no network), latex
(table environments that need booktabs). For programs: json (the file, its
summaries computed afresh; of more than one file an array), csv (a row per
sample), gobench (benchstat and its kin), benchmark-action
(github-action-benchmark, customSmallerIsBetter), junit (a case per cell that
fails where samples are missing).

In a GitHub workflow the Markdown is also appended to $GITHUB_STEP_SUMMARY.`,
		Example: `  dtbench report r.json
  dtbench report r.json --format html --out r.html
  dtbench report r.json --format gobench | benchstat -col /variant -
  dtbench report r.json --time to_handler
  dtbench report r.json --chart fig4.png`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("dtbench report r.json", "no result file given")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, files []string) (err error) {
			o := report.Options{}
			if format, err = formatFor(cmd, format, out, report.Formats()); err != nil {
				return err
			}
			if out != "" {
				if err := writableAt(out); err != nil {
					return err
				}
			}
			if metric != "" {
				m, err := report.ParseMetric(metric)
				if err != nil {
					return usagef("", "%v", err)
				}
				o.Time = m
			}
			if chart != "" && len(files) > 1 {
				return usagef("give one file", "--chart draws one file, not %d", len(files))
			}
			return unwritable(a.report(files, format, chart, out, o))
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&format, "format", "text", strings.Join(report.Formats(), ", ")+"; without it the ending of --out decides")
	fl.StringVar(&metric, "time", "", "time metric: total, to_handler, init+handler, reported (default: total for measured data, reported for the rest)")
	fl.StringVar(&chart, "chart", "", "also draw the chart into this file (.svg, .png or .pdf)")
	fl.StringVar(&out, "out", "", "write to this file instead of standard output")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(report.Formats(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("time", cobra.FixedCompletions([]string{"total", "to_handler", "init+handler", "reported"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// report reads all files before it writes anything.
func (a *app) report(paths []string, format, chart, out string, o report.Options) error {
	sources := make([]report.Source, len(paths))
	for i, path := range paths {
		file, err := results.ReadFile(path)
		if err != nil {
			return err
		}
		sources[i] = report.Source{Name: path, File: file}
	}
	for _, target := range []string{out, chart} {
		for _, path := range paths {
			if target != "" && sameFile(target, path) {
				return usagef("name another file", "%s is the result itself", target)
			}
		}
	}
	if chart != "" {
		if err := writeChart(chart, sources[0].File, o); err != nil {
			return fmt.Errorf("%s: %w", paths[0], err)
		}
	}
	if out == "" {
		o.Width = terminalWidth(a.stdout)
	}
	var text bytes.Buffer // all or nothing: an error leaves no half table
	if err := report.Write(&text, format, sources, o); err != nil {
		return err
	}
	a.stepSummary(func(w io.Writer) error { return report.Write(w, "markdown", sources, o) })
	write := func(w io.Writer) error {
		_, err := text.WriteTo(w)
		return err
	}
	if out != "" {
		return results.Replace(out, 0o644, write)
	}
	return write(a.stdout)
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}
