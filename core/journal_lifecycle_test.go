package core

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core/audit"
	"github.com/dtbench/dtbench/core/audit/trail"
)

// A log that the caller supplied is written out before the instance ends, and
// stays open: it is not the guard's.
func TestTerminationWritesOutASuppliedLog(t *testing.T) {
	check := func(end func(g *Guard), want ...string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "audit")
		sink, err := audit.OpenFile(path)
		if err != nil {
			t.Fatal(err)
		}
		defer sink.Close()
		log, err := audit.New(audit.Options{Sink: sink, Mode: audit.Async, FlushInterval: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close(time.Second)
		var atExit []byte
		end(newGuard(t, Config{
			Audit: log, Policy: &Policy{Response: ResponsePolicy{AlertAfter: -1, TerminateAfter: 1}},
			Exit: func(int) { atExit, _ = os.ReadFile(path) },
		}))
		var records []map[string]any
		for line := range strings.Lines(string(atExit)) {
			var r map[string]any
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatal(err)
			}
			records = append(records, r)
		}
		if got := summaries(records); !slices.Equal(got, want) {
			t.Errorf("in the file at exit\n got %q\nwant %q", got, want)
		}
		if err := log.Append(&audit.Record{Event: audit.Sealed, Result: audit.Done}); err != nil {
			t.Errorf("the log of the caller was closed: %v", err)
		}
	}
	check(func(g *Guard) { g.Open(requestID, "API_KEY", Token{}, ignore) },
		"opened done", "sealed done", "verify denied malformed", "terminated done too_many_failures")
	check(func(g *Guard) { g.Revoke() },
		"opened done", "sealed done", "revoked done operator", "terminated done operator")
}

// What waits is in the file when Flush returns.
func TestFlush(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit")
	sink, err := audit.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	log, err := audit.New(audit.Options{Sink: sink, FlushInterval: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close(time.Second)
	check := func(g *Guard, ctx context.Context, want error, denied int) {
		t.Helper()
		if err := g.Flush(ctx); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
		if data, err := os.ReadFile(path); err != nil || bytes.Count(data, []byte("denied")) != denied {
			t.Errorf("%v, want %d refusals in\n%s", err, denied, data)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	g := newGuard(t, Config{Audit: log, Policy: &Policy{Response: ResponsePolicy{AlertAfter: -1}}})
	refused := func() { g.Open(requestID, "API_KEY", Token{}, ignore) }
	refused()
	check(g, ended, context.Canceled, 0)
	check(g, t.Context(), nil, 1)
	refused()
	check(g, late, nil, 2)
	g.Close()
	check(g, t.Context(), ErrClosed, 2)
	check(newGuard(t, Config{}), t.Context(), nil, 2)
}

// A sink that hangs holds Flush up until the deadline, or for the bound.
func TestFlushDoesNotWaitForASinkThatHangs(t *testing.T) {
	log, release := hangingLog(t, audit.Options{Mode: audit.Async})
	defer release()
	g := newGuard(t, Config{Audit: log, Policy: &Policy{}})
	waits := func(patience time.Duration) time.Duration {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		start := time.Now()
		if err := g.Flush(ctx); err == nil {
			t.Error("flushed")
		}
		return time.Since(start)
	}
	if took := waits(time.Hour); took < flushBound {
		t.Errorf("gave up after %v", took)
	}
	for try := 0; waits(time.Millisecond) >= flushBound; try++ { // other load can hold up one, not all
		if try == 9 {
			t.Fatal("the deadline does not count")
		}
	}
}

// A sink that hangs holds the end up for no longer than the bound.
func TestTerminationDoesNotWaitForASinkThatHangs(t *testing.T) {
	log, release := hangingLog(t, audit.Options{Mode: audit.Async})
	defer release()
	ended := make(chan struct{})
	g := newGuard(t, Config{Audit: log, Policy: &Policy{}, Exit: func(int) { close(ended) }})
	go g.Revoke()
	select {
	case <-ended:
	case <-time.After(20 * flushBound):
		t.Error("the instance does not end")
	}
}

// After a restore the log goes on in a chain of its own, under the new instance
// id, and names the chain of before: for a log of the guard's as for one that was
// supplied, and after a gap of the clocks as after a call.
func TestRestoreStartsANewAuditChain(t *testing.T) {
	check := func(what string, supplied bool, restore func(g *Guard, c *twoClocks)) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "audit")
		c := &twoClocks{wall: manualClock{now: newClock().now}, up: time.Hour}
		cfg := Config{Clock: c.wall.read, BootClock: c.boot, Policy: &Policy{Audit: AuditPolicy{Sink: "file:" + path}}}
		if supplied {
			sink, err := audit.OpenFile(path)
			if err != nil {
				t.Fatal(err)
			}
			defer sink.Close()
			log, err := audit.New(audit.Options{Sink: sink, GrantBound: time.Second, Context: audit.Context{Instance: audit.Identify("of-the-caller")}})
			if err != nil {
				t.Fatal(err)
			}
			defer log.Close(time.Second)
			cfg.Audit = log
		}
		g := newGuard(t, cfg)
		s := internals(g)
		id := g.InstanceID()
		if supplied {
			id = "of-the-caller"
		}
		old, _, _ := s.log.Head()
		restore(g, c)
		fresh, _, _ := s.log.Head()
		if fresh == old {
			t.Errorf("%s: the chain is that of before", what)
		}
		if err := s.log.Flush(time.Second); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var restored bool
		report, err := trail.Verify(f, trail.Options{}, func(e *trail.Entry) error {
			switch {
			case e.Chain == old && e.Instance != id, e.Chain == fresh && e.Instance != g.InstanceID():
				t.Errorf("%s: %s of chain %s names instance %q", what, e.Event, e.Chain, e.Instance)
			case e.Chain == fresh && e.Sequence == 1 && (e.Event != "opened" || !strings.HasPrefix(e.After, old+":")):
				t.Errorf("%s: the new chain starts with %+v", what, e)
			case e.Event == "restored":
				restored = e.Chain == fresh
			}
			return nil
		})
		if err != nil || report.Break != nil || !restored {
			t.Errorf("%s: %v, %+v, restored in the new chain: %v", what, err, report.Break, restored)
		}
	}
	for _, supplied := range []bool{false, true} {
		check("AfterRestore", supplied, func(g *Guard, _ *twoClocks) {
			if err := g.AfterRestore(); err != nil {
				t.Fatal(err)
			}
		})
		check("a gap", supplied, func(g *Guard, c *twoClocks) {
			c.move(time.Hour, 0)
			if err := g.Use(requestID, "API_KEY", ignore); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestRestoreWithALogThatCannotGoOn(t *testing.T) {
	open := func() (*Guard, *audit.Log) {
		// One chain id and no more.
		log, err := audit.New(audit.Options{Sink: audit.NewSink(new(journal)), Mode: audit.Async, Random: failing(audit.ChainSize)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { log.Close(time.Second) })
		return newGuard(t, Config{Audit: log, Policy: &Policy{}}), log
	}
	g, _ := open()
	if err := g.AfterRestore(); !errors.Is(err, errNoEntropy) {
		t.Errorf("no chain id: %v", err)
	}
	if err := g.Use(requestID, "API_KEY", ignore); err != ErrClosed {
		t.Errorf("the guard goes on with the chain of another copy: %v", err)
	}
	j := new(journal)
	closed, err := audit.New(audit.Options{Sink: audit.NewSink(j)})
	if err != nil {
		t.Fatal(err)
	}
	g = newGuard(t, Config{Audit: closed, Policy: &Policy{}})
	closed.Close(time.Second)
	if err := g.AfterRestore(); err != nil {
		t.Errorf("a log that its owner has closed: %v", err)
	}
}
