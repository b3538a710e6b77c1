package core

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core/audit"
	"github.com/dtbench/dtbench/core/audit/trail"
)

func valueOf(t *testing.T, g *Guard, key string) string {
	t.Helper()
	var got string
	if err := g.Use(requestID, key, func(v []byte) error { got = string(v); return nil }); err != nil {
		t.Errorf("%s: %v", key, err)
	}
	return got
}

func TestAfterRestore(t *testing.T) {
	env := twoSecrets()
	g := newGuard(t, Config{Environment: env})
	s := internals(g)
	id, key, text := g.InstanceID(), s.macKey, env.values["API_KEY"]
	box := s.values["API_KEY"].box
	aead := s.sealer.aead
	sealed := *s.values["API_KEY"]
	sealed.box = bytes.Clone(sealed.box)
	token, used := issue(t, g, requestID, "API_KEY"), issue(t, g, requestID, "API_KEY")
	if err := g.Open(requestID, "API_KEY", used, ignore); err != nil {
		t.Fatal(err)
	}

	if err := g.AfterRestore(); err != nil {
		t.Fatal(err)
	}
	if g.InstanceID() == id || s.macKey == key || env.values["API_KEY"] == text || s.sealer.aead == aead {
		t.Error("id, keys or ciphertext are those of before")
	}
	if !bytes.Equal(box, make([]byte, len(box))) {
		t.Error("the ciphertext of before is still there")
	}
	func() {
		defer func() { _ = recover() }()
		if _, err := aead.Open(nil, nil, sealed.box, sealed.associated); err == nil {
			t.Error("the key of before still opens values")
		}
	}()
	if s.registry.size() != 0 {
		t.Error("nonces of before are still there")
	}
	for _, old := range []Token{token, used} {
		if err := g.Open(requestID, "API_KEY", old, ignore); err != ErrDenied {
			t.Errorf("a token of before: %v", err)
		}
	}
	if count(g, badMAC) != 2 {
		t.Error("they were refused for another reason than their MAC")
	}
	if valueOf(t, g, "API_KEY") != apiKey || valueOf(t, g, "DB_PASSWORD") != password {
		t.Error("the values changed")
	}
	g.Close()
	if err := g.AfterRestore(); err != ErrClosed {
		t.Errorf("after Close: %v", err)
	}
}

// Two copies of one snapshot have nothing in common once they know.
func TestClonesPart(t *testing.T) {
	clock := newClock()
	random := &counting{}
	clone := func() *Guard { return newGuard(t, Config{Clock: clock.read, Random: &counting{next: random.next}}) }
	a, b := clone(), clone()
	token := issue(t, a, requestID, "API_KEY")
	if err := b.Open(requestID, "API_KEY", token, ignore); err != nil {
		t.Fatalf("clones that do not know: %v", err)
	}
	internals(b).random = nil
	if err := b.AfterRestore(); err != nil {
		t.Fatal(err)
	}
	if err := b.Open(requestID, "API_KEY", issue(t, a, requestID, "API_KEY"), ignore); err != ErrDenied {
		t.Errorf("after the restore: %v", err)
	}
}

// Keys that were used before a restore make and verify no token after it, even if
// chance gave the same instance id again.
func TestRestoreChangesTheKeysOfRules(t *testing.T) {
	for _, algorithm := range []string{"", "sha512"} {
		p := quiet()
		p.Keys = map[string]KeyPolicy{"API_KEY": {Algorithm: algorithm}}
		start := make([]byte, instanceSize+2*keySize)
		again := bytes.Clone(start)
		again[len(again)-1] = 1 // of the MAC key
		random := io.MultiReader(bytes.NewReader(start), io.LimitReader(&counting{}, nonceSize), bytes.NewReader(again), &counting{})
		g := newGuard(t, Config{Policy: p, Random: random})
		id, token := g.InstanceID(), issue(t, g, requestID, "API_KEY")
		if err := g.AfterRestore(); err != nil || g.InstanceID() != id {
			t.Fatal(err)
		}
		if err := g.Open(requestID, "API_KEY", token, ignore); err != ErrDenied || count(g, badMAC) != 1 {
			t.Errorf("%q: %v", algorithm, err)
		}
		if err := g.Use(requestID, "API_KEY", ignore); err != nil {
			t.Errorf("%q: %v", algorithm, err)
		}
	}
}

func TestRestoreThatFails(t *testing.T) {
	check := func(what string, spoil func(s *state, env *variables), want error) {
		t.Helper()
		env := twoSecrets()
		g := newGuard(t, Config{Environment: env})
		s := internals(g)
		old := s.sealer.aead
		sealed := *s.values["API_KEY"]
		sealed.box = bytes.Clone(sealed.box)
		spoil(s, env)
		if err := g.AfterRestore(); err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v", what, err)
		}
		if err := g.Use(requestID, "API_KEY", ignore); err != ErrClosed {
			t.Errorf("%s: the guard goes on: %v", what, err)
		}
		func() {
			defer func() { _ = recover() }()
			if _, err := old.Open(nil, nil, sealed.box, sealed.associated); err == nil {
				t.Errorf("%s: the old key is still there", what)
			}
		}()
	}
	check("no randomness", func(s *state, _ *variables) { s.random = errorReader{} }, errNoEntropy)
	check("read-only environment", func(_ *state, env *variables) { env.refuse = "API_KEY" }, errReadOnly)
	check("altered ciphertext", func(s *state, _ *variables) { s.values["API_KEY"].box[0] ^= 1 }, nil)
}

func TestReplace(t *testing.T) {
	clock := newClock()
	env := twoSecrets()
	g := newGuard(t, Config{Environment: env, Clock: clock.read})
	text := env.values["API_KEY"]
	value := []byte(strings.Repeat("a new and longer value ", 20))
	want := string(value)
	if err := g.Replace("API_KEY", value, clock.read().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(value, make([]byte, len(value))) {
		t.Error("the caller's bytes were not wiped")
	}
	if env.values["API_KEY"] == text || !strings.HasPrefix(env.values["API_KEY"], sealedPrefix) {
		t.Error("the environment holds the old ciphertext")
	}
	if got := valueOf(t, g, "API_KEY"); got != want {
		t.Errorf("opened %q", got)
	}
	if valueOf(t, g, "DB_PASSWORD") != password {
		t.Error("another value changed")
	}

	clock.advance(time.Minute - 1)
	token := issue(t, g, requestID, "API_KEY")
	if got := valueOf(t, g, "API_KEY"); got != want {
		t.Errorf("just before its end: %q", got)
	}
	clock.advance(1)
	if err := g.Open(requestID, "API_KEY", token, ignore); err != ErrDenied || count(g, expired) != 1 {
		t.Errorf("expired: %v", err)
	}
	if _, err := g.Issue(requestID, "API_KEY"); err != ErrExpired {
		t.Errorf("Issue: %v", err)
	}
	if err := g.Replace("API_KEY", []byte("without end"), time.Time{}); err != nil {
		t.Fatal(err)
	}
	clock.advance(1000 * time.Hour)
	if got := valueOf(t, g, "API_KEY"); got != "without end" {
		t.Errorf("opened %q", got)
	}
	if err := g.AfterRestore(); err != nil || valueOf(t, g, "API_KEY") != "without end" {
		t.Errorf("after a restore: %v", err)
	}
	if err := g.Replace("API_KEY", []byte("of the past"), time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Issue(requestID, "API_KEY"); err != ErrExpired {
		t.Errorf("with an end in 1970: %v", err)
	}

	refused := func(key string, want error) {
		t.Helper()
		value := []byte(password)
		if err := g.Replace(key, value, time.Time{}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", key, err, want)
		}
		if value[0] != 0 {
			t.Error("the caller's bytes were not wiped")
		}
	}
	refused("OTHER", ErrUnknownKey)
	env.refuse = "DB_PASSWORD"
	refused("DB_PASSWORD", errReadOnly)
	if valueOf(t, g, "DB_PASSWORD") != password {
		t.Error("the value is lost")
	}
	if err := g.Replace("API_KEY", nil, time.Time{}); !errors.Is(err, ErrConfig) {
		t.Errorf("nothing: %v", err)
	}
	g.Close()
	refused("API_KEY", ErrClosed)
}

// twoClocks are wall and boot time that a test moves apart.
type twoClocks struct {
	wall manualClock
	up   time.Duration
}

func (c *twoClocks) boot() time.Duration {
	c.wall.mu.Lock()
	defer c.wall.mu.Unlock()
	return c.up
}

func (c *twoClocks) move(wall, boot time.Duration) {
	c.wall.mu.Lock()
	defer c.wall.mu.Unlock()
	c.wall.now, c.up = c.wall.now.Add(wall), c.up+boot
}

func TestGapOfTheClocksRenewsTheKeys(t *testing.T) {
	check := func(wall, boot time.Duration, want bool) {
		t.Helper()
		c := &twoClocks{wall: manualClock{now: newClock().now}, up: time.Hour}
		g := newGuard(t, Config{Clock: c.wall.read, BootClock: c.boot})
		id := g.InstanceID()
		used, waiting := issue(t, g, requestID, "API_KEY"), issue(t, g, requestID, "API_KEY")
		if err := g.Open(requestID, "API_KEY", used, ignore); err != nil {
			t.Fatal(err)
		}
		c.move(wall, boot)
		err := g.Open(requestID, "API_KEY", waiting, ignore)
		if (count(g, clocksApart) == 1) != want || (g.InstanceID() != id) != want || want && err != ErrDenied {
			t.Errorf("wall time by %v, boot time by %v: %v, %d gaps", wall, boot, err, count(g, clocksApart))
		}
		if err := g.Open(requestID, "API_KEY", used, ignore); err != ErrDenied {
			t.Errorf("wall time by %v, boot time by %v: a used token: %v", wall, boot, err)
		}
		if err := g.Use(requestID, "API_KEY", ignore); err != nil {
			t.Errorf("afterwards: %v", err)
		}
		if count(g, clocksApart) > 1 {
			t.Error("a gap was seen twice")
		}
	}
	check(time.Second, time.Second, false)
	check(time.Hour, time.Hour, false) // asleep
	check(time.Second, 0, false)
	check(time.Second+1, 0, true)
	check(0, time.Second, false)
	check(0, time.Second+1, true)  // wall time stood still
	check(time.Hour, 0, true)      // restored from a snapshot
	check(-time.Hour, 0, true)     // wall time set back
	check(-time.Second, 0, false)  // by less than the tolerance
	check(-time.Second-1, 0, true) // by more
	check(0, time.Hour, true)      // asleep, and wall time set back
}

// Many small steps, as of a clock that is slewed, are no gap.
func TestSlewingIsNoGap(t *testing.T) {
	c := &twoClocks{wall: manualClock{now: newClock().now}}
	g := newGuard(t, Config{Clock: c.wall.read, BootClock: c.boot})
	for range 10 {
		c.move(time.Second, time.Second+300*time.Millisecond)
		if err := g.Use(requestID, "API_KEY", ignore); err != nil || count(g, clocksApart) != 0 {
			t.Fatalf("%v, %d gaps", err, count(g, clocksApart))
		}
	}
}

// Who comes late finds the keys renewed, or the guard closed.
func TestLateRenewal(t *testing.T) {
	g := newGuard(t, Config{})
	s := internals(g)
	before := s.generation
	s.renewAfterGap(before)
	s.renewAfterGap(before)
	if s.generation != before+1 {
		t.Errorf("renewed %d times", s.generation-before)
	}
	g.Close()
	s.renewAfterGap(s.generation)
	if s.generation != before+1 {
		t.Error("renewed after Close")
	}
}

// Use tries again with the new keys.
func TestUseSurvivesAGap(t *testing.T) {
	c := &twoClocks{wall: manualClock{now: newClock().now}}
	g := newGuard(t, Config{Clock: c.wall.read, BootClock: c.boot})
	for range 3 {
		c.move(time.Hour, 0)
		if got := valueOf(t, g, "API_KEY"); got != apiKey {
			t.Errorf("%q", got)
		}
	}
	if count(g, clocksApart) != 3 || count(g, granted) != 3 {
		t.Errorf("%d gaps, %d grants", count(g, clocksApart), count(g, granted))
	}
	// Clocks that never agree are refused and not tried for ever.
	internals(g).clocks.boot = func() time.Duration { c.move(0, time.Hour); return c.up }
	if err := g.Use(requestID, "API_KEY", ignore); err != ErrDenied || count(g, clocksApart) != 5 {
		t.Errorf("%v after %d gaps", err, count(g, clocksApart))
	}
}

func TestManySeeAGapOneRenews(t *testing.T) {
	c := &twoClocks{wall: manualClock{now: newClock().now}}
	g := newGuard(t, Config{Clock: c.wall.read, BootClock: c.boot})
	generation := internals(g).generation
	c.move(time.Hour, 0)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if err := g.Use(requestID, "API_KEY", ignore); err != nil && err != ErrDenied {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := internals(g).generation; n != generation+1 {
		t.Errorf("%d generations", n-generation)
	}
}

// The system's own clocks: wall time against monotonic time first.
func TestCheapWitness(t *testing.T) {
	var boot, asked time.Duration
	c := &clocks{base: time.Now(), boot: func() time.Duration { asked++; return boot }}
	second := int64(time.Second)
	check := func(wall, mono int64, up time.Duration, want, asks bool) {
		t.Helper()
		boot, asked = up, 0
		if got := c.gapAt(wall, mono); got != want || (asked == 1) != asks {
			t.Errorf("wall %d, mono %d, boot %d: gap %v, boot time asked %d times", wall, mono, up, got, asked)
		}
	}
	check(0, 0, 0, false, false)
	check(bootEvery-1, bootEvery-1, 0, false, false)
	check(bootEvery, bootEvery, time.Millisecond, false, true)
	check(bootEvery+1, bootEvery+1, time.Millisecond, false, false)
	check(2*bootEvery, 2*bootEvery, 2*time.Millisecond, false, true)
	// Asleep for a minute: wall and boot time agree, monotonic time stood still.
	check(2*bootEvery+60*second, 2*bootEvery, 60*time.Second+2*time.Millisecond, false, true)
	check(2*bootEvery+60*second+1, 2*bootEvery+1, 0, false, false)
	// Wall time goes on and boot time does not: restored.
	check(2*bootEvery+70*second, 2*bootEvery+2, 60*time.Second+2*time.Millisecond, true, true)
	// A quarter of the tolerance is believed without asking.
	c = &clocks{base: c.base, boot: c.boot}
	check(gapTolerance/4, 0, 0, false, false)
	check(gapTolerance/4+1, 0, 0, false, true)
	check(-gapTolerance/4, 0, 0, false, true) // that moved what is normal
}

func TestSystemClocks(t *testing.T) {
	before := bootTime()
	if before <= 0 || bootTime() < before {
		t.Error("boot time does not run")
	}
	g := newGuard(t, Config{})
	if internals(g).clocks.base.IsZero() || internals(g).clocks.boot == nil {
		t.Error("the system's clocks are not compared")
	}
	for range 3 {
		if err := g.Use(requestID, "API_KEY", ignore); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Millisecond)
	}
	if count(g, clocksApart) != 0 {
		t.Error("a gap was seen")
	}
	// As if it had been restored from a snapshot.
	internals(g).clocks.offset.Add(-int64(time.Hour))
	internals(g).clocks.drift.Add(-int64(time.Hour))
	id := g.InstanceID()
	if err := g.Use(requestID, "API_KEY", ignore); err != nil || g.InstanceID() == id {
		t.Errorf("%v, same id %v", err, g.InstanceID() == id)
	}
}

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
	sink := &stuck{hold: make(chan struct{})}
	log, err := audit.New(audit.Options{Sink: audit.NewSink(sink), Mode: audit.Async})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close(time.Second)
	defer sink.release.Do(func() { close(sink.hold) })
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
	sink := &stuck{hold: make(chan struct{})}
	log, err := audit.New(audit.Options{Sink: audit.NewSink(sink), Mode: audit.Async})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close(time.Second)
	defer sink.release.Do(func() { close(sink.hold) })
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
