package core

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestWindow(t *testing.T) {
	check := func(window, passed time.Duration, want reason) {
		t.Helper()
		clock := newClock()
		g := newGuard(t, Config{Clock: clock.read, Window: window})
		token := issue(t, g, requestID, "API_KEY")
		clock.advance(passed)
		err := g.Open(requestID, "API_KEY", token, ignore)
		if (err == nil) != (want == granted) || count(g, want) != 1 {
			t.Errorf("window %v, opened after %v: %v, not reason %d", window, passed, err, want)
		}
	}
	check(0, 0, granted)
	check(0, 10*time.Second-1, granted)
	check(0, 10*time.Second, granted)
	check(0, 10*time.Second+1, tooOld)
	check(0, -10*time.Second+1, granted)
	check(0, -10*time.Second, granted)
	check(0, -10*time.Second-1, fromFuture)
	check(0, 24*time.Hour, tooOld)
	check(0, -24*time.Hour, fromFuture)
	check(1, 1, granted)
	check(1, 2, tooOld)
	check(1, -2, fromFuture)
	check(time.Hour, time.Hour, granted)
	check(time.Hour, time.Hour+1, tooOld)
}

func TestClockBefore1970(t *testing.T) {
	clock := &manualClock{now: time.Unix(0, 0)}
	g := newGuard(t, Config{Clock: clock.read})
	if err := g.Use(requestID, "API_KEY", ignore); err != nil {
		t.Errorf("in the first moment of 1970: %v", err)
	}
	token := issue(t, g, requestID, "API_KEY")
	clock.advance(-1)
	if err := g.Open(requestID, "API_KEY", token, ignore); err != ErrDenied {
		t.Errorf("Open: %v", err)
	}
	if _, err := g.Issue(requestID, "API_KEY"); err != errClock {
		t.Errorf("Issue: %v", err)
	}
}

func TestReplayIsRefused(t *testing.T) {
	clock := newClock()
	g := newGuard(t, Config{Clock: clock.read})
	token := issue(t, g, requestID, "API_KEY")
	refused := errors.New("refused by the database")
	if err := g.Open(requestID, "API_KEY", token, func([]byte) error { return refused }); err != refused {
		t.Fatalf("first use: %v", err)
	}
	for range 4 {
		if err := g.Open(requestID, "API_KEY", token, ignore); err != ErrDenied {
			t.Errorf("again, at %v: %v", clock.read(), err)
		}
		clock.advance(3 * time.Second)
	}
	if count(g, replayed) != 4 {
		t.Errorf("%d replays counted, want 4", count(g, replayed))
	}
}

// A token dated ahead lives for two windows, and so must its nonce.
func TestFutureTokenIsNotGoodTwice(t *testing.T) {
	for _, step := range []time.Duration{time.Second, 5 * time.Second, 19 * time.Second, 20 * time.Second} {
		clock := newClock()
		g := newGuard(t, Config{Clock: clock.read})
		clock.advance(10 * time.Second)
		token := issue(t, g, requestID, "API_KEY")
		clock.advance(-10 * time.Second)
		if err := g.Open(requestID, "API_KEY", token, ignore); err != nil {
			t.Fatal(err)
		}
		for passed := step; passed <= 60*time.Second; passed += step {
			clock.advance(step)
			if err := g.Open(requestID, "API_KEY", token, ignore); err != ErrDenied {
				t.Errorf("steps of %v: again after %v: %v", step, passed, err)
			}
			if err := g.Use(requestID, "DB_PASSWORD", ignore); err != nil {
				t.Errorf("steps of %v: other tokens, after %v: %v", step, passed, err)
			}
		}
	}
}

// A clock that is set forward, so that nonces are dropped, and back again.
func TestClockStepsReviveNoToken(t *testing.T) {
	check := func(ahead time.Duration) {
		t.Helper()
		clock := newClock()
		g := newGuard(t, Config{Clock: clock.read})
		clock.advance(ahead)
		token := issue(t, g, requestID, "API_KEY")
		clock.advance(-ahead)
		if err := g.Open(requestID, "API_KEY", token, ignore); err != nil {
			t.Fatal(err)
		}
		clock.advance(time.Hour)
		if err := g.Use(requestID, "API_KEY", ignore); err != nil {
			t.Fatal(err)
		}
		clock.advance(-time.Hour + time.Second)
		if err := g.Open(requestID, "API_KEY", token, ignore); err != ErrDenied || count(g, forgotten)+count(g, replayed) != 1 {
			t.Errorf("dated %v ahead, after the clock went back: %v", ahead, err)
		}
	}
	check(0)
	check(5 * time.Second)
	check(10 * time.Second)
}

// Buckets rotate by the clock, not by the timestamps that tokens carry.
func TestRotationFollowsTheClock(t *testing.T) {
	clock := newClock()
	g := newGuard(t, Config{Clock: clock.read})
	clock.advance(15 * time.Second)
	token := issue(t, g, requestID, "API_KEY")
	clock.advance(6 * time.Second)
	if err := g.Open(requestID, "API_KEY", token, ignore); err != nil {
		t.Fatal(err)
	}
	e, h := entryOf(token.nonce())
	s := internals(g).registry.shardOf(h)
	if got, want := s.started, clock.read().UnixNano(); got != want || !s.current.nonces.has(e, h) {
		t.Errorf("the bucket began %v before the clock's time", time.Duration(want-got))
	}
}

func TestFullRegistryRefusesAndForgetsNothing(t *testing.T) {
	clock := newClock()
	g := newGuard(t, Config{Clock: clock.read, MaxNonces: 3})
	var used []Token
	for range 3 {
		token := issue(t, g, requestID, "API_KEY")
		if err := g.Open(requestID, "API_KEY", token, ignore); err != nil {
			t.Fatal(err)
		}
		used = append(used, token)
	}
	waiting := issue(t, g, requestID, "API_KEY")
	for n := range uint64(2) {
		if err := g.Open(requestID, "API_KEY", waiting, ignore); err != ErrDenied || count(g, registryFull) != n+1 {
			t.Errorf("fourth token: %v, counted %d times", err, count(g, registryFull))
		}
	}
	for i, token := range used {
		if err := g.Open(requestID, "API_KEY", token, ignore); err != ErrDenied || count(g, replayed) != uint64(i+1) {
			t.Errorf("token %d again: %v", i, err)
		}
	}
	clock.advance(40*time.Second + 1)
	if err := g.Use(requestID, "API_KEY", ignore); err != nil {
		t.Errorf("after four windows: %v", err)
	}
}

func TestOneTokenManyGoroutines(t *testing.T) {
	const goroutines, tokens = 8, 500
	g := newGuard(t, Config{})
	all := make([]Token, tokens)
	for i := range all {
		all[i] = issue(t, g, requestID, "API_KEY")
	}
	var grants [tokens]atomic.Int32
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for i, token := range all {
				err := g.Open(requestID, "API_KEY", token, func(value []byte) error {
					if string(value) != apiKey {
						t.Errorf("value %q", value)
					}
					grants[i].Add(1)
					return nil
				})
				if err != nil && err != ErrDenied {
					t.Error(err)
				}
				if err := g.Use(requestID, "DB_PASSWORD", ignore); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for i := range grants {
		if n := grants[i].Load(); n != 1 {
			t.Errorf("token %d was granted %d times", i, n)
		}
	}
	if n := count(g, replayed); n != (goroutines-1)*tokens {
		t.Errorf("%d replays counted, want %d", n, (goroutines-1)*tokens)
	}
}
