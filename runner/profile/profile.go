// Package profile measures cost profiles: what the token mechanism costs by
// itself (package results/profiles says what for).
//
// The profile of the Go core follows from a run of the local platform
// (results/profiles.FromRun), apart from what a used nonce takes, which is measured
// here. That of the Python stand-in is measured here as a whole, in processes that do nothing else: each imports the mechanism in a
// context, initialises it and uses it, and says what that took in processor time and
// memory. Processes run one at a time and contexts alternate in a seeded random
// order, so that drift of the machine hits all alike.
package profile

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/profiles"
	"github.com/dtbench/dtbench/runner/machine"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/python"
)

// ErrUnsupported is returned on another system than Linux, whose /proc tells the
// memory of a process.
var ErrUnsupported = errors.New("measuring a cost profile needs Linux (/proc)")

// Options of Go and Python.
type Options struct {
	// Processes per context and build, in Go guards: profiles.MinProcesses or more.
	Processes int
	// Command is what the samples name as the command that repeats them.
	Command string
	// Version, Commit and Dirty say which dtbench measures.
	Version, Commit string
	Dirty           bool
	Seed            uint64 // of the order
}

// one process: a script in a context and build.
type task struct{ script, context, build string }

// Python measures the Python stand-in with the interpreter that python.Find
// finds. It takes some 80 ms per process, of which there are 14 times Processes.
// The error matches ErrUnsupported, python.ErrMissing or python.ErrScripts, or says
// which process failed how.
func Python(ctx context.Context, o Options) (_ *profiles.Samples, err error) {
	if runtime.GOOS != "linux" {
		return nil, ErrUnsupported
	}
	if o.Processes < profiles.MinProcesses {
		return nil, fmt.Errorf("%d processes per context, at least %d are needed", o.Processes, profiles.MinProcesses)
	}
	interpreter, err := python.Find(ctx)
	if err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp("", "dtbench-profile-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	m := measurer{interpreter: interpreter, work: work}
	var tasks []task
	for _, build := range profiles.Builds() {
		dir := filepath.Join(work, build)
		if err := os.Mkdir(dir, 0o755); err != nil {
			return nil, err
		}
		if err := interpreter.Unpack(ctx, dir, python.Form(build)); err != nil {
			return nil, err
		}
		tasks = append(tasks, task{"measure_nonces", profiles.Bare, build})
		for _, context := range profiles.Contexts() {
			tasks = append(tasks, task{"measure_token", context, build})
		}
	}

	s := &profiles.Samples{
		Schema: profiles.SamplesSchema, Profile: profiles.PaperPython, Command: o.Command,
		Tool: results.Tool{Name: "dtbench", Version: o.Version, Commit: o.Commit, Dirty: o.Dirty, Python: interpreter.Version},
	}
	for _, t := range tasks { // uncounted: the page cache is warm then
		if _, err := m.run(ctx, t); err != nil {
			return nil, err
		}
	}
	rng := mathrand.New(mathrand.NewPCG(o.Seed, 0))
	watch := machine.Begin()
	for range o.Processes {
		for _, i := range rng.Perm(len(tasks)) {
			values, err := m.run(ctx, tasks[i])
			if err != nil {
				return nil, err
			}
			for quantity, value := range values {
				s.Add(quantity, tasks[i].context, tasks[i].build, value)
			}
		}
	}
	s.Environment, s.Warnings = watch.End()
	s.Sort()
	return s, s.Validate()
}

type measurer struct {
	interpreter python.Interpreter
	work        string
}

// run runs one process and returns what it measured.
func (m measurer) run(ctx context.Context, t task) (map[profiles.Quantity]float64, error) {
	name := t.script + ".py"
	if t.build == profiles.Binary {
		name += "c"
	}
	command := append(m.interpreter.Command(), filepath.Join(m.work, t.build, name), t.context)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	var key [20]byte // a secret as long as those of the embedded services
	_, _ = rand.Read(key[:])
	cmd.Env = []string{
		"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=en_US.UTF-8", "TZ=:UTC",
		scenarios.EncryptionKeys + "=" + scenarios.APIKey, scenarios.APIKey + "=" + hex.EncodeToString(key[:]),
	}
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	if err != nil {
		lines := strings.Split(strings.TrimSpace(complaint.String()), "\n")
		return nil, fmt.Errorf("%s in %s (%s): %w: %s", t.script, t.context, t.build, err, lines[len(lines)-1])
	}
	values := map[profiles.Quantity]float64{}
	if err := json.Unmarshal(out, &values); err != nil {
		return nil, fmt.Errorf("%s in %s (%s): %w", t.script, t.context, t.build, err)
	}
	return values, nil
}
