package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dtbench/dtbench/report/gate"
	"github.com/dtbench/dtbench/results"
)

// codeNotComparable: the files do not allow a comparison.
const codeNotComparable = 4

// compareFlags are the flags of dtbench compare as given.
type compareFlags struct {
	threshold, thresholds, inconclusive, format string
	alpha                                       float64
	force                                       bool
}

var inconclusiveChoices = []string{"fail", "pass"}

func (a *app) compareCommand() *cobra.Command {
	f := &compareFlags{}
	cmd := &cobra.Command{
		Use:   "compare BASE HEAD",
		Short: "Say whether HEAD is worse than BASE: a gate for CI",
		Long: `compare matches the cells of two result files by scenario, variant, start and
metric. A cell is a regression when its trimmed mean grew by more than the
threshold and the permutation test, after Holm's correction over all cells of
the metric, gives p < alpha. It is ok when the one-sided 95 % upper bound of the
growth lies below the threshold. Otherwise it is inconclusive, and compare says
how many runs a side it takes to detect a change of the size of the threshold,
where that is more than there are. Everything is computed from the samples.

Files are not comparable when a cell or a sample is missing, when their
configuration differs in anything but the seed, when they hold the same samples,
or when there are too few samples for any p below alpha; --force compares what can be compared.

A thresholds file lists exceptions, each with its reason. Scenario, variant,
start (cold, hot) and metric (time_ms, memory_mb) may be left out to match all;
the exception that names most fields holds:

  {"exceptions": [{"scenario": "storage", "start": "cold", "metric": "time_ms",
    "threshold": "25%", "reason": "the store was replaced, see #41"}]}

Where GITHUB_STEP_SUMMARY is set, the Markdown is appended there too.

Exit codes: 0 ok, 1 regression, 2 wrong usage or input, 3 inconclusive (0 with
--inconclusive pass), 4 not comparable.`,
		Example: `  dtbench compare base.json head.json
  dtbench compare base.json head.json --threshold 5% --inconclusive pass
  dtbench compare base.json head.json --format markdown > comment.md`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usagef("dtbench compare base.json head.json", "compare takes two result files, BASE and HEAD, not %d", len(args))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.compare(args[0], args[1], f) },
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&f.threshold, "threshold", "10%", "growth that is tolerated, in every cell without an exception")
	fl.StringVar(&f.thresholds, "thresholds", "", "JSON file of exceptions for single cells")
	fl.Float64Var(&f.alpha, "alpha", gate.DefaultAlpha, "level of a regression, over all cells of a metric together")
	fl.StringVar(&f.inconclusive, "inconclusive", "fail", "what an inconclusive comparison does to the exit code: "+strings.Join(inconclusiveChoices, ", "))
	fl.StringVar(&f.format, "format", "text", strings.Join(gate.Formats(), ", "))
	fl.BoolVar(&f.force, "force", false, "compare in spite of missing cells or another configuration, and say so")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(gate.Formats(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("inconclusive", cobra.FixedCompletions(inconclusiveChoices, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// options checks the flags and reads the thresholds. Every error is one of
// usage.
func (f *compareFlags) options() (gate.Options, error) {
	o := gate.Options{Alpha: f.alpha, Force: f.force}
	for _, c := range []struct {
		flag, value string
		choices     []string
	}{{"format", f.format, gate.Formats()}, {"inconclusive", f.inconclusive, inconclusiveChoices}} {
		if _, err := choice(c.flag, c.value, c.choices); err != nil {
			return o, err
		}
	}
	if !(f.alpha > 0 && f.alpha < 1) {
		return o, usagef("0.05 is usual", "--alpha %v is not between 0 and 1", f.alpha)
	}
	var err error
	if o.Threshold, err = gate.ParseThreshold(f.threshold); err != nil {
		return o, usagef("--threshold 10%", "--threshold: %v", err)
	}
	if f.thresholds == "" {
		return o, nil
	}
	file, err := os.Open(f.thresholds)
	if err != nil {
		return o, usagef("", "--thresholds: %v", err)
	}
	defer file.Close()
	if o.Exceptions, err = gate.ReadExceptions(file); err != nil {
		return o, usagef("see dtbench compare --help", "%s: %v", f.thresholds, err)
	}
	return o, nil
}

func (a *app) compare(basePath, headPath string, f *compareFlags) error {
	o, err := f.options()
	if err != nil {
		return err
	}
	base, err := results.ReadFile(basePath)
	if err != nil {
		return err
	}
	head, err := results.ReadFile(headPath)
	if err != nil {
		return err
	}
	c, err := gate.Compare(gate.Side{Name: basePath, File: base}, gate.Side{Name: headPath, File: head}, o)
	switch {
	case errors.Is(err, gate.ErrThresholds):
		return usagef("see dtbench compare --help", "%s: %v", f.thresholds, err)
	case err != nil:
		return &failure{code: codeUsage, err: err}
	}
	var text bytes.Buffer // all or nothing: an error leaves no half table
	if err := c.Write(&text, f.format, terminalWidth(a.stdout)); err != nil {
		return err
	}
	if _, err := text.WriteTo(a.stdout); err != nil {
		return unwritable(err)
	}
	a.stepSummary(c.Markdown)
	return outcome(c, f.inconclusive == "pass")
}

// outcome turns the verdict into the exit code.
func outcome(c *gate.Comparison, pass bool) error {
	counted := func(v gate.Verdict) string {
		n := 0
		for _, cell := range c.Cells {
			if cell.Verdict == v {
				n++
			}
		}
		return fmt.Sprintf("%d of %d cells", n, len(c.Cells))
	}
	switch c.Verdict {
	case gate.NotComparable:
		f := &failure{code: codeNotComparable, err: fmt.Errorf("not comparable: %s", strings.Join(c.Obstacles, "; "))}
		if !c.Forced {
			f.hint = "--force compares what can be compared"
		}
		return f
	case gate.Regression:
		return &failure{code: codeFailed, err: fmt.Errorf("regression in %s", counted(gate.Regression))}
	case gate.Inconclusive:
		if pass {
			return nil
		}
		return &failure{code: codePartial, err: fmt.Errorf("inconclusive in %s", counted(gate.Inconclusive)), hint: "take more runs on both sides, or accept open questions with --inconclusive pass"}
	}
	return nil
}
