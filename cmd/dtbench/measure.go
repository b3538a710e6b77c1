package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/platforms/local"
	"github.com/dtbench/dtbench/platforms/registry"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/runner"
	"github.com/dtbench/dtbench/runner/machine"
	"github.com/dtbench/dtbench/runner/services"
	"github.com/dtbench/dtbench/scenarios/build"
)

// measure runs the experiment and fills the outputs' files. It reports whether
// there is anything to write; otherwise the error says why not.
func (a *app) measure(ctx context.Context, f *runFlags, p *plan, outputs []*output) (measured bool, err error) {
	if p.entry.Simulated {
		return a.simulate(ctx, f, p, outputs[0])
	}
	if runtime.GOOS != "linux" && p.entry.Name == local.Name {
		return false, local.ErrUnsupported
	}
	work, err := newWorkFolder()
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()

	built, err := a.buildAll(ctx, f, p, outputs, work)
	if err != nil {
		return false, err
	}
	log, err := openLog(p.paths.log, f.resume)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, closeLog(log)) }()

	platform, err := p.entry.Open(registry.Options{
		MemoryBytes: int64(p.experiment.MemoryMB) << 20, VCPU: p.experiment.VCPU, CPUPeriod: p.cpuPeriod, Timeout: p.timeout, Log: log,
	})
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, platform.Close()) }()
	for _, notice := range platform.Info().Notices {
		a.note("%s", notice)
	}

	config := runner.Config{
		Platform: platform, Scenarios: p.scenarios, Seed: p.experiment.Seed, Runs: p.experiment.Runs,
		Observer: newProgress(a.stderr, terminalWidth(a.stderr), f.quiet, a.now),
	}
	for i, out := range outputs {
		file, arms := newFile(p, platform.Info(), out.label, built[i])
		if out.earlier != nil {
			if err := resumable(out.earlier, file); err != nil {
				return false, err
			}
			file.Cells = out.earlier.Cells
		}
		out.file = file
		config.Arms = append(config.Arms, arms...)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	svc, err := services.Start(ctx, services.Options{
		Died:      stop, // the rest of the run would measure failures
		Scenarios: p.scenarios, Store: p.store, Target: p.target,
		Programs:   func(name string) string { return built[0].binaries[name].Path },
		ObjectSize: p.experiment.ObjectSize, Latency: p.experiment.Latency, Seed: p.experiment.Seed,
		WorkDir: work,
	})
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, svc.Close()) }()
	config.Environment, config.Delays = svc.Environment, svc.Delays

	watch := machine.Begin()
	for _, out := range outputs {
		out.file.Environment, _ = watch.End() // a journal's first line wants one
		journal, err := results.CreateJournal(out.paths.journal, out.file)
		if err != nil {
			return false, err
		}
		defer func() { err = errors.Join(err, journal.Close()) }()
		shared := &runner.Output{File: out.file, Journal: journal}
		for i := range config.Arms {
			if strings.HasSuffix(config.Arms[i].Label, "@"+out.label) || out.label == "" {
				config.Arms[i].Output = shared
			}
		}
	}
	runErr := runner.Run(ctx, config)
	config.Observer.(*progress).clear()
	environment, warnings := watch.End()
	for _, out := range outputs {
		out.file.Environment, out.file.Warnings = environment, warnings
		if out.earlier != nil {
			out.file.Environment.Started = out.earlier.Environment.Started
			out.file.Warnings = mergedWarnings(out.earlier, out.file)
		}
	}
	return true, runErr
}

// programs is what was built for one output.
type programs struct {
	binaries map[string]build.Binary
	files    map[string][]results.Function // what a function consists of, by its program's name
	origin   build.Origin
	python   string // version of the interpreter, "" without one
}

// buildAll makes the functions of every output; the services are those of the
// tree as it is.
func (a *app) buildAll(ctx context.Context, f *runFlags, p *plan, outputs []*output, work string) ([]programs, error) {
	var functions, all []build.Program
	var store, target bool
	for _, s := range p.scenarios {
		for _, v := range p.variants {
			if f.runtime == runtimeGo {
				functions = append(functions, build.FunctionProgram(s.Name, v.Name))
			}
		}
		store, target = store || s.Store, target || s.Target
	}
	all = slices.Clone(functions)
	if store && p.store == nil {
		all = append(all, build.ServiceProgram("dtstore"))
	}
	if target && p.target == nil {
		all = append(all, build.ServiceProgram("dttarget"))
	}
	var built []programs
	for i, out := range outputs {
		wanted := functions
		if i == 0 {
			wanted = all
		}
		dir := filepath.Join(work, "programs-"+out.label)
		if err := os.Mkdir(dir, 0o755); err != nil {
			return nil, err
		}
		binaries, origin, err := build.Programs(ctx, build.Options{
			Executable: a.executable, Version: moduleVersion(), WorkDir: a.workDir, Revision: out.revision,
			Notify: func(text string) {
				if !f.quiet {
					a.note("%s", text)
				}
			},
		}, dir, wanted)
		if err != nil {
			return nil, err
		}
		b := programs{binaries: binaries, files: map[string][]results.Function{}, origin: origin}
		if f.runtime == runtimePython {
			if err := b.addPython(ctx, p, dir); err != nil {
				return nil, err
			}
		}
		built = append(built, b)
	}
	return built, nil
}

// openLog opens the file for what functions print. Only its owner may read it:
// a function under test may print anything.
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

// newFile makes the result without samples, and the arms behind it. Arms of
// different outputs carry its label: optimized@base.
func newFile(p *plan, info platforms.Info, label string, built programs) (*results.File, []runner.Arm) {
	file := &results.File{Schema: results.Schema, Status: results.Interrupted, Experiment: p.experiment}
	file.Experiment.Provenance, file.Experiment.Limits = results.Provenance(info.Provenance), info.Limits
	file.Tool = results.Tool{Name: "dtbench", Version: built.origin.Version, Commit: built.origin.Commit, Dirty: built.origin.Dirty, Python: built.python}
	var arms []runner.Arm
	for _, v := range p.variants {
		name := v.Name
		if label != "" {
			name += "@" + label
		}
		arm := runner.Arm{Label: name, Variant: v, Binaries: map[string]build.Binary{}}
		listed := results.Arm{Label: name, Variant: v.Name, Functions: []results.Function{}}
		for _, s := range p.scenarios {
			program := build.FunctionProgram(s.Name, v.Name).Name
			b := built.binaries[program]
			arm.Binaries[s.Name] = b
			if files := built.files[program]; files != nil {
				listed.Functions = append(listed.Functions, files...)
			} else {
				listed.Functions = append(listed.Functions, results.Function{Scenario: s.Name, File: program, SHA256: b.SHA256, Bytes: b.Bytes})
			}
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

// mergedWarnings keeps what was said of the earlier part of a resumed run, and
// says where its two parts come from different machines.
func mergedWarnings(earlier, now *results.File) []string {
	all := slices.Clone(earlier.Warnings)
	a, b := earlier.Environment, now.Environment
	if a.CPU != b.CPU || a.Kernel != b.Kernel || a.CPUs != b.CPUs {
		all = append(all, fmt.Sprintf("the run was resumed on another machine: it began on %s (%d processors, kernel %s) and ended on %s (%d, %s)",
			a.CPU, a.CPUs, a.Kernel, b.CPU, b.CPUs, b.Kernel))
	}
	for _, w := range now.Warnings {
		if !slices.Contains(all, w) {
			all = append(all, w)
		}
	}
	return all
}

// resumable refuses to add samples of one experiment to those of another.
func resumable(earlier, now *results.File) error {
	differences := results.Differences(earlier.Experiment, now.Experiment)
	if earlier.Tool.Python != now.Tool.Python {
		differences = append(differences, fmt.Sprintf("python: %s in the file, %s now", cmp.Or(earlier.Tool.Python, "none"), cmp.Or(now.Tool.Python, "none")))
	}
	for i := range now.Arms {
		if i >= len(earlier.Arms) || !slices.Equal(earlier.Arms[i].Functions, now.Arms[i].Functions) {
			differences = append(differences, "the binaries of "+now.Arms[i].Label+" were built from other code")
		}
	}
	if len(differences) > 0 {
		return errDifferent(differences)
	}
	return nil
}

func errDifferent(differences []string) error {
	return usagef("use the same flags, or --force to start again", "cannot resume: %s", strings.Join(differences, "; "))
}
