package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/dtbench/dtbench/platforms/local"
	"github.com/dtbench/dtbench/results"
	attackresults "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/runner/attack"
	"github.com/dtbench/dtbench/runner/machine"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/build"
)

// ordinaryUser is nobody on most systems. Any user without rights would do.
const ordinaryUser = 65534

// runAttacks carries out the chosen attacks.
func (a *app) runAttacks(ctx context.Context, f *attackFlags, chosen []attack.Attack) (*attackresults.File, error) {
	expected, err := attackresults.Expected()
	if err != nil {
		return nil, err
	}
	return a.inLab(ctx, f, func(lab *attack.Lab, file *attackresults.File) (err error) {
		for _, c := range chosen {
			file.Attacks = append(file.Attacks, c.Description)
		}
		file.Cells, file.Quantities, err = attack.Run(ctx, attack.Config{
			Attacks: chosen, Variants: f.variants, Expected: expected, Lab: lab, Done: a.attackProgress(f),
		})
		return err
	})
}

// inLab builds what is attacked, has run fill in a file, and leaves nothing behind.
func (a *app) inLab(ctx context.Context, f *attackFlags, run func(*attack.Lab, *attackresults.File) error) (_ *attackresults.File, err error) {
	if runtime.GOOS != "linux" {
		return nil, local.ErrUnsupported
	}
	work, err := newWorkFolder()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()

	file := &attackresults.File{
		Schema: attackresults.Schema, Status: results.Complete, Provenance: results.Measured, Platform: local.Name,
		User: attackresults.Ordinary, Harness: attackresults.Ordinary, Seed: f.seed, Limits: attackresults.Limits, Variants: f.variants,
		Attacks: []attackresults.Description{}, Cells: []attackresults.Cell{}, Quantities: []attackresults.Quantity{},
	}
	programs, err := a.buildAttacks(ctx, f, work, file)
	if err != nil {
		return nil, err
	}
	o := attack.LabOptions{
		Programs: func(name string) (string, bool) { b, ok := programs[name]; return b.Path, ok },
		WorkDir:  work, Seed: f.seed,
	}
	if os.Geteuid() == 0 {
		// The ordinary user must get at the programs, and at nothing else here.
		if err := os.Chmod(work, 0o711); err != nil {
			return nil, err
		}
		if err := openToAll(work); err != nil {
			return nil, err
		}
		file.Harness = attackresults.Root
		o.User = &local.User{UID: ordinaryUser, GID: ordinaryUser}
		if !f.quiet {
			a.note("functions and attackers run as user %d, since root would hide what users can do to each other", ordinaryUser)
		}
	}
	watch := machine.Begin()
	err = run(attack.NewLab(o), file)
	file.Environment, file.Warnings = watch.End()
	return file, err
}

// openToAll refuses a folder that an ordinary user cannot enter: every attack
// would be one that could not run.
func openToAll(dir string) error {
	for ; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o001 == 0 {
			return usagef("set TMPDIR to a folder that every user may enter", "functions run as user %d, who may not enter %s", ordinaryUser, dir)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// buildAttacks makes the probe builds. Those with steered clocks are in no
// release: where they cannot be built the attacks that need them cannot run.
func (a *app) buildAttacks(ctx context.Context, f *attackFlags, work string, file *attackresults.File) (map[string]build.Binary, error) {
	// Of every variant: some attacks try themselves on another one first, or take
	// tokens from there.
	variants := scenarios.Variants()
	o := build.Options{
		Executable: a.executable, Version: moduleVersion(), WorkDir: a.workDir,
		Notify: func(text string) {
			if !f.quiet {
				a.note("%s", text)
			}
		},
	}
	dir, err := programFolder(work, "programs")
	if err != nil {
		return nil, err
	}
	binaries, origin, err := build.Programs(ctx, o, dir, build.AttackPrograms(variants))
	if err != nil {
		return nil, err
	}
	file.Tool = results.Tool{Name: "dtbench", Version: origin.Version, Commit: origin.Commit, Dirty: origin.Dirty}
	for _, b := range binaries {
		file.Tool.Go = b.Go
	}
	if dir, err = programFolder(work, "clock-programs"); err != nil {
		return nil, err
	}
	o.Executable = "" // not beside a released executable
	clocks, _, err := build.Programs(ctx, o, dir, build.ClockPrograms(variants))
	switch {
	case context.Cause(ctx) != nil:
		return nil, context.Cause(ctx)
	case errors.Is(err, build.ErrNoToolchain):
		a.note("no probe builds with steered clocks, which no release has: the go command was not found")
	case err != nil:
		a.note("no probe builds with steered clocks: %v", err)
	}
	for name, b := range clocks {
		binaries[name] = b
	}
	return binaries, nil
}

// programFolder makes a folder for programs that every user may run.
func programFolder(work, name string) (string, error) {
	dir := filepath.Join(work, name)
	return dir, errors.Join(os.Mkdir(dir, 0o755), os.Chmod(dir, 0o755)) // whatever the umask
}

// attackProgress prints a line for each attack, once it has met every variant.
func (a *app) attackProgress(f *attackFlags) func(attackresults.Cell) {
	if f.quiet {
		return nil
	}
	var line []string
	return func(c attackresults.Cell) {
		word := string(c.Outcome)
		if c.Outcome == attackresults.NotApplicable {
			word = "–" // as in the matrix, and the line fits a terminal
		}
		if !c.AsExpected() {
			word += fmt.Sprintf(" (expected %s)", c.Expected)
		}
		line = append(line, c.Variant+" "+word)
		if len(line) == len(f.variants) {
			a.note("%s: %s", c.Attack, strings.Join(line, ", "))
			line = nil
		}
	}
}
