package audit

import (
	"runtime"
	"sync/atomic"
	"time"
)

// A limit bounds a wait. The clock is not read before there is something to wait
// for: a record that goes through at once does not pay for it.
type limit struct {
	within time.Duration
	until  time.Time // zero until the first wait
}

// left returns what is left of the limit, and starts it if need be.
func (l *limit) left() time.Duration {
	if l.until.IsZero() {
		l.until = time.Now().Add(l.within)
		return l.within
	}
	return time.Until(l.until)
}

// coarse is how late a timer may be: a tick of one millisecond and the time to
// wake up. What is left of a limit after sleeping that much less is spent
// asking again and again.
const coarse = 2 * time.Millisecond

// receive waits for a message within the limit.
func receive[T any](from <-chan T, limit *limit) (message T, ok bool) {
	if sleep := limit.left() - coarse; sleep > 0 {
		timer := time.NewTimer(sleep)
		defer timer.Stop()
		select {
		case message = <-from:
			return message, true
		case <-timer.C:
		}
	}
	for {
		select {
		case message = <-from:
			return message, true
		default:
		}
		if limit.left() <= 0 {
			return message, false
		}
		runtime.Gosched()
	}
}

// patientLock is a mutual exclusion that one waits for within a limit.
type patientLock struct {
	held    atomic.Bool
	waiting atomic.Int32
	freed   chan struct{} // holds a message after a release that somebody waits for
}

func newPatientLock() patientLock { return patientLock{freed: make(chan struct{}, 1)} }

// acquire reports false when the limit is over.
func (p *patientLock) acquire(limit *limit) bool {
	if p.held.CompareAndSwap(false, true) {
		return true
	}
	p.waiting.Add(1) // before the next try, so that no release goes unseen
	defer p.waiting.Add(-1)
	for !p.held.CompareAndSwap(false, true) {
		if _, ok := receive(p.freed, limit); !ok {
			return false
		}
	}
	return true
}

func (p *patientLock) release() {
	p.held.Store(false)
	if p.waiting.Load() > 0 {
		signal(p.freed)
	}
}
