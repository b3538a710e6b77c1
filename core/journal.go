package core

import (
	"cmp"
	"time"

	"github.com/dtbench/dtbench/core/audit"
)

// recordGrant writes the record of a grant that is about to take effect. An
// error means that it must not.
func (s *state) recordGrant(v *verdict, r *Request) error {
	record := s.record(v, r)
	record.Result = audit.Granted
	if err := s.log.Append(&record); err != nil {
		return err
	}
	s.recordFactors(v, r)
	return nil
}

// refused counts a refusal, records it, and does what the policy says about so
// many of them.
func (s *state) refused(v *verdict, r *Request) {
	s.outcomes[v.outcome].Add(1)
	led, row := noted, 0
	if outcomes[v.outcome].counts {
		if v.now == 0 && r.Source != "" {
			v.now = s.clocks.wall().UnixNano()
		}
		led, row = s.response.failed(r.Source, v.now)
	}
	if s.log != nil && v.outcome != unrecorded { // of that the log made its own record
		s.recordRefusal(v, r, led, row)
	}
	if led == terminated {
		s.terminate(audit.Terminated, audit.TooManyFailures)
	}
}

func (s *state) recordRefusal(v *verdict, r *Request, led step, row int) {
	record := s.record(v, r)
	record.Result, record.Reason = audit.Denied, outcomes[v.outcome].audit
	record.Failures = uint32(row)
	if n := s.response.policy.AlertAfter; led != noted || n > 0 && row >= n {
		record.State = s.snapshot(led != noted)
	}
	_ = s.log.Append(&record) // refused already; the log counts what it loses
	s.recordFactors(v, r)
	switch led {
	case alerted:
		s.recordStep(&record, audit.Alert)
	case blocked:
		s.recordStep(&record, audit.Blocked)
	}
}

// recordStep writes what a refusal led to, with the context of the refusal.
func (s *state) recordStep(refusal *audit.Record, event audit.Event) {
	record := *refusal
	record.Event, record.Result, record.Reason = event, audit.Done, audit.TooManyFailures
	_ = s.log.Append(&record)
}

// recordFactors raises the alert of a factor that does not deny.
func (s *state) recordFactors(v *verdict, r *Request) {
	raise := func(f finding, action Action, why audit.Reason) {
		if f.bad() && action == Alert {
			record := s.record(v, r)
			record.Event, record.Result, record.Reason = audit.FactorAlert, audit.Done, why
			record.State = s.snapshot(true)
			_ = s.log.Append(&record)
		}
	}
	if s.chains != nil {
		raise(v.chain, s.chains.action, audit.CallChain)
	}
	if s.behaviour != nil {
		raise(v.behaviour, s.behaviour.policy.Action, audit.Behaviour)
	}
}

// record holds what every record about a token holds.
func (s *state) record(v *verdict, r *Request) audit.Record {
	record := audit.Record{
		Event:       audit.Verify,
		Request:     audit.Identify(r.ID),
		Source:      audit.Identify(r.Source),
		Key:         audit.NewName(v.dataKey),
		Scheme:      audit.Hardened,
		Algorithm:   v.rules.algorithm,
		Sensitivity: v.rules.sensitivity,
		Window:      time.Duration(v.rules.window),
	}
	if v.outcome == granted {
		record.Detail = v.rules.detail
	}
	if v.now > 0 {
		record.Time = time.Unix(0, v.now)
		if v.timestamp > 0 {
			record.Age = time.Duration(cmp.Or(v.now-v.timestamp, 1)) // zero is for an age that is not known
		}
	}
	if s.chains != nil {
		record.Factors.CallChain = factorOutcome(v.chain, s.chains.action)
	}
	if s.behaviour != nil {
		record.Factors.Behaviour = factorOutcome(v.behaviour, s.behaviour.policy.Action)
	}
	return record
}

func factorOutcome(f finding, action Action) audit.FactorOutcome {
	switch {
	case f == notChecked:
		return 0
	case !f.bad():
		return audit.FactorHeld
	case action == Deny:
		return audit.FactorDenied
	case action == Alert:
		return audit.FactorAlerted
	}
	return audit.FactorObserved
}

// snapshot is the state that rows of refusals and critical events are recorded
// with. To count the sources under a block takes a look at each, so it is done
// when something happens, not for every refusal of a flood.
func (s *state) snapshot(countBlocked bool) audit.State {
	now := s.clocks.wall()
	s.lock.RLock()
	protected := len(s.values)
	s.lock.RUnlock()
	state := audit.State{
		Granted: s.outcomes[granted].Load(), Nonces: s.registry.size(),
		Sources: int(s.response.watched.Load()), Protected: protected, Uptime: now.Sub(s.born),
		Blocked: -1,
	}
	if countBlocked {
		state.Blocked = s.response.underBlock(now.UnixNano())
	}
	for i := granted + 1; i < reasons; i++ {
		state.Refused += s.outcomes[i].Load()
	}
	return state
}

// underBlock counts the sources that are under a block.
func (r *response) underBlock(now int64) (n int) {
	if r.watched.Load() == 0 {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sources {
		if now < s.blockedUntil {
			n++
		}
	}
	return n
}

// event records something that is not about a token.
func (s *state) event(event audit.Event, why audit.Reason, key string) {
	if s.log != nil {
		s.eventIn(s.snapshot(true), event, why, key)
	}
}

// eventIn is event with the state of some time before.
func (s *state) eventIn(state audit.State, event audit.Event, why audit.Reason, key string) {
	if s.log != nil {
		_ = s.log.Append(&audit.Record{Event: event, Result: audit.Done, Reason: why, Key: audit.NewName(key), State: state})
	}
}

// functionFailed records that the function itself failed while it held a value.
// It counts towards nothing.
func (s *state) functionFailed(r *Request, dataKey string, why audit.Reason) {
	if s.log != nil {
		_ = s.log.Append(&audit.Record{
			Event: audit.FunctionFailed, Result: audit.Done, Reason: why,
			Request: audit.Identify(r.ID), Source: audit.Identify(r.Source), Key: audit.NewName(dataKey),
		})
	}
}
