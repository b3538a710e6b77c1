package simulated

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/platforms/simulated/model"
	"github.com/dtbench/dtbench/scenarios/function"
)

// tailLines is how many of its last lines the error of a function carries.
const tailLines = 10

// World is what an instance has in place of a process: an environment, a clock,
// output, memory, a way out. Calls that end the instance do not return.
type World struct {
	platform *Platform
	prefix   string
	redact   *strings.Replacer
	random   io.Reader
	policy   []byte
	closers  []func() // run when the instance ends, the last first

	mu          sync.Mutex // environment and tail: a guard's log writes from a goroutine of its own
	environment map[string]string
	tail        []string

	exited    atomic.Int64 // status, or -1
	allocated int64        // bytes, beside the model's

	// Of the present invocation.
	ctx       context.Context
	draw      model.Draw
	access    float64 // ms of one access
	metered   float64 // ms charged so far
	deadline  time.Time
	lateWords string
}

func newWorld(p *Platform, fn platforms.Function, number uint64) *World {
	seed := sha256.Sum256(fmt.Appendf(nil, "dtbench/instance/v1 %d %s %s %d", p.options.Seed, p.options.Name, fn.Name, number))
	w := &World{
		platform: p, prefix: fmt.Sprintf("%s #%d | ", fn.Name, number), redact: platforms.Redactor(fn.Secrets),
		random: rand.NewChaCha8(seed), policy: slices.Clone(fn.Policy), environment: map[string]string{},
	}
	maps.Copy(w.environment, fn.Settings)
	maps.Copy(w.environment, fn.Secrets)
	w.exited.Store(-1)
	return w
}

// How an instance ends from within; recovered by instance.guarded.
type (
	exit        int
	late        string
	outOfMemory struct{}
	cancelled   struct{}
)

// begin is the start of an invocation for which draw is charged.
func (w *World) begin(ctx context.Context, draw model.Draw, accesses int) {
	w.ctx, w.draw, w.metered, w.access = ctx, draw, 0, 0
	if accesses > 0 {
		w.access = draw.AccessMS / float64(accesses)
	}
	w.metered = w.platform.options.Model.StartMetered(w.platform.options.Name, draw)
}

// limit sets how far virtual time may go from here.
func (w *World) limit(words string, timeout time.Duration) {
	w.deadline = w.platform.clock.now().Add(timeout)
	w.lateWords = fmt.Sprintf("%s within %s", words, timeout)
}

// charge lets ms of metered time pass.
func (w *World) charge(ms float64) {
	w.metered += ms
	w.Sleep(duration(ms))
}

// reported is what the platform meters of the invocation, in ms.
func (w *World) reported() float64 {
	return w.platform.options.Model.Quantise(w.platform.options.Name, w.metered)
}

// memory is what the platform says that the instance uses: bytes.
func (w *World) memory() int64 { return int64(w.draw.MemoryMB*1e6) + w.allocated }

func (w *World) checkMemory() {
	if limit := w.platform.options.MemoryBytes; limit > 0 && w.memory() > limit {
		panic(outOfMemory{})
	}
}

// Setting returns a variable of the environment, empty when it is not set.
func (w *World) Setting(name string) string {
	value, _ := w.LookupEnv(name)
	return value
}

// LookupEnv returns a variable and whether it is set.
func (w *World) LookupEnv(name string) (string, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	value, ok := w.environment[name]
	return value, ok
}

// Setenv replaces a variable.
func (w *World) Setenv(name, value string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.environment[name] = value
	return nil
}

// Environ lists the environment, sorted.
func (w *World) Environ() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]string, 0, len(w.environment))
	for name, value := range w.environment {
		list = append(list, name+"="+value)
	}
	slices.Sort(list)
	return list
}

// Policy is the function's policy, handed over once.
func (w *World) Policy() ([]byte, error) {
	policy := w.policy
	w.policy = nil
	return policy, nil
}

// Now is virtual time.
func (w *World) Now() time.Time { return w.platform.clock.now() }

// Sleep lets time pass that nothing is charged for: virtual time, at once. It
// ends the instance where its timeout lies within, or when the invocation was
// cancelled.
func (w *World) Sleep(d time.Duration) {
	if w.ctx.Err() != nil {
		panic(cancelled{})
	}
	clock := &w.platform.clock
	if left := w.deadline.Sub(clock.now()); d > left {
		clock.advance(left)
		panic(late(w.lateWords))
	}
	clock.advance(d)
}

// Allocate takes that many MiB beside what the model says.
func (w *World) Allocate(mb int) {
	w.allocated += int64(mb) << 20
	w.checkMemory()
}

// Exit ends the instance.
func (w *World) Exit(code int) { panic(exit(code)) }

// exitLater ends the instance when the function returns, for callers that hold
// locks.
func (w *World) exitLater(code int) { w.exited.CompareAndSwap(-1, int64(code)) }

// Print writes a line of the function's output, secrets redacted.
func (w *World) Print(line string) {
	line = w.redact.Replace(line)
	w.mu.Lock()
	w.tail = append(w.tail, line)
	if len(w.tail) > tailLines {
		w.tail = w.tail[1:]
	}
	w.mu.Unlock()
	w.platform.log.line(w.prefix + line)
}

// Write prints whole lines, for logs.
func (w *World) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		w.Print(strings.TrimRight(line, "\r\n"))
	}
	return len(p), nil
}

func (w *World) lastLines() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.tail)
}

func (w *World) close() {
	for _, f := range slices.Backward(w.closers) {
		f()
	}
	w.closers = nil
}

// charged charges for every access to a secret. What the handler does with the
// value is not part of it.
type charged struct {
	inner function.Secrets
	world *World
}

func (c charged) Use(requestID, name string, use func([]byte) error) error {
	if c.world.access > 0 {
		c.world.charge(c.world.access)
	}
	return c.inner.Use(requestID, name, use)
}
