package core

import (
	"errors"
	"slices"
	"sync"
	"time"
)

// requestTable keeps what the requests of late did: for the keys that have a
// budget, and for all with the behaviour factor; a guard that has neither has no
// table. A request is forgotten when it has opened nothing for a lifetime. When
// the table is full it refuses, as forgetting a request early would give it a
// new budget.
type requestTable struct {
	lifetime int64 // nanoseconds

	mu   sync.Mutex
	byID map[string]*requestState
	now  int64 // the latest time seen; it never goes back
	step int64 // what it is ahead of the wall clock, which may

	// used is the ring of requests by when they opened something last, the
	// next to be forgotten first; spare are entries to use again.
	used  requestState
	spare *requestState
}

const (
	defaultRequestTimeout = time.Minute
	maxRequestTimeout     = 24 * time.Hour
	maxRequests           = 1 << 16
)

// requestState is one request.
type requestState struct {
	id           string
	at           int64 // when it was last looked up
	newer, older *requestState
	openings     []keyOpenings
	first        [2]keyOpenings // where most requests find room
	total        int
	last         string // the key opened last
	furthest     int    // place in the declared order
	teaches      bool   // the behaviour factor learns from it
}

// keyOpenings is how often a request opened one data key.
type keyOpenings struct {
	key string
	n   int
}

// checkRequests checks what the policy says about requests.
func (p *Policy) checkRequests() error {
	if p.RequestTimeout < 0 || time.Duration(p.RequestTimeout) > maxRequestTimeout {
		return errors.New("request_timeout is not within 0 to 24h")
	}
	return nil
}

// requestLifetime is how long after its last opening a request is remembered:
// as long as the function may run, and two windows, by when every token that was
// issued meanwhile is too old.
func (p *Policy) requestLifetime(window int64) int64 {
	timeout := time.Duration(p.RequestTimeout)
	if timeout == 0 {
		timeout = defaultRequestTimeout
	}
	return int64(timeout) + 2*window
}

func newRequestTable(lifetime int64) *requestTable {
	t := &requestTable{lifetime: lifetime, byID: make(map[string]*requestState)}
	t.used.newer, t.used.older = &t.used, &t.used
	return t
}

// find returns the state of a request, a new one if need be, or nil if the
// table is full. The caller holds mu.
func (t *requestTable) find(id string, now int64) *requestState {
	t.advance(now)
	r := t.byID[id]
	switch {
	case r != nil:
		r.unlink()
	case len(t.byID) >= maxRequests:
		return nil
	case t.spare != nil:
		r, t.spare = t.spare, t.spare.newer
	default:
		r = new(requestState)
	}
	if r.id == "" {
		r.id, r.openings = id, r.first[:0]
		t.byID[id] = r
	}
	r.at = t.now
	r.older, r.newer = t.used.older, &t.used
	r.older.newer, r.newer.older = r, r
	return r
}

// advance takes in what time it is and forgets requests. A wall clock that was
// set back by more than a lifetime must not keep them for as long.
func (t *requestTable) advance(now int64) {
	now += t.step
	if back := t.now - now; back > t.lifetime {
		t.step += back
	}
	t.now = max(t.now, now)
	for r := t.used.newer; r != &t.used && t.now-r.at > t.lifetime; r = t.used.newer {
		delete(t.byID, r.id)
		r.unlink()
		*r = requestState{newer: t.spare}
		t.spare = r
	}
}

func (r *requestState) unlink() { r.older.newer, r.newer.older = r.newer, r.older }

// opened returns how often the request opened a data key.
func (r *requestState) opened(key string) int {
	for i := range r.openings {
		if r.openings[i].key == key {
			return r.openings[i].n
		}
	}
	return 0
}

// count takes in an opening.
func (r *requestState) count(key string) {
	r.total++
	for i := range r.openings {
		if r.openings[i].key == key {
			r.openings[i].n++
			return
		}
	}
	r.openings = append(r.openings, keyOpenings{key, 1})
}

// fitsOneOf tells whether key, and all keys that r opened, are in one of the
// sets.
func (r *requestState) fitsOneOf(sets [][]string, key string) bool {
	return slices.ContainsFunc(sets, func(set []string) bool {
		for _, opened := range r.openings {
			if !slices.Contains(set, opened.key) {
				return false
			}
		}
		return slices.Contains(set, key)
	})
}
