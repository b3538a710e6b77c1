package simulated

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/platforms/simulated/model"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/scenarios/function"
)

// instance is one running copy of a function in this process.
type instance struct {
	platform  *Platform
	fn        platforms.Function
	program   Program
	cold, hot *model.Stream
	world     *World
	running   *function.Instance // nil before the first invocation
	dead      bool
}

func newInstance(p *Platform, fn platforms.Function, program Program, number uint64) (*instance, error) {
	in := &instance{platform: p, fn: fn, program: program}
	var err error
	if in.cold, err = p.stream(program, results.Cold); err != nil {
		return nil, err
	}
	if in.hot, err = p.stream(program, results.Hot); err != nil {
		return nil, err
	}
	in.world = newWorld(p, fn, number)
	return in, nil
}

// errDead: an instance that ended, or was closed, is invoked.
var errDead = errors.New("the instance has ended")

// Invoke runs the function once; the first call starts it.
func (in *instance) Invoke(ctx context.Context, event []byte) (inv platforms.Invocation, err error) {
	if err := context.Cause(ctx); err != nil {
		in.end()
		return inv, err
	}
	if in.dead {
		return inv, in.failed(platforms.ErrCrash, errDead.Error())
	}
	w, clock := in.world, &in.platform.clock
	stream := in.hot
	if in.running == nil {
		stream = in.cold
	}
	draw := stream.Next()
	w.begin(ctx, draw, in.accesses(results.Hot))
	inv = platforms.Invocation{RequestID: in.platform.requestID(), MemoryBytes: w.memory()}
	began := clock.shared()
	clock.advance(duration(draw.ProvisionMS + draw.RuntimeMS))

	if in.running == nil {
		if err := in.start(draw); err != nil {
			return inv, err
		}
		start := time.Duration(clock.shared() - began)
		inv.Start = &start
	}
	w.limit("no answer", in.platform.options.Timeout)
	var answer []byte
	var failure error
	if err := in.guarded(ctx, platforms.ErrCrash, func() {
		answer, failure = in.invoke(ctx, function.Request{ID: inv.RequestID, Event: event})
	}); err != nil {
		return inv, err
	}
	inv.Total = time.Duration(clock.shared() - began)
	reported, throttled := duration(w.reported()), duration(draw.ThrottledMS)
	inv.Reported, inv.Throttled, inv.MemoryBytes = &reported, &throttled, w.memory()
	inv.Answer = answer
	switch {
	case failure != nil:
		return inv, in.failed(platforms.ErrHandler, w.redact.Replace(failure.Error()))
	case !json.Valid(answer):
		text := w.redact.Replace(string(answer[:min(len(answer), 4096)]))
		return inv, in.failed(platforms.ErrAnswer, fmt.Sprintf("%d bytes that start with %q", len(answer), text[:min(len(text), 40)]))
	}
	return inv, nil
}

func (in *instance) invoke(ctx context.Context, req function.Request) ([]byte, error) {
	if in.program.Invoke != nil {
		return in.program.Invoke(ctx, in.running, req)
	}
	return in.running.Invoke(ctx, req)
}

// start is the function's main, up to its first request for an event.
func (in *instance) start(draw model.Draw) error {
	w := in.world
	w.limit("not ready", in.platform.options.Timeout)
	return in.guarded(w.ctx, platforms.ErrInit, func() {
		running, err := function.StartOn(function.Host{
			Setting: w.Setting, Random: w.random, Now: in.platform.clock.now, Shared: in.platform.clock.shared,
		}, in.setup(), func() (function.Secrets, error) {
			w.charge(draw.InitMS)
			secrets, err := in.program.Secrets(w)
			return charged{secrets, w}, err
		})
		if err != nil {
			w.Print("function: initialisation failed: " + err.Error())
			w.Exit(1)
		}
		running.Ready()
		in.running = running
	})
}

// setup is the program's, its handler charged for its own work.
func (in *instance) setup() function.Setup {
	setup := in.program.Setup(in.world)
	return func(setting func(string) string) (function.Handler, error) {
		handler, err := setup(setting)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, req function.Request, secrets function.Secrets) (any, error) {
			in.world.charge(in.world.draw.WorkMS)
			return handler(ctx, req, secrets)
		}, nil
	}
}

// accesses is n_s of the program's cell.
func (in *instance) accesses(start results.Start) int {
	n, err := in.platform.options.Model.Accesses(model.Cell{
		Platform: in.platform.options.Name, Scenario: in.program.Scenario, Variant: in.program.Variant, Start: start,
	})
	if err != nil {
		return 0 // the streams of the cell would not be there
	}
	return n
}

// guarded runs code of the function and says how it ended the instance, if it
// did. died is what an end means at this stage.
func (in *instance) guarded(ctx context.Context, died error, f func()) (err error) {
	w := in.world
	defer func() {
		ended := recover()
		if ended == nil && w.exited.Load() >= 0 { // a guard that cannot unwind the stack
			ended = exit(w.exited.Load())
		}
		if ended == nil {
			return
		}
		in.end()
		switch e := ended.(type) {
		case exit:
			kind := died
			if e == platforms.ExitTerminated {
				kind = platforms.ErrTerminated
			}
			err = in.failed(kind, fmt.Sprintf("exit status %d", int(e)))
		case late:
			err = in.failed(platforms.ErrTimeout, string(e))
		case outOfMemory:
			err = in.failed(platforms.ErrOutOfMemory, fmt.Sprintf("killed at the limit of %d MB", in.platform.options.MemoryBytes>>20))
		case cancelled:
			err = context.Cause(ctx)
		default:
			for line := range strings.Lines(fmt.Sprintf("panic: %v", ended)) {
				w.Print(strings.TrimSuffix(line, "\n"))
			}
			err = in.failed(died, "it panicked")
		}
	}()
	w.checkMemory()
	f()
	return nil
}

// failed is a failure of the function with its last lines.
func (in *instance) failed(kind error, detail string) error {
	return &platforms.FunctionError{Kind: kind, Function: in.fn.Name, Detail: detail, Tail: in.world.lastLines()}
}

// end lets go of the function.
func (in *instance) end() {
	if !in.dead {
		in.dead = true
		in.world.close()
	}
}

// Close ends the instance.
func (in *instance) Close() error {
	in.end()
	return nil
}
