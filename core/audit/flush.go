package audit

import (
	"fmt"
	"time"
)

// flushSlice is how long the background flush waits for the sink at a time,
// before it looks whether the log is being closed.
const flushSlice = 50 * time.Millisecond

// flusher writes what waits: at once after a wake, within FlushInterval
// otherwise. It sleeps while nothing is recorded.
func (l *Log) flusher() {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-l.wake:
		case <-l.soon:
			timer.Reset(l.options.FlushInterval)
			select {
			case <-l.stop:
				return
			case <-l.wake:
			case <-timer.C:
			}
			timer.Stop()
		}
		l.background()
	}
}

// background flushes until nothing waits, the sink fails, or the log is closed.
// After a failure the lines stay, and the next wake tries again.
func (l *Log) background() {
	for {
		select {
		case <-l.stop:
			return
		default:
		}
		slice := limit{within: flushSlice}
		if !l.io.acquire(&slice) {
			continue
		}
		err := l.drain(slice)
		l.io.release()
		switch {
		case err == nil:
			return
		case err != errLate:
			l.lock.Lock()
			l.stats.SinkErrors++
			l.lock.Unlock()
			return
		}
	}
}

// drain writes out and then what is pending at that time. The caller holds io.
func (l *Log) drain(limit limit) error {
	if err := l.put(limit); err != nil { // left by one who was late
		return err
	}
	l.lock.Lock()
	l.swap()
	l.lock.Unlock()
	return l.put(limit)
}

// swap moves what is pending to out, unless the sink has not yet taken all that
// is there. The caller holds io and the lock.
func (l *Log) swap() bool {
	if l.taken < len(l.out) {
		return false
	}
	l.out, l.pending, l.taken = l.pending, l.out[:0], 0
	return true
}

// put writes out. The caller holds io.
func (l *Log) put(limit limit) error {
	if l.taken == len(l.out) {
		return l.options.Sink.device.settle(limit)
	}
	n, err := l.options.Sink.device.write(l.out[l.taken:], limit)
	l.taken += n
	return err
}

// Flush writes what waits and returns when the sink has taken it, or with an
// error after the timeout. Call it at the end of an invocation: the platform may
// freeze the instance until the next.
func (l *Log) Flush(timeout time.Duration) error {
	limit := limit{within: timeout}
	if !l.io.acquire(&limit) {
		return fmt.Errorf("audit: flush: %w", errLate)
	}
	defer l.io.release()
	if err := l.drain(limit); err != nil {
		return fmt.Errorf("audit: flush: %w", err)
	}
	return nil
}

// Close records the end, flushes, and stops the background work. It returns an
// error when the sink has not taken everything within the timeout. A second
// Close does nothing. It does not close the sink, nor wait for an alert hook
// that is running.
func (l *Log) Close(timeout time.Duration) error {
	limit := limit{within: timeout}
	idle := l.io.acquire(&limit)
	if idle {
		defer l.io.release()
	}
	l.lock.Lock()
	if l.closed {
		l.lock.Unlock()
		return nil
	}
	l.add(&Record{Event: Closed, Result: Done}, l.now(), extra{})
	l.closed = true
	if l.alerts != nil {
		close(l.alerts)
	}
	l.lock.Unlock()
	close(l.stop)
	err := errLate
	if idle {
		err = l.drain(limit)
	}
	if err != nil {
		return fmt.Errorf("audit: close: %w", err)
	}
	return nil
}
