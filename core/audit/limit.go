package audit

import (
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
	timer := time.NewTimer(limit.left())
	defer timer.Stop()
	for !p.held.CompareAndSwap(false, true) {
		select {
		case <-p.freed:
		case <-timer.C:
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
