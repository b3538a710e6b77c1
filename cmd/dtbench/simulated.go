package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/platforms/registry"
	"github.com/dtbench/dtbench/platforms/simulated"
	"github.com/dtbench/dtbench/platforms/simulated/model"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
	"github.com/dtbench/dtbench/results/profiles"
	"github.com/dtbench/dtbench/runner"
	"github.com/dtbench/dtbench/runner/machine"
	"github.com/dtbench/dtbench/runner/services"
	"github.com/dtbench/dtbench/scenarios/build"
)

func presetNames() []string {
	var names []string
	for _, p := range model.Presets() {
		names = append(names, string(p))
	}
	return names
}

// notSimulated are flags about what a simulated platform answers for
// itself, and about builds that it does not need.
var notSimulated = []struct{ flag, hint string }{
	{"against", "it compares builds, and a simulated platform charges for none: use --platform local"},
	{"contract", "handlers are called in process"},
	{"latency", "the waits are the model's"},
	{"object-size", "the published figures state no size, and the model has none"},
	{"store-endpoint", "the platform answers for the store itself"},
	{"store-bucket", "the platform answers for the store itself"},
	{"store-access-key", "the platform answers for the store itself"},
	{"store-secret-file", "the platform answers for the store itself"},
	{"region", "there is none"},
	{"target-url", "the platform answers for the target itself"},
	{"resume", "a simulated run takes a moment: --force starts it again"},
}

// checkPlatform refuses flags that the platform has no use for, and gives it the
// scenarios that it has figures for when none were named.
func checkPlatform(f *runFlags, e registry.Entry) error {
	if f.live {
		hint := "leave --live out: " + e.Name + " runs simulated"
		if !e.Simulated {
			hint = "leave --live out: " + e.Name + " is this machine"
		}
		return usagef(hint, "--live: live deployment is not in this version")
	}
	if !e.Simulated {
		if f.changed("preset") {
			return usagef("leave it out, or use --platform aliyun or tencent", "--preset is for simulated platforms, and %s measures", e.Name)
		}
		return nil
	}
	for _, n := range notSimulated {
		if f.changed(n.flag) {
			return usagef(n.hint, "--%s makes no sense on the simulated platform %s", n.flag, e.Name)
		}
	}
	if _, err := choice("preset", f.preset, presetNames()); err != nil {
		return err
	}
	for _, v := range f.variants {
		if slices.Contains(variantNames(runtimeVariants(f.runtime)), v) && !slices.Contains(simulated.Variants(), v) {
			return usagef("choose "+strings.Join(simulated.Variants(), ", ")+", or use --platform local", "variant %s cannot be simulated: nothing was published to calibrate it on", v)
		}
	}
	if e.Scenarios != nil && !f.changed("scenario") {
		f.scenarios = e.Scenarios
	}
	return nil
}

// profileOf is the cost profile that a runtime is charged by.
var profileOf = map[string]string{runtimeGo: profiles.Go, runtimePython: profiles.PaperPython}

// calibrate fits the model and says in the experiment what it rests on.
func (p *plan) calibrate(f *runFlags) error {
	parameters, err := model.Load()
	if err != nil {
		return err
	}
	published, err := paper.Load()
	if err != nil {
		return err
	}
	profile, err := profiles.Load(profileOf[f.runtime])
	if err != nil {
		return err
	}
	if p.model, err = model.Calibrate(parameters, model.Preset(f.preset), published, profile); err != nil {
		return err
	}
	e := &p.experiment
	e.Preset, e.Profile, e.ParametersSHA256 = f.preset, profile.Name, p.model.ParameterHash()
	e.Contract = simulated.Contract
	e.Store, e.Target = services.InProcess, services.InProcess
	return nil
}

// simulate runs the experiment on a simulated platform and fills the output's
// file. Nothing is built and nothing is started.
func (a *app) simulate(ctx context.Context, f *runFlags, p *plan, out *output) (ran bool, err error) {
	log, err := openLog(p.paths.log, false)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, closeLog(log)) }()
	platform, err := p.entry.Open(registry.Options{
		MemoryBytes: int64(p.experiment.MemoryMB) << 20, VCPU: p.experiment.VCPU, CPUPeriod: p.cpuPeriod, Timeout: p.timeout, Log: log,
		Seed: p.experiment.Seed, Model: p.model,
	})
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, platform.Close()) }()
	for _, notice := range platform.Info().Notices {
		a.note("%s", notice)
	}
	file, arms := newFile(p, platform.Info(), "", a.inProcess(p))
	if err := p.setBasis(file); err != nil {
		return false, err
	}
	out.file = file
	account := platform.(interface{ Account() simulated.Account }).Account()
	svc := services.Fixed(
		services.Store{Endpoint: account.Endpoint, Region: account.Region, Bucket: account.Bucket, AccessKey: account.AccessKey, SecretKey: account.SecretKey},
		services.Target{URL: account.TargetURL, Key: account.TargetKey}, p.experiment.ObjectSize,
	)
	watch := machine.Begin()
	file.Environment, _ = watch.End() // a journal's first line wants one
	journal, err := results.CreateJournal(out.paths.journal, file)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	shared := &runner.Output{File: file, Journal: journal}
	for i := range arms {
		arms[i].Output = shared
	}
	progress := newProgress(a.stderr, terminalWidth(a.stderr), f.quiet, a.now)
	runErr := runner.Run(ctx, runner.Config{
		Platform: platform, Scenarios: p.scenarios, Arms: arms, Environment: svc.Environment,
		Seed: p.experiment.Seed, Runs: p.experiment.Runs, Observer: progress,
	})
	progress.clear()
	// Warnings about a busy machine do not concern virtual time.
	file.Environment, _ = watch.End()
	return true, runErr
}

// inProcess is what a simulated platform takes for binaries: names.
func (a *app) inProcess(p *plan) programs {
	built := programs{binaries: map[string]build.Binary{}, files: map[string][]results.Function{}, origin: build.Origin{Version: moduleVersion()}}
	built.origin.Commit, built.origin.Dirty = sourceRevision()
	for _, s := range p.scenarios {
		for _, v := range p.variants {
			name := build.FunctionProgram(s.Name, v.Name).Name
			built.binaries[name] = build.Binary{Path: simulated.ProgramName(s.Name, v.Name), Go: runtime.Version()}
			built.files[name] = []results.Function{}
		}
	}
	return built
}

// setBasis marks the cells that no published figure stands behind.
func (p *plan) setBasis(file *results.File) error {
	for i := range file.Cells {
		c := &file.Cells[i]
		var err error
		if c.Basis, err = p.model.Basis(model.Cell{Platform: p.entry.Name, Scenario: c.Scenario, Variant: c.Variant, Start: c.Start}); err != nil {
			return fmt.Errorf("%s/%s: %w", c.Scenario, c.Variant, err)
		}
	}
	return nil
}
