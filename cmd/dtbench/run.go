package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/platforms/local"
	"github.com/dtbench/dtbench/report"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/runner"
	"github.com/dtbench/dtbench/runner/machine"
	"github.com/dtbench/dtbench/runner/services"
	"github.com/dtbench/dtbench/scenarios/build"
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

On platform local the functions are real processes of this machine, each in its
own cgroup where this user may make one; no account, no container engine and no
root are needed. The log is only kept when something was printed.`,
		Example: `  # the paper's experiment on this machine
  dtbench run --platform local --out r.json

  # one scenario, more runs, no CPU quota
  dtbench run --platform local --scenario hello --runs 300 --vcpu 0

  # write to your own object store
  export DTBENCH_STORE_SECRET_KEY=…
  dtbench run --platform local --scenario storage --store-endpoint http://127.0.0.1:9000 \
      --store-bucket bench --store-access-key KEY

  # go on after Ctrl-C
  dtbench run --platform local --out r.json --resume`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.run(cmd.Context(), f) },
	}
	f.define(cmd)
	return cmd
}

func (a *app) run(ctx context.Context, f *runFlags) error {
	p, err := a.check(f)
	if err != nil {
		return err
	}
	var earlier *results.File
	if f.resume {
		if earlier, err = loadEarlier(p.paths); err != nil {
			return err
		}
	}
	file, err := a.measure(ctx, f, p, earlier)
	if file == nil {
		return err
	}
	return errors.Join(a.finish(f, p, file, err))
}

// measure runs the experiment. A nil file means that nothing was measured and
// nothing was written; otherwise the error says how the run ended.
func (a *app) measure(ctx context.Context, f *runFlags, p *plan, earlier *results.File) (_ *results.File, err error) {
	work, err := os.MkdirTemp("", "dtbench-run-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()

	if runtime.GOOS != "linux" && p.entry.Name == local.Name {
		return nil, local.ErrUnsupported
	}
	binaries, origin, err := a.buildPrograms(ctx, f, p, work)
	if err != nil {
		return nil, err
	}
	log, err := openLog(p.paths.log, earlier != nil)
	if err != nil {
		return nil, err
	}
	defer func() {
		err = errors.Join(err, closeLog(log))
	}()

	platform, err := p.entry.Open(local.Options{
		MemoryBytes: int64(p.experiment.MemoryMB) << 20, VCPU: p.experiment.VCPU, CPUPeriod: p.cpuPeriod, Timeout: p.timeout, Log: log,
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, platform.Close()) }()
	for _, notice := range platform.Info().Notices {
		a.note("%s", notice)
	}

	file, arms := newFile(p, platform.Info(), origin, binaries)
	if earlier != nil {
		if err := resumable(earlier, file); err != nil {
			return nil, err
		}
		file.Cells, file.Warnings = earlier.Cells, nil
	}
	svc, err := services.Start(ctx, services.Options{
		Scenarios: p.scenarios, Store: p.store, Target: p.target,
		Programs:   func(name string) string { return binaries[name].Path },
		ObjectSize: p.experiment.ObjectSize, Latency: p.experiment.Latency, Seed: p.experiment.Seed,
		WorkDir: work,
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, svc.Close()) }()

	watch := machine.Begin()
	file.Environment, _ = watch.End() // the journal's first line wants one
	journal, err := results.CreateJournal(p.paths.journal, file)
	if err != nil {
		return nil, err
	}
	show := newProgress(a.stderr, terminalWidth(a.stderr), f.quiet, a.now)
	runErr := runner.Run(ctx, runner.Config{
		Platform: platform, Scenarios: p.scenarios, Arms: arms, Environment: svc.Environment, Delays: svc.Delays,
		File: file, Journal: journal, Observer: show,
	})
	show.clear()
	file.Environment, file.Warnings = watch.End()
	if earlier != nil {
		file.Environment.Started = earlier.Environment.Started
	}
	return file, errors.Join(runErr, journal.Close())
}

// buildPrograms makes the functions and the services that the plan needs.
func (a *app) buildPrograms(ctx context.Context, f *runFlags, p *plan, dir string) (map[string]build.Binary, build.Origin, error) {
	var programs []build.Program
	var store, target bool
	for _, s := range p.scenarios {
		for _, v := range p.variants {
			programs = append(programs, build.FunctionProgram(s.Name, v.Name))
		}
		store, target = store || s.Store, target || s.Target
	}
	if store && p.store == nil {
		programs = append(programs, build.ServiceProgram("dtstore"))
	}
	if target && p.target == nil {
		programs = append(programs, build.ServiceProgram("dttarget"))
	}
	return build.Programs(ctx, build.Options{
		Executable: a.executable, Version: moduleVersion(), WorkDir: a.workDir,
		Notify: func(text string) {
			if !f.quiet {
				a.note("%s", text)
			}
		},
	}, dir, programs)
}

// openLog opens the file for what functions and services print. Only its owner
// may read it: a function under test may print anything.
func openLog(path string, appendTo bool) (*os.File, error) {
	mode := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	if !appendTo {
		mode |= os.O_TRUNC
	}
	log, err := os.OpenFile(path, mode, 0o600)
	if err != nil {
		return nil, err
	}
	return log, log.Chmod(0o600) // an older file keeps its mode otherwise
}

// closeLog closes the log and removes it when nothing was printed.
func closeLog(log *os.File) error {
	info, err := log.Stat()
	if err = errors.Join(err, log.Close()); err != nil || info.Size() > 0 {
		return err
	}
	return os.Remove(log.Name())
}

// newFile makes the result without samples, and the arms behind it.
func newFile(p *plan, info platforms.Info, origin build.Origin, binaries map[string]build.Binary) (*results.File, []runner.Arm) {
	file := &results.File{Schema: results.Schema, Status: results.Interrupted, Experiment: p.experiment}
	file.Experiment.Provenance, file.Experiment.Limits = results.Provenance(info.Provenance), info.Limits
	file.Tool = results.Tool{Name: "dtbench", Version: origin.Version, Commit: origin.Commit, Dirty: origin.Dirty}
	var arms []runner.Arm
	for _, v := range p.variants {
		arm := runner.Arm{Label: v.Name, Variant: v, Binaries: map[string]build.Binary{}}
		listed := results.Arm{Label: v.Name, Variant: v.Name}
		for _, s := range p.scenarios {
			program := build.FunctionProgram(s.Name, v.Name).Name
			b := binaries[program]
			arm.Binaries[s.Name] = b
			listed.Functions = append(listed.Functions, results.Function{Scenario: s.Name, File: program, SHA256: b.SHA256, Bytes: b.Bytes})
			file.Tool.Go = b.Go
		}
		arms = append(arms, arm)
		file.Arms = append(file.Arms, listed)
	}
	for _, s := range p.scenarios {
		for _, v := range p.variants {
			for _, start := range []results.Start{results.Cold, results.Hot} {
				file.Cells = append(file.Cells, results.Cell{Scenario: s.Name, Variant: v.Name, Start: start, Samples: []results.Sample{}})
			}
		}
	}
	return file, arms
}

// resumable refuses to add samples of one experiment to those of another.
func resumable(earlier, now *results.File) error {
	differences := results.Differences(earlier.Experiment, now.Experiment)
	for i := range now.Arms {
		if i >= len(earlier.Arms) || !slices.Equal(earlier.Arms[i].Functions, now.Arms[i].Functions) {
			differences = append(differences, "the binaries of "+now.Arms[i].Label+" were built from other code")
		}
	}
	if len(differences) > 0 {
		return usagef("use the same flags, or --force to start again", "cannot resume: %s", strings.Join(differences, "; "))
	}
	return nil
}

// finish writes the file, draws the chart, prints the tables, and says how the
// run ended.
func (a *app) finish(f *runFlags, p *plan, file *results.File, runErr error) error {
	if err := report.Summarise(file, report.Options{}); err != nil {
		return err
	}
	if err := results.WriteFile(p.paths.result, file); err != nil {
		return fmt.Errorf("%w; the samples are in %s", err, p.paths.journal)
	}
	if err := os.Remove(p.paths.journal); err != nil {
		return err
	}
	wrote := p.paths.result
	switch err := writeChart(p.paths.chart, file, report.Options{}); {
	case err == nil:
		wrote += ", " + p.paths.chart
	case !errors.Is(err, report.ErrNoChart): // one variant alone has nothing to draw
		return err
	}
	if err := a.print(file, f.format, report.Options{Width: terminalWidth(a.stdout)}); err != nil {
		return err
	}
	if exists(p.paths.log) {
		wrote += ", " + p.paths.log
	}
	if !f.quiet {
		a.note("wrote %s", wrote)
	}
	samples, cells := 0, 0
	for i := range file.Cells {
		samples += len(file.Cells[i].Samples)
		if len(file.Cells[i].Samples) == file.Experiment.Runs {
			cells++
		}
	}
	var sig errSignal
	switch {
	case errors.As(runErr, &sig):
		return &failure{code: 128 + int(sig.Signal), err: fmt.Errorf("%w after %d samples", sig, samples), hint: "the same command with --resume goes on"}
	case runErr != nil:
		return runErr
	case cells == 0:
		return &failure{code: codeFailed, err: errors.New("no cell was completed"), hint: "the reasons are above; what the functions printed, if anything, is in " + p.paths.log}
	case file.Status == results.Partial:
		return &failure{code: codePartial, err: fmt.Errorf("%d of %d cells are complete", cells, len(file.Cells)), hint: "--resume tries the others again"}
	}
	return nil
}

// print writes the tables, or the file itself for json.
func (a *app) print(file *results.File, format string, o report.Options) error {
	if format == "json" {
		return results.Write(a.stdout, file)
	}
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
