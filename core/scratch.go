package core

import "github.com/dtbench/dtbench/core/rules"

// scratch is the memory of one call. It is pooled, because the keyed state of an
// HMAC costs several times what resetting it does, and because a buffer that
// is lent out has to live on the heap.
type scratch struct {
	generation uint64 // of the keys in evaluators
	evaluators []*rules.Evaluator
	plain      plainMAC
	values     rules.Values // its nonce and timestamp are those of token
	token      Token
	sum        [macSize]byte
	value      []byte
}

func newScratch() any {
	sc := new(scratch)
	sc.values.Nonce, sc.values.Timestamp = sc.token.nonce()[:], sc.token.time()
	return sc
}

// scratch returns memory for one call, with evaluators for the present keys. The
// caller holds the lock for reading.
func (s *state) scratch() *scratch {
	sc := s.scratches.Get().(*scratch)
	if sc.generation != s.generation {
		sc.generation = s.generation
		sc.evaluators = make([]*rules.Evaluator, len(s.rules))
		sc.plain.init(&s.plain, s.plainKey[:])
		sc.values.FunctionName, sc.values.FunctionVersion = s.function, s.version
		sc.values.Region, sc.values.Platform = s.region, s.platform
		sc.values.InstanceID = s.instance
	}
	return sc
}

// authenticate computes the MAC of t for a request and a data key, by one
// of the guard's rules, into sc.sum.
func (s *state) authenticate(sc *scratch, rule int, r *Request, dataKey, chain string, t *Token) error {
	if rule == s.plain.rule {
		sc.plain.sum(&sc.sum, &s.plain, r.ID, s.instance, dataKey, t)
		return nil
	}
	e := sc.evaluators[rule]
	if e == nil {
		var err error
		if e, err = s.rules[rule].compiled().NewEvaluator(s.macKey[:]); err != nil {
			return err
		}
		sc.evaluators[rule] = e
	}
	sc.token = *t
	sc.values.RequestID, sc.values.Caller = r.ID, r.Source
	sc.values.CallChain, sc.values.DataKey = chain, dataKey
	_, err := e.Sum(sc.sum[:0], &sc.values)
	return err
}

// room returns the buffer for a value of so many bytes.
func (sc *scratch) room(size int) []byte {
	if cap(sc.value) < size {
		sc.value = make([]byte, size)
	}
	return sc.value[:0]
}
