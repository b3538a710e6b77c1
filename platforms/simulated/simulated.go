// Package simulated is a FaaS platform that cannot be reached from here, such as
// Function Compute or SCF without an account: virtual time, seeded, calibrated on
// the paper's benchmark rows (package model).
//
// What a function does is real: the scenario's handler and the token core run in
// this process, requests to the object store are signed and the signatures are
// checked, secrets are sealed, issued, verified and opened. What it costs is the
// model's: the clock moves only when the platform charges for something that the
// function did, a start, an access to a secret, a write, a request. The parts of
// the function that time nothing therefore cost nothing but the handler's share.
//
// The same model, seed and functions give the same answers. It is no security
// boundary: functions share the process, and each other's memory.
package simulated

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/platforms/simulated/model"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/scenarios/function"
)

// The platforms that can be simulated.
const (
	Aliyun  = "aliyun"  // Function Compute
	Tencent = "tencent" // Serverless Cloud Function
)

// Contract is what stands where other platforms name theirs: handlers are called
// in this process.
const Contract = "in-process"

// ErrProgram: a function whose code is not in this process.
var ErrProgram = errors.New("the simulated platform has no such function")

// Options configure a simulated platform.
type Options struct {
	Name  string       // Aliyun or Tencent
	Model *model.Model // under the quota of the experiment
	Seed  uint64
	// Programs is the code of the functions, by platforms.Function.Binary; nil
	// means Programs().
	Programs    map[string]Program
	MemoryBytes int64         // limit of an instance; 0 is none
	Timeout     time.Duration // of an initialisation and of an invocation, virtual
	Log         io.Writer     // gets what functions print, a line at a time with secrets redacted; nil discards it
}

// Program is the code of a function, and the cell of the model that it is
// charged as.
type Program struct {
	Scenario, Variant string
	// Setup and Secrets make the handler and its way to the secrets.
	Setup   func(w *World) function.Setup
	Secrets func(w *World) (function.Secrets, error)
	// Invoke runs the function once; nil means function.Instance.Invoke.
	Invoke func(ctx context.Context, in *function.Instance, req function.Request) ([]byte, error)
}

// Platform is a simulated platform.
type Platform struct {
	options  Options
	account  Account
	clock    clock
	log      lockedWriter
	streams  map[model.Cell]*model.Stream
	created  map[string]uint64 // instances by function
	requests uint64
}

// Open sets the platform up. It needs no network and touches no file.
func Open(o Options) (*Platform, error) {
	if o.Timeout <= 0 {
		return nil, errors.New("simulated: the timeout must be positive")
	}
	if o.Model == nil {
		return nil, errors.New("simulated: there is no model")
	}
	if o.Programs == nil {
		o.Programs = Programs()
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	p := &Platform{options: o, account: newAccount(o.Seed), log: lockedWriter{w: o.Log}, streams: map[model.Cell]*model.Stream{}, created: map[string]uint64{}}
	// An unknown name or a model without this platform shows here.
	if _, err := p.stream(Program{Scenario: "hello", Variant: "benchmark"}, results.Hot); err != nil {
		return nil, fmt.Errorf("simulated platform %q: %w", o.Name, err)
	}
	return p, nil
}

// Info says what the platform is.
func (p *Platform) Info() platforms.Info {
	return platforms.Info{
		Name: p.options.Name, Provenance: string(p.options.Model.Provenance()), Contract: Contract, Limits: "model", VirtualTime: true,
		Notices: []string{
			fmt.Sprintf("%s is simulated: a model calibrated on the published benchmark rows, preset %s; no account is used and nothing is measured", p.options.Name, p.options.Model.Preset()),
		},
	}
}

// Account is what functions need to reach the store and the target that the
// platform answers for.
func (p *Platform) Account() Account { return p.account }

// Prepare makes an instance of fn that has not started. The error wraps
// ErrProgram when the code is not there.
func (p *Platform) Prepare(ctx context.Context, fn platforms.Function) (platforms.Instance, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	program, ok := p.options.Programs[fn.Binary]
	if !ok {
		return nil, fmt.Errorf("%w: %s (%q)", ErrProgram, fn.Name, fn.Binary)
	}
	p.created[fn.Name]++
	return newInstance(p, fn, program, p.created[fn.Name])
}

// Close has nothing to do: an instance holds all there is.
func (p *Platform) Close() error { return nil }

// stream is where the samples of a program's cell come from. Arms are
// interleaved, so they share the drift of their batch.
func (p *Platform) stream(program Program, start results.Start) (*model.Stream, error) {
	cell := model.Cell{Platform: p.options.Name, Scenario: program.Scenario, Variant: program.Variant, Start: start}
	if s, ok := p.streams[cell]; ok {
		return s, nil
	}
	s, err := p.options.Model.Interleaved(p.options.Seed, cell)
	if err == nil {
		p.streams[cell] = s
	}
	return s, err
}

// requestID is the next one, unique on the platform.
func (p *Platform) requestID() string {
	p.requests++
	return fmt.Sprintf("%s-%012d", p.options.Name, p.requests)
}

// lockedWriter lets instances, and the goroutines of their logs, share one log.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) line(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = io.WriteString(l.w, text+"\n")
}
