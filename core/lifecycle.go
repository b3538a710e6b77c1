package core

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dtbench/dtbench/core/audit"
)

// Close wipes the keys and the sealed values; every later call fails with
// [ErrClosed]. It waits for calls that are being verified, not for callbacks,
// and may be called from one, and more than once. The ciphertext in the
// environment stays and can be opened by nobody. The padded MAC key inside
// crypto/hmac cannot be wiped from outside and is left to the garbage
// collector: it opens nothing any more.
func (g *Guard) Close() {
	s := *g.state
	s.close()
	s.closeLog()
}

// Flush writes out the audit records that wait: under [AuditStrict] all but those
// of grants, which are out already. A handler calls it at the end of an
// invocation, when the platform may freeze or drop the instance. It waits for the
// sink until the deadline of ctx, 250 ms at most. Without a log it does nothing.
//
// Errors: [ErrClosed] after Close, that of ctx if it has ended, and that of
// [audit.Log.Flush], after which the records wait for the next attempt.
func (g *Guard) Flush(ctx context.Context) error {
	s := *g.state
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("core: flush: %w", err)
	}
	s.lock.RLock()
	if s.closed {
		s.lock.RUnlock()
		return ErrClosed
	}
	s.recording.Add(1) // the log is not closed before it is done
	s.lock.RUnlock()
	defer s.recording.Done()
	if s.log == nil {
		return nil
	}
	within := flushBound
	if deadline, ok := ctx.Deadline(); ok {
		within = min(within, time.Until(deadline))
	}
	return s.log.Flush(within)
}

// Revoke is for the control plane: it wipes the keys and ends the instance with
// [ExitTerminated], as too many refusals in a row do. Platforms then replace the
// instance. It returns only if Config.Exit does.
func (g *Guard) Revoke() {
	s := *g.state
	s.terminate(audit.Revoked, audit.Operator)
}

// AfterRestore makes a new instance of a restored one: it draws a new instance
// id and new keys, seals every value anew and forgets the tokens of before. Call
// it when the platform says that the process was restored from a snapshot,
// before the first request: from then on no two copies share an id or a key. A
// guard that finds wall time and boot time apart does the same by itself.
//
// [ErrClosed] comes after Close. Any other error means that the guard has closed
// itself, since it could not be sure of its keys.
func (g *Guard) AfterRestore() error {
	s := *g.state
	s.lock.Lock()
	err := s.renew()
	s.lock.Unlock()
	if err == nil {
		s.event(audit.Restored, audit.SnapshotRestored, "")
	}
	return err
}

// Replace puts a new value in the place of a protected one: a temporary key that
// was renewed. The value is wiped in the caller's memory, whatever the outcome.
// It is good until expires, by the wall clock; the zero time is no end. Requests
// that hold the old value keep it until their callbacks return.
//
// Errors: [ErrUnknownKey], [ErrClosed], one that wraps [ErrConfig] for an empty
// value, and that of the environment.
func (g *Guard) Replace(dataKey string, value []byte, expires time.Time) error {
	s := *g.state
	defer clear(value)
	if err := s.replace(dataKey, value, expires); err != nil {
		return err
	}
	s.event(audit.Replaced, 0, dataKey)
	return nil
}

func (s *state) replace(dataKey string, value []byte, expires time.Time) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.closed {
		return ErrClosed
	}
	old := s.values[dataKey]
	if old == nil {
		return ErrUnknownKey
	}
	if len(value) == 0 {
		return fmt.Errorf("%w: the new value of %s is empty", ErrConfig, dataKey)
	}
	sealed := s.sealer.seal(s.instance, dataKey, value)
	sealed.rules = old.rules
	if !expires.IsZero() {
		sealed.until = max(expires.UnixNano(), 1)
	}
	if err := s.environment.Setenv(dataKey, sealed.text()); err != nil {
		return fmt.Errorf("core: replace %s by its ciphertext: %w", dataKey, err)
	}
	clear(old.box)
	s.values[dataKey] = sealed
	return nil
}

// renewAfterGap renews unless somebody else did since generation was seen.
func (s *state) renewAfterGap(generation uint64) {
	s.lock.Lock()
	var err error
	mine := s.generation == generation && !s.closed
	if mine {
		err = s.renew()
	}
	s.lock.Unlock()
	if mine && err == nil {
		s.event(audit.Restored, audit.ClockStepped, "")
	}
}

// renew draws a new id and new keys, seals every value with them and starts a
// new audit chain. Tokens of before no longer verify, so their nonces may go. The caller holds the lock.
func (s *state) renew() (err error) {
	if s.closed {
		return ErrClosed
	}
	old := s.sealer
	defer func() {
		if err != nil {
			old.wipe()
			s.wipe()
		}
	}()
	if err := s.drawKeys(); err != nil {
		return err
	}
	if err := s.rechain(); err != nil {
		return err
	}
	for name, sealed := range s.values {
		value, err := old.open(nil, sealed)
		if err != nil {
			return fmt.Errorf("core: %s was altered", name)
		}
		fresh := s.sealer.seal(s.instance, name, value)
		clear(value)
		clear(sealed.box)
		sealed.box, sealed.associated = fresh.box, fresh.associated
		if err := s.environment.Setenv(name, sealed.text()); err != nil {
			return fmt.Errorf("core: replace %s by its ciphertext: %w", name, err)
		}
	}
	old.wipe()
	s.clocks.settle()
	s.registry.forget(s.clocks.wall().UnixNano())
	return nil
}

// rechain gives the log, whoever opened it, a chain that no other copy of the
// instance goes on with, and the new instance id. A log that its owner has
// closed has nothing left to contradict.
func (s *state) rechain() error {
	if s.log == nil {
		return nil
	}
	if err := s.log.Rechain(audit.Identify(s.instanceID)); err != nil && !errors.Is(err, audit.ErrClosed) {
		return fmt.Errorf("core: start a new audit chain: %w", err)
	}
	return nil
}

// terminate wipes the keys, records why, and ends the process. Records are
// written out first, as nothing comes after.
func (s *state) terminate(event audit.Event, why audit.Reason) {
	s.ended.Do(func() {
		state := s.snapshot(true) // of what is ended, not of what is left
		s.close()
		s.eventIn(state, event, why, "")
		if event != audit.Terminated {
			s.eventIn(state, audit.Terminated, why, "")
		}
		s.closeLog()
		s.flushLog()
		s.exit(ExitTerminated)
	})
}

func (s *state) close() {
	s.lock.Lock()
	defer s.lock.Unlock()
	if !s.closed {
		s.wipe()
	}
}

// wipe overwrites keys and values. The caller holds the lock or is alone.
func (s *state) wipe() {
	s.closed = true
	clear(s.macKey[:])
	clear(s.plainKey[:])
	s.sealer.wipe()
	for _, v := range s.values {
		clear(v.box)
	}
	clear(s.values)
}

// closeLog writes out what is buffered and closes the log, if it is the guard's.
func (s *state) closeLog() {
	s.recording.Wait()
	if s.log == nil || !s.ownsLog {
		return
	}
	s.logClosed.Do(func() {
		_ = s.log.Close(flushBound)
		_ = s.sink.Close()
	})
}

// flushLog writes out what is buffered in a log that is not the guard's to close.
func (s *state) flushLog() {
	if s.log != nil && !s.ownsLog {
		_ = s.log.Flush(flushBound)
	}
}

// flushBound is how long the last records may take to be written out.
const flushBound = 250 * time.Millisecond
