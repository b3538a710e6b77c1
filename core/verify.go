package core

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/dtbench/dtbench/core/audit"
)

// verdict is what a verification found, for the audit record.
type verdict struct {
	dataKey   string
	rules     *keyRules
	outcome   reason
	clock     time.Time // the reading that a token of Use was dated by; else zero
	now       int64     // 0: the clock was not read
	timestamp int64     // of a token whose MAC holds
	chain     finding
	behaviour finding
}

func (s *state) issue(r *Request, dataKey string) (Token, error) {
	if !r.valid() {
		return Token{}, ErrRequestID
	}
	s.lock.RLock()
	defer s.lock.RUnlock()
	if s.closed {
		return Token{}, ErrClosed
	}
	sc := s.scratch()
	defer s.scratches.Put(sc)
	if _, err := s.mint(sc, s.values[dataKey], r, dataKey); err != nil {
		return Token{}, err
	}
	return sc.token, nil
}

// mint makes a token for a value in sc.token and returns the reading of the clock
// that dates it. The caller holds the lock for reading.
func (s *state) mint(sc *scratch, v *sealedValue, r *Request, dataKey string) (time.Time, error) {
	if v == nil {
		return time.Time{}, ErrUnknownKey
	}
	clock := s.clocks.wall()
	now := clock.UnixNano()
	if now < 0 {
		return clock, errClock
	}
	if v.expired(now) {
		return clock, ErrExpired
	}
	t := &sc.token
	t.bytes[0] = tokenVersion
	t.setTimestamp(now)
	if err := fill(s.random, t.nonce()[:]); err != nil {
		return clock, fmt.Errorf("core: draw a nonce: %w", err)
	}
	if err := s.authenticate(sc, v.rules.rule, r, dataKey, s.chainOf(r), t); err != nil {
		return clock, err
	}
	*t.mac() = sc.sum
	return clock, nil
}

// use issues and opens. When the clocks turn out to have come apart, new keys
// have been drawn and the token is worth nothing; that is no fault of the
// caller's, so there is a second try.
func (s *state) use(r *Request, dataKey string, use func(value []byte) error) error {
	if !r.valid() {
		return ErrRequestID
	}
	for try := 0; ; try++ {
		outcome, err := s.access(r, dataKey, nil, use)
		if outcome != clocksApart || try > 0 {
			return err
		}
	}
}

// access verifies a token, one that it issues if t is nil, and lends out the
// value.
func (s *state) access(r *Request, dataKey string, t *Token, use func(value []byte) error) (reason, error) {
	sc, value, outcome, err := s.open(r, dataKey, t)
	if err != nil {
		return outcome, err
	}
	returned := false
	defer func() {
		clear(sc.value[:cap(sc.value)])
		s.scratches.Put(sc)
		if !returned { // use panicked, or ended its goroutine
			s.functionFailed(r, dataKey, audit.Crash)
		}
	}()
	err = use(value)
	returned = true
	if err != nil && errors.Is(err, context.DeadlineExceeded) {
		s.functionFailed(r, dataKey, audit.Timeout)
	}
	return granted, err
}

// open verifies t and decrypts the value into a scratch, which the caller owns
// if there is no error. Without t, for a request that is valid, it issues the
// token itself: it is then verified like any other, by the same reading of the
// clock, since nothing lies between that could be told apart by another.
func (s *state) open(r *Request, dataKey string, t *Token) (*scratch, []byte, reason, error) {
	s.lock.RLock()
	if s.closed {
		s.lock.RUnlock()
		return nil, nil, granted, ErrClosed
	}
	sc := s.scratch()
	v := verdict{dataKey: dataKey, rules: &s.unknown}
	sealed := s.values[dataKey]
	if sealed != nil {
		v.rules = &sealed.rules
	}
	if t == nil {
		var err error
		if v.clock, err = s.mint(sc, sealed, r, dataKey); err != nil {
			s.lock.RUnlock()
			s.scratches.Put(sc)
			return nil, nil, granted, err
		}
		t = &sc.token
	}
	v.outcome = s.verify(sc, &v, r, t)
	var value []byte
	if v.outcome == granted {
		value, v.outcome = s.decrypt(sc, sealed, v.now)
	}
	generation := s.generation
	if v.outcome == granted && s.log != nil {
		s.recording.Add(1)
	}
	s.lock.RUnlock()

	if v.outcome == clocksApart {
		s.renewAfterGap(generation)
	}
	if v.outcome == granted {
		err := s.settle(&v, r, generation)
		if err != nil && v.outcome != unrecorded {
			clear(value)
			s.scratches.Put(sc)
			return nil, nil, v.outcome, err
		}
	}
	if v.outcome != granted {
		clear(value)
		s.scratches.Put(sc)
		s.refused(&v, r)
		return nil, nil, v.outcome, ErrDenied
	}
	s.outcomes[granted].Add(1)
	s.response.succeeded(r.Source)
	return sc, value, granted, nil
}

// settle records a grant. That may take as long as GrantBound, so it looks again
// whether the guard was closed or renewed meanwhile; if so the grant is
// withdrawn, and the record of that is in before Close returns.
func (s *state) settle(v *verdict, r *Request, generation uint64) error {
	if s.log == nil {
		return nil
	}
	defer s.recording.Done()
	if s.recordGrant(v, r) != nil {
		v.outcome = unrecorded
		return ErrDenied
	}
	s.lock.RLock()
	closed, renewed := s.closed, s.generation != generation
	s.lock.RUnlock()
	if !closed && !renewed {
		return nil
	}
	record := s.record(v, r)
	record.Event, record.Result, record.Reason = audit.Withdrawn, audit.Denied, audit.GuardClosed
	err := ErrClosed
	if !closed {
		record.Reason = audit.SnapshotRestored
		v.outcome, err = clocksApart, ErrDenied
		s.outcomes[clocksApart].Add(1)
	}
	_ = s.log.Append(&record)
	return err
}

// verify is Algorithm 1 of the paper in the opposite order: MAC, time, nonce.
//
// The paper checks the nonce first, as the cheapest test. But what is looked up
// or stored before the MAC holds is the attacker's to choose: invented tokens
// would fill the registry until it refuses everybody, and a token seen on its
// way could be burnt by sending its nonce with a false MAC. Nor does it save
// anything: refusing a forgery costs one MAC, and only what we issued gets to
// the lock. The nonce comes after the time because it changes state, and it is
// looked up and stored in one step, so that of many concurrent uses one is
// granted. The further factors come last, so that they learn from requests that
// are genuine.
func (s *state) verify(sc *scratch, v *verdict, r *Request, t *Token) reason {
	if !t.wellFormed() || !r.valid() || len(v.dataKey) > maxName {
		return badToken
	}
	if r.Source != "" && s.response.watched.Load() > 0 {
		v.now = s.clocks.wall().UnixNano()
		if s.response.blocked(r.Source, v.now) {
			return sourceBlocked
		}
	}
	chain := s.chainOf(r)
	if s.authenticate(sc, v.rules.rule, r, v.dataKey, chain, t) != nil || !equal(&sc.sum, t.mac()) {
		return badMAC
	}
	now := v.clock
	if now.IsZero() {
		now = s.clocks.wall()
	}
	v.now, v.timestamp = now.UnixNano(), t.timestamp()
	if v.now < 0 {
		return badClock
	}
	if s.clocks.gap(now) {
		return clocksApart
	}
	if !v.rules.skipTime {
		if v.now-v.timestamp > v.rules.window {
			return tooOld
		}
		if v.timestamp-v.now > v.rules.window {
			return fromFuture
		}
	}
	if !v.rules.skipReplay {
		if outcome := s.registry.insert(t.nonce(), v.timestamp, v.now); outcome != granted {
			return outcome
		}
	}
	if s.chains != nil {
		v.chain = s.chains.verify(chain)
		if v.chain.bad() && s.chains.action == Deny {
			return badChain
		}
	}
	if s.requests != nil {
		return s.account(v, r)
	}
	return granted
}

// equal compares MACs in a time that does not depend on them. Four words take a
// tenth of the time of 32 bytes with crypto/subtle.
func equal(a, b *[macSize]byte) bool {
	var different uint64
	for i := 0; i < macSize; i += 8 {
		different |= binary.NativeEndian.Uint64(a[i:]) ^ binary.NativeEndian.Uint64(b[i:])
	}
	return different == 0
}

// account holds an opening against the budget of its request and the profile,
// and counts it if neither denies it.
func (s *state) account(v *verdict, r *Request) reason {
	budget := v.rules.budget
	if budget < 0 && s.behaviour == nil {
		return granted // nothing to remember: other keys have budgets
	}
	denies := s.behaviour != nil && s.behaviour.policy.Action == Deny
	s.requests.mu.Lock()
	defer s.requests.mu.Unlock()
	past := s.requests.find(r.ID, v.now)
	switch {
	case past == nil && budget < 0 && !denies:
		return granted // there is no room to observe it
	case past == nil:
		return requestsFull
	case budget >= 0 && past.opened(v.dataKey) >= budget:
		return overBudget
	case s.behaviour == nil:
		past.count(v.dataKey)
		return granted
	}
	v.behaviour = s.behaviour.verify(past, v.dataKey, v.now)
	if v.behaviour.bad() && denies {
		return badBehaviour
	}
	return granted
}

// chainOf returns the digest of the call chain if anything asks for it.
func (s *state) chainOf(r *Request) string {
	if !s.bindsChain {
		return ""
	}
	return chainDigest(r.CallChain)
}

func (s *state) decrypt(sc *scratch, sealed *sealedValue, now int64) ([]byte, reason) {
	if sealed == nil {
		return nil, badSeal
	}
	if sealed.expired(now) {
		return nil, expired
	}
	value, err := s.sealer.open(sc.room(sealed.size), sealed)
	if err != nil {
		return nil, badSeal
	}
	return value, granted
}
