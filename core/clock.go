package core

import (
	"sync/atomic"
	"time"
)

// clocks are the readings that a verification takes: what the wall clock says,
// and how long the machine has been up, suspension included.
type clocks struct {
	wall func() time.Time
	boot func() time.Duration // nil: no gap is looked for

	// base is set when wall is time.Now, which tells the runtime's monotonic
	// time in the same reading: an eighth of what asking the system for boot
	// time costs.
	base time.Time

	offset atomic.Int64 // wall minus boot time, when it was last taken as normal
	drift  atomic.Int64 // wall minus monotonic time, likewise
	asked  atomic.Int64 // monotonic time when boot time was last read
}

const (
	// gapTolerance is how far wall time and boot time may run apart between two
	// verifications before the instance counts as restored or set to another
	// time. A clock that is slewed at 500 ppm, the most that Linux allows, needs
	// half an hour of silence for it.
	gapTolerance = int64(time.Second)

	// bootEvery is how long, in monotonic time, a reading of boot time holds if
	// wall time and monotonic time agree meanwhile.
	bootEvery = int64(time.Millisecond)
)

// gap tells whether wall time moved against boot time since it last told so.
//
// Boot time goes on from where it was when a snapshot is restored, while wall
// time is corrected: what lies between is a gap, and other copies of this
// instance may be awake. A machine that merely slept has no gap, as boot time
// counts sleep; its tokens age by the wall clock. Monotonic time stands still in
// both cases. So it is a first, cheap witness: while it agrees with the wall
// clock, boot time is asked for a thousand times a second at most, which can
// overlook no more than a sleep that the wall clock was set back by, for a
// millisecond.
func (c *clocks) gap(t time.Time) bool {
	if c.boot == nil {
		return false
	}
	if c.base.IsZero() {
		return c.apart(t.UnixNano())
	}
	return c.gapAt(t.UnixNano(), int64(t.Sub(c.base)))
}

func (c *clocks) gapAt(wall, mono int64) bool {
	agree := near(wall-mono-c.drift.Load(), gapTolerance/4)
	if agree && mono-c.asked.Load() < bootEvery {
		return false
	}
	c.asked.Store(mono)
	if c.apart(wall) {
		return true
	}
	if !agree {
		c.drift.Store(wall - mono) // a sleep, or slewing
	}
	return false
}

// apart compares with boot time.
func (c *clocks) apart(wall int64) bool {
	offset := wall - int64(c.boot())
	moved := offset - c.offset.Load()
	if !near(moved, gapTolerance) {
		return true
	}
	if !near(moved, gapTolerance/4) {
		c.offset.Store(offset) // slewing, not a step
	}
	return false
}

func near(difference, tolerance int64) bool {
	return -tolerance <= difference && difference <= tolerance
}

// settle takes the present distances of the clocks as normal.
func (c *clocks) settle() {
	if c.boot == nil {
		return
	}
	t := c.wall()
	c.offset.Store(t.UnixNano() - int64(c.boot()))
	if !c.base.IsZero() {
		mono := int64(t.Sub(c.base))
		c.drift.Store(t.UnixNano() - mono)
		c.asked.Store(mono)
	}
}
