package core

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core/audit"
)

func TestResponse(t *testing.T) {
	var r response
	r.policy = ResponsePolicy{AlertAfter: 2, BlockAfter: 3, BlockFor: Duration(time.Minute), TerminateAfter: 6}.complete()
	check := func(source string, at time.Duration, want step, row int) {
		t.Helper()
		if led, n := r.failed(source, int64(at)); led != want || n != row {
			t.Errorf("%q at %v: %d after %d, want %d after %d", source, at, led, n, want, row)
		}
	}
	isBlocked := func(source string, at time.Duration, want bool) {
		t.Helper()
		if got := r.blocked(source, int64(at)); got != want {
			t.Errorf("%q at %v: blocked %v", source, at, got)
		}
	}
	isBlocked("a", 0, false)
	check("a", 0, noted, 1)
	check("a", 0, alerted, 2)
	isBlocked("a", 0, false)
	check("a", 0, blocked, 3)
	isBlocked("a", 0, true)
	isBlocked("b", 0, false)
	isBlocked("", 0, false)
	isBlocked("a", time.Minute-1, true)
	isBlocked("a", time.Minute, false)
	check("b", time.Minute, noted, 1)
	r.succeeded("b")
	if r.failing.Load() != 0 {
		t.Error("a grant did not end the row of the instance")
	}
	check("b", time.Minute, noted, 1) // from the start again
	check("a", time.Minute, alerted, 1)
	check("", time.Minute, noted, 3)
	check("", time.Minute, noted, 4)
	check("", time.Minute, noted, 5)
	check("", time.Minute, terminated, 6)
	check("a", time.Minute, terminated, 7)
	r.succeeded("nobody")
	if r.watched.Load() != 2 {
		t.Errorf("%d sources", r.watched.Load())
	}
	r.succeeded("a")
	if r.watched.Load() != 1 || r.sources["a"] != nil {
		t.Error("a grant did not clear its source")
	}
}

// A block that is due with the alert, or before it, does not wait for it.
func TestBlockWithTheAlert(t *testing.T) {
	for _, alert := range []int{2, 3} {
		var r response
		r.policy = ResponsePolicy{AlertAfter: alert, BlockAfter: 2}.complete()
		if led, row := r.failed("a", 0); led != noted || row != 1 {
			t.Errorf("first failure: %d after %d", led, row)
		}
		if led, row := r.failed("a", 0); led != blocked || row != 2 || !r.blocked("a", 0) {
			t.Errorf("second failure, alert after %d: %d after %d", alert, led, row)
		}
	}
}

func TestResponseTurnedOff(t *testing.T) {
	var r response
	r.policy = ResponsePolicy{AlertAfter: -1, BlockAfter: -1, TerminateAfter: -1}.complete()
	for i := range 1000 {
		if led, _ := r.failed("a", 0); led != noted || r.blocked("a", 0) {
			t.Fatalf("failure %d led to %d", i, led)
		}
	}
	if p := (ResponsePolicy{}).complete(); p != (ResponsePolicy{3, 10, Duration(30 * time.Second), 100}) {
		t.Errorf("defaults: %+v", p)
	}
}

// Invented sources cannot make the table grow, nor push out one that is blocked,
// nor keep another from being blocked, at once or later.
func TestManySources(t *testing.T) {
	var r response
	r.policy = ResponsePolicy{BlockAfter: 2, TerminateAfter: -1}.complete()
	r.failed("bad", 0)
	r.failed("bad", 0)
	for i := range 3*maxSources + 1 {
		if led, _ := r.failed(fmt.Sprint(i), int64(i)); led == blocked || len(r.sources) > maxSources {
			t.Fatalf("source %d led to %d, with %d sources", i, led, len(r.sources))
		}
	}
	if !r.blocked("bad", 1) || r.watched.Load() != int64(len(r.sources)) {
		t.Errorf("%d sources, of which %d count; blocked: %v", len(r.sources), r.watched.Load(), r.blocked("bad", 1))
	}
	now := int64(3*maxSources + 1)
	for _, source := range []string{"worse", fmt.Sprint(3 * maxSources), fmt.Sprint(3*maxSources - maxSources/2)} {
		if r.sources[source] == nil {
			r.failed(source, now)
		}
		if led, _ := r.failed(source, now); led != blocked || !r.blocked(source, now) {
			t.Errorf("%s failed twice and was not blocked", source)
		}
	}
	if r.overflow.failing != 0 {
		t.Error("there was room to be made")
	}
}

// fillSources watches sources with one failure each.
func fillSources(r *response, now int64) {
	for i := 0; len(r.sources) < maxSources; i++ {
		if name := fmt.Sprint(i); r.sources[name] == nil {
			r.failed(name, now)
		}
	}
}

func TestRoomForSources(t *testing.T) {
	block := int64(time.Minute)
	full := func() *response {
		r := new(response)
		r.policy = ResponsePolicy{AlertAfter: -1, BlockAfter: 3, BlockFor: Duration(block), TerminateAfter: -1}.complete()
		r.failed("first", 0)
		for range 3 {
			r.failed("blocked", 1)
		}
		fillSources(r, 2)
		return r
	}
	r := full()
	r.failed("late", 3) // nothing is stale: a quarter goes, the first of all among it
	if len(r.sources) != maxSources-maxSources/4+1 || r.sources["first"] != nil || r.sources["blocked"] == nil || r.sources["late"] == nil {
		t.Errorf("%d sources are left", len(r.sources))
	}
	r = full()
	r.failed("late", 1+block) // a block that is over makes room
	if len(r.sources) != maxSources || r.sources["first"] == nil || r.sources["blocked"] != nil {
		t.Errorf("%d sources are left", len(r.sources))
	}
	r = full()
	delete(r.sources, "blocked")
	fillSources(r, 2)
	r.failed("1", 1000)
	r.failed("late", staleBlocks*block+1) // only the first is stale
	if len(r.sources) != maxSources || r.sources["first"] != nil {
		t.Errorf("%d sources are left", len(r.sources))
	}
	r.failed("2", staleBlocks*block+2)
	r.failed("later", staleBlocks*block+3)
	if len(r.sources) != 4 || r.sources["1"] == nil || r.sources["2"] == nil { // and late and later
		t.Errorf("%d sources are left", len(r.sources))
	}

	r = full()
	for name := range r.sources {
		for !r.blocked(name, 3) {
			r.failed(name, 3)
		}
	}
	for range 3 {
		if led, _ := r.failed("one more", 4); led == blocked || r.blocked("one more", 4) || len(r.sources) != maxSources {
			t.Error("a source without an entry is blocked")
		}
	}
	if r.overflow.failing != 3 {
		t.Errorf("%d failures were counted", r.overflow.failing)
	}
}

func TestBlockedSource(t *testing.T) {
	clock := newClock()
	g := guardWith(t, func(p *Policy) {
		p.Response = ResponsePolicy{AlertAfter: 1, BlockAfter: 2, BlockFor: Duration(time.Second), TerminateAfter: -1}
	}, clock)
	mallory, alice := Request{ID: requestID, Source: "mallory"}, Request{ID: requestID, Source: "alice"}
	for range 2 {
		g.OpenFor(mallory, "API_KEY", Token{}, ignore)
	}
	token, _ := g.IssueFor(mallory, "API_KEY")
	if err := g.OpenFor(mallory, "API_KEY", token, ignore); err != ErrDenied || count(g, sourceBlocked) != 1 {
		t.Errorf("a blocked source: %v", err)
	}
	if err := g.UseFor(alice, "API_KEY", ignore); err != nil {
		t.Errorf("another source: %v", err)
	}
	if err := g.Use(requestID, "API_KEY", ignore); err != nil {
		t.Errorf("no source: %v", err)
	}
	clock.advance(time.Second)
	if err := g.OpenFor(mallory, "API_KEY", token, ignore); err != nil {
		t.Errorf("after the block, the token that was refused: %v", err)
	}
}

func TestTermination(t *testing.T) {
	code := 0
	p := quiet()
	p.Response.TerminateAfter = 3
	g := newGuard(t, Config{Policy: p, Exit: func(c int) { code = c }})
	sealer := internals(g).sealer
	fail := func() error { return g.Open(requestID, "API_KEY", Token{}, ignore) }
	fail()
	fail()
	if err := g.Use(requestID, "API_KEY", ignore); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if code != 0 {
			t.Fatalf("terminated by refusal %d after a grant", i)
		}
		if err := fail(); err != ErrDenied {
			t.Error(err)
		}
	}
	if code != ExitTerminated || ExitTerminated != 86 {
		t.Errorf("exit code %d", code)
	}
	if err := g.Use(requestID, "API_KEY", ignore); err != ErrClosed {
		t.Errorf("afterwards: %v", err)
	}
	if internals(g).macKey != [keySize]byte{} || internals(g).plainKey != [keySize]byte{} || len(internals(g).values) != 0 || sealer.aead == nil {
		t.Error("keys or values are left")
	}
}

// What is not the caller's fault ends no instance.
func TestInnocentRefusalsDoNotCount(t *testing.T) {
	p := quiet()
	p.Response.TerminateAfter = 1
	clock := newClock()
	g := newGuard(t, Config{Policy: p, MaxNonces: 1, Clock: clock.read, Exit: func(int) { t.Error("terminated") }})
	g.Use(requestID, "API_KEY", ignore)
	for range 3 {
		if err := g.Use(requestID, "API_KEY", ignore); err != ErrDenied {
			t.Errorf("a full registry: %v", err)
		}
	}
	clock.advance(time.Minute)
	failed := errors.New("failed")
	for range 3 {
		clock.advance(time.Minute)
		if err := g.Use(requestID, "API_KEY", func([]byte) error { return failed }); err != failed {
			t.Errorf("a function's own failure: %v", err)
		}
	}
	if s := g.Stats(); s.Granted != 4 || s.Denied != 3 || s.RegistryFull != 3 || s.Unrecorded != 0 || s.Nonces != 1 {
		t.Errorf("%+v", s)
	}
}

func TestRevoke(t *testing.T) {
	codes := []int{}
	g := newGuard(t, Config{Exit: func(c int) { codes = append(codes, c) }})
	g.Revoke()
	g.Revoke()
	if len(codes) != 1 || codes[0] != 86 {
		t.Errorf("exit codes %v", codes)
	}
	if err := g.Use(requestID, "API_KEY", ignore); err != ErrClosed {
		t.Errorf("afterwards: %v", err)
	}
}

// The log raises its own alert as many refusals in a row as the policy says, and
// none if the policy turns alerts off.
func TestCriticalFailures(t *testing.T) {
	check := func(alertAfter int, want uint32) {
		t.Helper()
		if got := criticalFailures(alertAfter); got != want {
			t.Errorf("%d: %d, want %d", alertAfter, got, want)
		}
	}
	check(-1, audit.NeverCritical)
	check(1, 1)
	check(3, 3)
	if large := int64(1) << 40; int64(int(large)) == large {
		check(int(large), audit.NeverCritical)
	}
}
