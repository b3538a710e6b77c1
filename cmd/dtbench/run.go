package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/dtbench/dtbench/report"
	"github.com/dtbench/dtbench/results"
)

func (a *app) runCommand() *cobra.Command {
	f := &runFlags{}
	cmd := &cobra.Command{
		Use:   "run --platform NAME",
		Short: "Measure cold starts, hot starts and memory of the functions",
		Long: `run deploys each scenario in each variant, takes --runs cold and --runs hot
samples of every one in an interleaved order, and prints the paper's tables, the
overhead of each variant over benchmark, and what this many runs could have
found. It writes the result file, and beside it the chart (.svg) and what the
functions printed (.log).

The variants: benchmark reads plaintext environment variables; optimized has the
hardened token core inside the function, broker has it in a process of its own;
literal is the paper's scheme as published, which is not safe.

On platform local the functions are real processes of this machine, each in its
own cgroup where this user may make one; no account, no container engine and no
root are needed. The log is only kept when something was printed.

aliyun and tencent are simulated: the handlers and the token core execute, on
virtual time that a model calibrated on the paper's benchmark rows charges for
what they do. Such figures are predictions, say so everywhere, and support no
claim. docs/simulation.md tells what the model rests on.`,
		Example: `  # the paper's experiment on this machine
  dtbench run --platform local --out r.json

  # one scenario, more runs, no CPU quota
  dtbench run --platform local --scenario hello --runs 300 --vcpu 0

  # every variant
  dtbench run --platform local --variant benchmark,literal,optimized,broker --out all.json

  # what the paper's platform would report, under the less kind assumptions
  dtbench run --platform aliyun --preset high --out a.json

  # write to your own object store
  export DTBENCH_STORE_SECRET_KEY=…
  dtbench run --platform local --scenario storage --store-endpoint http://127.0.0.1:9000 \
      --store-bucket bench --store-access-key KEY

  # the same functions in Python, as the paper's were
  dtbench run --platform local --runtime python --out python.json

  # this tree against another revision, in one interleaved schedule
  dtbench run --platform local --against main --out r.json
  dtbench compare r-base.json r.json

  # go on after Ctrl-C
  dtbench run --platform local --out r.json --resume`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return fullDisk(a.run(cmd.Context(), f)) },
	}
	f.define(cmd)
	return cmd
}

// fullDisk says, of a disk that is full, that what was measured before is kept.
func fullDisk(err error) error {
	var f *failure
	if errors.Is(err, syscall.ENOSPC) && !errors.As(err, &f) {
		return &failure{code: codeFailed, err: err, hint: "free some space; a run that had begun goes on with --resume"}
	}
	return err
}

// output is one result of a run: of the tree as it is, or of the revision that
// --against names.
type output struct {
	label    string // "" where there is only one
	revision string
	paths    outPaths
	earlier  *results.File // what --resume goes on with
	file     *results.File
}

func (a *app) run(ctx context.Context, f *runFlags) error {
	p, err := a.check(f)
	if err != nil {
		return err
	}
	outputs := []*output{{paths: p.paths}}
	if f.against != "" {
		outputs[0].label = "head"
		outputs = append(outputs, &output{label: "base", revision: f.against, paths: p.paths.base()})
	}
	for _, out := range outputs {
		unlock, err := out.paths.claim(f.force || f.resume)
		if err != nil {
			return err
		}
		defer unlock()
	}
	if f.resume {
		for _, out := range outputs {
			if out.earlier, err = loadEarlier(out.paths); err != nil {
				return err
			}
		}
		if allComplete(outputs) {
			return a.showComplete(f, p, outputs)
		}
	}
	measured, err := a.measure(ctx, f, p, outputs)
	if !measured {
		return err
	}
	return a.finish(f, outputs, err)
}

// allComplete is true when every file that --resume goes on with is complete.
func allComplete(outputs []*output) bool {
	for _, out := range outputs {
		if out.earlier.Status != results.Complete {
			return false
		}
	}
	return true
}

// showComplete prints what is there, after the same check of flags as for a
// run that goes on, and touches nothing.
func (a *app) showComplete(f *runFlags, p *plan, outputs []*output) error {
	for _, out := range outputs {
		now := p.experiment
		now.Provenance, now.Limits = out.earlier.Experiment.Provenance, out.earlier.Experiment.Limits
		if d := results.Differences(out.earlier.Experiment, now); len(d) > 0 {
			return errDifferent(d)
		}
		if err := report.Summarise(out.earlier, report.Options{}); err != nil {
			return err
		}
		if err := a.print(out.earlier, f.format, report.Options{Width: terminalWidth(a.stdout)}); err != nil {
			return err
		}
		a.note("%s is complete, nothing is left to measure", out.paths.result)
	}
	return nil
}

// finish writes the files, draws the charts, prints the tables, and says how
// the run ended.
func (a *app) finish(f *runFlags, outputs []*output, runErr error) error {
	samples, complete, cells := 0, 0, 0
	for _, out := range outputs {
		if err := a.write(f, out); err != nil {
			return err
		}
		for i := range out.file.Cells {
			n := len(out.file.Cells[i].Samples)
			samples += n
			cells++
			if n == out.file.Experiment.Runs {
				complete++
			}
		}
	}
	if len(outputs) == 2 && !f.quiet {
		a.note("hint: dtbench compare %s %s tells them apart", outputs[1].paths.result, outputs[0].paths.result)
	}
	goOn, retry := "the same command with --resume goes on", "--resume tries the others again"
	if outputs[0].file.Experiment.Provenance == results.Simulated {
		goOn, retry = "the same command with --force starts again", "the reasons are above; another run of the same seed ends the same"
	}
	var sig errSignal
	switch {
	case errors.As(runErr, &sig):
		return &failure{code: 128 + int(sig.Signal), err: fmt.Errorf("%w after %d samples", sig, samples), hint: goOn}
	case runErr != nil:
		return runErr
	case complete == 0:
		return &failure{code: codeFailed, err: errors.New("no cell was completed"), hint: "the reasons are above; what the functions printed, if anything, is in " + outputs[0].paths.log}
	case complete < cells:
		return &failure{code: codePartial, err: fmt.Errorf("%d of %d cells are complete", complete, cells), hint: retry}
	}
	return nil
}

// write makes the files of one output and prints its tables. The figures come
// first: neither a chart nor a summary that cannot be written may keep them
// from their reader.
func (a *app) write(f *runFlags, out *output) error {
	if err := report.Summarise(out.file, report.Options{}); err != nil {
		return err
	}
	if err := results.WriteFile(out.paths.result, out.file); err != nil {
		return fmt.Errorf("%w; the samples are in %s", err, out.paths.journal)
	}
	if err := os.Remove(out.paths.journal); err != nil {
		return err
	}
	if err := a.print(out.file, f.format, report.Options{Width: terminalWidth(a.stdout)}); err != nil {
		return err
	}
	a.stepSummary(func(w io.Writer) error { return report.Markdown(w, out.file, report.Options{}) })
	wrote := out.paths.result
	err := writeChart(out.paths.chart, out.file, report.Options{})
	switch {
	case err == nil:
		wrote += ", " + out.paths.chart
	case errors.Is(err, report.ErrNoChart): // one variant alone has nothing to draw
		err = removeStale(out.paths.chart)
	}
	if exists(out.paths.log) {
		wrote += ", " + out.paths.log
	}
	if !f.quiet {
		a.note("wrote %s", wrote)
	}
	return err
}

// removeStale takes away the file of an earlier run under the same name.
func removeStale(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// print writes the tables, or the file itself for json.
func (a *app) print(file *results.File, format string, o report.Options) error {
	reporter, err := report.ByName(format)
	if err != nil {
		return err
	}
	return reporter(a.stdout, file, o)
}

func writeChart(path string, file *results.File, o report.Options) error {
	draw, err := report.ChartFor(path)
	if err != nil {
		return usagef("name a file that ends in .svg, .png or .pdf", "%v", err)
	}
	return results.Replace(path, 0o644, func(w io.Writer) error { return draw(w, file, o) })
}
