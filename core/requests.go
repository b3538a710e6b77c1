package core

import (
	"slices"
	"sync"
	"time"
)

// requestTable keeps what the requests of late did, for budgets and for the
// behaviour factor; a guard that has neither has no table. It forgets as the
// registry does: in two buckets, and when it is full it refuses, as forgetting
// a request early would give it a new budget. A request that goes on for longer
// than requestLifetime, the longest that AWS Lambda lets one run, may be given
// one.
type requestTable struct {
	mu                sync.Mutex
	started           int64
	current, previous map[string]*requestState
}

const (
	requestLifetime = 15 * time.Minute
	maxRequests     = 1 << 16
)

// requestState is one request.
type requestState struct {
	counts   map[string]int // openings per data key
	total    int
	last     string // the key opened last
	furthest int    // place in the declared order
	teaches  bool   // the behaviour factor learns from it
}

func newRequestTable(now int64) *requestTable {
	return &requestTable{started: now, current: make(map[string]*requestState), previous: make(map[string]*requestState)}
}

// find returns the state of a request, a new one if need be, or nil if the
// table is full. The caller holds mu.
func (t *requestTable) find(id string, now int64) *requestState {
	if age := now - t.started; age > int64(requestLifetime) {
		t.previous = t.current
		if age > 2*int64(requestLifetime) {
			t.previous = make(map[string]*requestState)
		}
		t.current = make(map[string]*requestState)
		t.started = now
	}
	if r := t.current[id]; r != nil {
		return r
	}
	r := t.previous[id]
	switch {
	case r != nil: // still going on
		delete(t.previous, id)
	case len(t.current)+len(t.previous) >= maxRequests:
		return nil
	default:
		r = &requestState{counts: make(map[string]int)}
	}
	t.current[id] = r
	return r
}

// opened returns how often the request opened a data key.
func (r *requestState) opened(key string) int { return r.counts[key] }

// count takes in an opening.
func (r *requestState) count(key string) {
	r.counts[key]++
	r.total++
}

// fitsOneOf tells whether key, and all keys that r opened, are in one of the
// sets.
func (r *requestState) fitsOneOf(sets [][]string, key string) bool {
	return slices.ContainsFunc(sets, func(set []string) bool {
		for opened := range r.counts {
			if !slices.Contains(set, opened) {
				return false
			}
		}
		return slices.Contains(set, key)
	})
}
