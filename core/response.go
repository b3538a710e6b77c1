package core

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// ExitTerminated is the exit code of an instance whose guard terminated it: too
// many refusals in a row, or Revoke. The platform replaces the instance.
const ExitTerminated = 86

// ResponsePolicy says what refusals lead to (paper, sections "Encryption and
// decryption process" and "Audit log recording"): an alert, a timed block of
// their source, the end of the instance. Only refusals count that a verification
// gave, never the failures of the function itself. A grant sets the counts of
// its source and of the instance back to zero.
//
// Zero means the default, a negative number never.
type ResponsePolicy struct {
	// AlertAfter is how many refusals in a row of one source, or of the
	// instance, raise an alert. Default 3.
	AlertAfter int `json:"alert_after,omitempty"`

	// BlockAfter is how many refusals in a row of one source block it, for
	// BlockFor. Defaults 10 and 30 s. Requests that name no source are never
	// blocked, as they may have nothing in common.
	BlockAfter int      `json:"block_after,omitempty"`
	BlockFor   Duration `json:"block_for,omitempty"`

	// TerminateAfter is how many refusals in a row wipe the keys and end the
	// instance. Default 100. Refusals of a blocked source do not count: one
	// source alone cannot end instances unless this is less than BlockAfter.
	TerminateAfter int `json:"terminate_after,omitempty"`
}

func (p ResponsePolicy) check() error {
	if p.BlockFor < 0 || time.Duration(p.BlockFor) > 24*time.Hour {
		return errors.New("response: block_for is not within 0 to 24h")
	}
	return nil
}

const (
	defaultAlertAfter     = 3
	defaultBlockAfter     = 10
	defaultBlockFor       = Duration(30 * time.Second)
	defaultTerminateAfter = 100
	maxSources            = 1024
	staleBlocks           = 4
)

func (p ResponsePolicy) complete() ResponsePolicy {
	set := func(n *int, value int) {
		if *n == 0 {
			*n = value
		}
	}
	set(&p.AlertAfter, defaultAlertAfter)
	set(&p.BlockAfter, defaultBlockAfter)
	set(&p.TerminateAfter, defaultTerminateAfter)
	if p.BlockFor == 0 {
		p.BlockFor = defaultBlockFor
	}
	return p
}

// step is what a refusal led to.
type step uint8

const (
	noted step = iota
	alerted
	blocked
	terminated
)

// response counts refusals. A guard that sees none pays for two atomic reads.
type response struct {
	policy ResponsePolicy

	failing  atomic.Int64 // refusals of the instance in a row
	watched  atomic.Int64 // number of sources in the map
	mu       sync.Mutex
	sources  map[string]*source
	overflow source // stands for every source that found the map full of blocked ones
}

type source struct {
	failing      int
	last         int64 // when it failed last
	blockedUntil int64
}

// blocked tells whether a source is under a block.
func (r *response) blocked(name string, now int64) bool {
	if r.watched.Load() == 0 {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.sources[name]
	if s == nil {
		// A source that found no room is not blocked with its peers: it would
		// be enough to invent names to lock everybody out.
		return false
	}
	return now < s.blockedUntil
}

// succeeded ends a row of refusals.
func (r *response) succeeded(name string) {
	if r.failing.Load() != 0 {
		r.failing.Store(0)
	}
	if name == "" || r.watched.Load() == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.sources[name]; s != nil {
		delete(r.sources, name)
		r.watched.Store(int64(len(r.sources)))
	}
}

// failed counts a refusal and says what it leads to, and the length of the row.
func (r *response) failed(name string, now int64) (step, int) {
	all := int(r.failing.Add(1))
	led, row := noted, all
	if all == r.policy.AlertAfter {
		led = alerted
	}
	if name != "" {
		r.mu.Lock()
		s := r.watch(name, now)
		s.failing++
		row = s.failing
		switch {
		case r.policy.BlockAfter > 0 && s.failing >= r.policy.BlockAfter && s != &r.overflow:
			s.blockedUntil = now + int64(r.policy.BlockFor)
			s.failing = 0
			led = blocked // which is an alert as well
		case s.failing == r.policy.AlertAfter:
			led = alerted
		}
		r.mu.Unlock()
	}
	if r.policy.TerminateAfter > 0 && all >= r.policy.TerminateAfter {
		return terminated, all
	}
	return led, row
}

// watch returns the entry of a source and makes room for it if it can.
func (r *response) watch(name string, now int64) *source {
	if s := r.sources[name]; s != nil {
		s.last = now
		return s
	}
	if len(r.sources) >= maxSources {
		r.makeRoom(now)
	}
	if len(r.sources) >= maxSources {
		return &r.overflow
	}
	if r.sources == nil {
		r.sources = make(map[string]*source)
	}
	s := &source{last: now}
	r.sources[name] = s
	r.watched.Store(int64(len(r.sources)))
	return s
}

// makeRoom drops sources, as invented names must not keep others from being
// watched. What is blocked stays. A source goes whose block is over, or that has
// not failed for staleBlocks times the length of a block; if there is none, the
// quarter goes that has not failed for the longest. To push out a source that is
// not blocked yet takes hundreds of failures between two of its own, more than
// TerminateAfter lets through by default.
func (r *response) makeRoom(now int64) {
	var others []string
	for name, s := range r.sources {
		switch {
		case now < s.blockedUntil:
		case s.failing == 0 || now-s.last > staleBlocks*int64(r.policy.BlockFor):
			delete(r.sources, name)
		default:
			others = append(others, name)
		}
	}
	if len(r.sources) < maxSources {
		return
	}
	slices.SortFunc(others, func(a, b string) int { return cmp.Compare(r.sources[a].last, r.sources[b].last) })
	for _, name := range others[:(len(others)+3)/4] {
		delete(r.sources, name)
	}
}
