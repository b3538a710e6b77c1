package core

import (
	"sync"
	"testing"
	"time"
)

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
