// Package platformtest is the conformance suite of platforms: what the
// interface's comments promise, tried on real instances. An adapter calls Run
// from its tests.
package platformtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/platforms/platformtest/orders"
	"github.com/dtbench/dtbench/scenarios/build"
	"github.com/dtbench/dtbench/scenarios/build/buildtest"
	"github.com/dtbench/dtbench/scenarios/function"
)

// Settings are what a case wants of the platform.
type Settings struct {
	Timeout time.Duration // of initialisation and of an invocation
	Log     *Log          // where the functions' output goes
	// Asleep, which may be nil, is for a suite that runs functions in process,
	// where time does not pass by itself: its faulty function must call it when it
	// has begun to sleep.
	Asleep func()
}

// Suite is an adapter under test.
type Suite struct {
	// Open makes a platform with no CPU limit and, where it can, a memory limit
	// of 512 MB.
	Open func(t *testing.T, s Settings) platforms.Platform
	// Leftovers lists what is left of closed instances (processes, cgroups,
	// files). Empty is good.
	Leftovers func(t *testing.T) []string
	// InProcess is what platforms.Function.Binary is to be for an adapter whose
	// functions have no processes, and which runs package orders itself; empty for
	// one that gets the command faulty.
	InProcess string
}

// faulty is the function that does as it is told.
var faulty = build.Program{Name: "faulty", Package: "platforms/platformtest/faulty"}

const (
	secret     = "canary-5f1e0c7a-value"
	policyMark = "canary-91b3-policy"
)

// Run runs the suite.
func Run(t *testing.T, s Suite) {
	binary := s.InProcess
	if binary == "" {
		binary = buildtest.Programs(t, faulty)[faulty.Name].Path
	}
	runFor := func(timeout time.Duration, name string, f func(t *testing.T, c *conversation)) {
		t.Run(name, func(t *testing.T) {
			log := &Log{}
			c := &conversation{t: t, log: log, fn: platforms.Function{
				Name: "faulty/test", Binary: binary,
				Settings: map[string]string{}, Secrets: map[string]string{"SECRET": secret},
			}}
			c.platform = s.Open(t, Settings{Timeout: timeout, Log: log, Asleep: func() {
				if c.asleep != nil {
					c.asleep()
				}
			}})
			f(t, c)
			if err := c.platform.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
			if strings.Contains(log.String(), secret) {
				t.Error("the log holds the secret")
			}
			if left := s.Leftovers(t); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
	run := func(name string, f func(t *testing.T, c *conversation)) { runFor(time.Minute, name, f) }

	run("the first invocation is cold and the following are hot", func(t *testing.T, c *conversation) {
		in := c.prepare()
		var first function.Answer
		for n := 1; n <= 3; n++ {
			inv := c.mustInvoke(in, `{"do":"nothing"}`)
			a := c.answer(inv)
			if a.Invocation != n {
				t.Errorf("invocation %d counts %d", n, a.Invocation)
			}
			if n == 1 {
				first = a
			}
			if a.Instance != first.Instance {
				t.Error("another instance answered")
			}
			if (inv.Start != nil) != (n == 1) {
				t.Errorf("invocation %d: start time %v", n, inv.Start)
			}
			if inv.Total < time.Duration(a.Timings.Handler) || inv.MemoryBytes <= 0 || inv.RequestID == "" {
				t.Errorf("invocation %d: implausible %+v", n, inv)
			}
			if way := a.Timings.Entered - inv.Began; c.platform.Info().SharedClock && (way <= 0 || way > int64(inv.Total)) {
				t.Errorf("invocation %d: %d ns to the handler of %s", n, way, inv.Total)
			}
		}
		c.close(in)
		other := c.prepare()
		if a := c.answer(c.mustInvoke(other, `{}`)); a.Instance == first.Instance || a.Invocation != 1 {
			t.Error("a second instance is not new")
		}
		c.close(other)
	})

	run("the function's own time is part of the total", func(t *testing.T, c *conversation) {
		in := c.prepare()
		inv := c.mustInvoke(in, `{"do":"sleep","ms":50}`)
		if h := time.Duration(c.answer(inv).Timings.Handler); h < 50*time.Millisecond || inv.Total < h {
			t.Errorf("slept 50ms: handler %s, total %s", h, inv.Total)
		}
		c.close(in)
	})

	run("an instance that never started closes", func(_ *testing.T, c *conversation) {
		c.close(c.prepare())
	})

	run("a handler's error leaves the instance alive", func(_ *testing.T, c *conversation) {
		in := c.prepare()
		c.mustFail(in, `{"do":"error"}`, platforms.ErrHandler, "told to return an error")
		c.mustInvoke(in, `{}`)
		c.close(in)
	})

	run("an answer that is not JSON is named as such", func(_ *testing.T, c *conversation) {
		in := c.prepare()
		c.mustFail(in, `{"do":"text"}`, platforms.ErrAnswer, "not json at all")
		c.mustInvoke(in, `{}`)
		c.close(in)
	})

	run("a panic is a crash with the function's last lines", func(_ *testing.T, c *conversation) {
		in := c.prepare()
		c.mustFail(in, `{"do":"panic"}`, platforms.ErrCrash, "told to panic with [redacted]")
		c.mustBeDead(in)
		c.close(in)
	})

	run("an exit is a crash with the function's last lines", func(_ *testing.T, c *conversation) {
		in := c.prepare()
		c.mustInvoke(in, `{}`)
		c.mustFail(in, `{"do":"exit"}`, platforms.ErrCrash, "last words with [redacted]")
		c.mustBeDead(in)
		c.close(in)
	})

	run("a guard's termination is told apart, and a replacement works", func(_ *testing.T, c *conversation) {
		in := c.prepare()
		c.mustInvoke(in, `{}`)
		c.mustFail(in, `{"do":"terminate"}`, platforms.ErrTerminated, "last words with [redacted]")
		c.mustBeDead(in)
		replacement := c.prepare()
		c.mustInvoke(replacement, `{}`)
		c.close(in)
		c.mustInvoke(replacement, `{}`)
		c.close(replacement)
	})

	run("a guard's termination is told apart in initialisation", func(_ *testing.T, c *conversation) {
		c.fn.Settings["FAULTY_INIT"] = "terminate"
		in := c.prepare()
		c.mustFail(in, `{}`, platforms.ErrTerminated, "86")
		c.mustBeDead(in)
		c.close(in)
	})

	run("the policy is handed over once and leaves no trace", func(t *testing.T, c *conversation) {
		traces := func() (tr orders.Traces) {
			in := c.prepare()
			a := c.answer(c.mustInvoke(in, `{"do":"policy"}`))
			c.close(in)
			data, err := json.Marshal(a.Result)
			if err == nil {
				err = json.Unmarshal(data, &tr)
			}
			if err != nil {
				t.Fatal(err)
			}
			return tr
		}
		for _, size := range []int{0, 11, 60 << 10} {
			c.fn.Policy = bytes.Repeat([]byte("rule:"+policyMark), size)[:size]
			for instance := range 2 {
				tr := traces()
				if !bytes.Equal(tr.Policy, c.fn.Policy) {
					t.Errorf("instance %d got %d bytes of %d", instance+1, len(tr.Policy), size)
				}
				if tr.Pipes != 0 {
					t.Errorf("%d pipes are open after the policy was read and its descriptor closed", tr.Pipes)
				}
				for _, place := range append(tr.Environment, tr.Arguments...) {
					if strings.Contains(place, policyMark) {
						t.Errorf("the policy shows in %q", place)
					}
				}
			}
		}
		c.fn.Policy = nil
		tr := traces()
		if tr.Pipes > 0 || len(tr.Policy) > 0 || slices.ContainsFunc(tr.Environment, func(e string) bool { return strings.HasPrefix(e, platforms.PolicyDescriptor) }) {
			t.Error("a function without a policy is handed one")
		}
		if strings.Contains(c.log.String(), policyMark) {
			t.Error("the log holds the policy")
		}
	})

	run("a failing initialisation is told apart", func(_ *testing.T, c *conversation) {
		c.fn.Settings["FAULTY_INIT"] = "fail"
		in := c.prepare()
		c.mustFail(in, `{}`, platforms.ErrInit, "told to fail")
		c.mustBeDead(in)
		c.close(in)
	})

	runFor(time.Second, "an initialisation that hangs times out", func(_ *testing.T, c *conversation) {
		c.fn.Settings["FAULTY_INIT"] = "hang"
		in := c.prepare()
		c.mustFail(in, `{}`, platforms.ErrTimeout, "not ready within 1s")
		c.close(in)
	})

	runFor(time.Second, "a handler that hangs times out", func(_ *testing.T, c *conversation) {
		in := c.prepare()
		c.mustFail(in, `{"do":"sleep","ms":11000}`, platforms.ErrTimeout, "no answer within 1s")
		c.mustBeDead(in)
		c.close(in)
	})

	run("a function beyond the memory limit is out of memory", func(t *testing.T, c *conversation) {
		if c.platform.Info().Limits == "none" {
			t.Log("this platform enforces no limits here: ", c.platform.Info().Notices)
			return
		}
		in := c.prepare()
		c.mustFail(in, `{"do":"allocate","mb":700}`, platforms.ErrOutOfMemory, "512 MB")
		c.close(in)
	})

	run("memory is the instance's own", func(t *testing.T, c *conversation) {
		in := c.prepare()
		small := c.mustInvoke(in, `{}`).MemoryBytes
		large := c.mustInvoke(in, `{"do":"allocate","mb":64}`).MemoryBytes
		if grown := large - small; grown < 60<<20 || grown > 80<<20 {
			t.Errorf("64 MiB more show as %d bytes more", grown)
		}
		c.close(in)
	})

	run("a cancelled invocation returns the cause and ends the instance", func(t *testing.T, c *conversation) {
		in := c.prepare()
		c.mustInvoke(in, `{}`)
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(context.Background())
		if s.InProcess != "" {
			c.asleep = func() { cancel(cause) }
		} else {
			time.AfterFunc(20*time.Millisecond, func() { cancel(cause) })
		}
		if _, err := in.Invoke(ctx, []byte(`{"do":"sleep","ms":900}`)); !errors.Is(err, cause) {
			t.Errorf("got %v, want the cause", err)
		}
		c.mustBeDead(in)
		c.close(in)
	})

	run("children of the function end with the instance", func(_ *testing.T, c *conversation) {
		in := c.prepare()
		if s.InProcess != "" {
			// There are no processes: a function that wants one is told so and
			// goes on.
			c.mustFail(in, `{"do":"child"}`, platforms.ErrHandler, orders.ErrNoProcesses.Error())
			c.mustInvoke(in, `{}`)
		} else {
			c.mustInvoke(in, `{"do":"child"}`)
		}
		c.close(in)
	})
}

// conversation is one case: a platform, a function, and its log.
type conversation struct {
	t        *testing.T
	platform platforms.Platform
	fn       platforms.Function
	log      *Log
	asleep   func() // told when an in-process function sleeps
}

func (c *conversation) prepare() platforms.Instance {
	c.t.Helper()
	in, err := c.platform.Prepare(context.Background(), c.fn)
	if err != nil {
		c.t.Fatalf("Prepare: %v", err)
	}
	c.t.Cleanup(func() { _ = in.Close() }) // for a case that ends early
	return in
}

func (c *conversation) mustInvoke(in platforms.Instance, event string) platforms.Invocation {
	c.t.Helper()
	inv, err := in.Invoke(context.Background(), []byte(event))
	if err != nil {
		c.t.Fatalf("Invoke(%s): %v", event, err)
	}
	return inv
}

func (c *conversation) mustFail(in platforms.Instance, event string, want error, text string) {
	c.t.Helper()
	_, err := in.Invoke(context.Background(), []byte(event))
	var f *platforms.FunctionError
	if !errors.Is(err, want) || !errors.As(err, &f) {
		c.t.Fatalf("Invoke(%s): got %v, want %v", event, err, want)
	}
	if !strings.Contains(err.Error(), text) {
		c.t.Errorf("Invoke(%s): %q does not say %q", event, err, text)
	}
	if strings.Contains(err.Error(), secret) {
		c.t.Errorf("Invoke(%s): the error holds the secret", event)
	}
}

func (c *conversation) mustBeDead(in platforms.Instance) {
	c.t.Helper()
	if _, err := in.Invoke(context.Background(), []byte(`{}`)); err == nil {
		c.t.Error("a dead instance answered")
	}
}

func (c *conversation) close(in platforms.Instance) {
	c.t.Helper()
	for range 2 { // the second does nothing
		if err := in.Close(); err != nil {
			c.t.Errorf("Close: %v", err)
		}
	}
}

func (c *conversation) answer(inv platforms.Invocation) function.Answer {
	c.t.Helper()
	var a function.Answer
	if err := json.Unmarshal(inv.Answer, &a); err != nil {
		c.t.Fatalf("answer: %v", err)
	}
	return a
}

// Log is a buffer that several goroutines may write.
type Log struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
