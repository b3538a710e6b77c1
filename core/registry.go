package core

import "sync"

// registry remembers the nonces of used tokens for as long as the tokens would
// pass the time check. It holds them in two buckets and forgets a bucket at a
// time, so that forgetting costs nothing per nonce.
//
// A token may be dated up to one window ahead and is good until one window
// behind: its nonce must be kept for two. A bucket therefore collects for two
// windows and is then kept for at least two more.
//
// All times are in nanoseconds since 1970.
type registry struct {
	mu       sync.Mutex
	capacity int   // of both buckets together
	period   int64 // two windows

	started  int64 // when current began to collect
	current  bucket
	previous bucket

	// forgotten is the latest timestamp of any token whose nonce was dropped.
	// Nothing dated up to it is let in. With a clock that runs forward the
	// time check refuses all of these already; with one that is set forward
	// and back again, this is what keeps a used token used.
	forgotten int64
}

type bucket struct {
	nonces map[[nonceSize]byte]struct{}
	latest int64 // timestamp of a token in it
}

func newRegistry(capacity int, window, now int64) registry {
	empty := func() bucket { return bucket{nonces: make(map[[nonceSize]byte]struct{}), latest: -1} }
	return registry{
		capacity:  capacity,
		period:    2 * window,
		started:   now,
		current:   empty(),
		previous:  empty(),
		forgotten: -1,
	}
}

// insert takes in the nonce of a token that passed every other check and
// returns granted, once per nonce however many goroutines present it. A full
// registry refuses: to evict a nonce would let its token in again.
func (r *registry) insert(nonce *[nonceSize]byte, timestamp, now int64) reason {
	r.mu.Lock()
	defer r.mu.Unlock()

	r.rotate(now)
	if timestamp <= r.forgotten {
		return forgotten
	}
	if _, used := r.current.nonces[*nonce]; used {
		return replayed
	}
	if _, used := r.previous.nonces[*nonce]; used {
		return replayed
	}
	if r.size() >= r.capacity {
		return registryFull
	}
	r.current.nonces[*nonce] = struct{}{}
	r.current.latest = max(r.current.latest, timestamp)
	return granted
}

func (r *registry) size() int { return len(r.current.nonces) + len(r.previous.nonces) }

// rotate drops the buckets whose time is over. A clock that has gone back
// rotates nothing, which keeps too much and never too little.
func (r *registry) rotate(now int64) {
	age := now - r.started
	if age <= r.period {
		return
	}
	r.dropPrevious()
	if age > 2*r.period {
		// Nothing came for so long that current is over as well.
		r.dropPrevious()
	}
	r.started = now
}

// dropPrevious forgets previous, moves current to its place and reuses its
// memory for the new current.
func (r *registry) dropPrevious() {
	r.forgotten = max(r.forgotten, r.previous.latest)
	clear(r.previous.nonces) // its latest can stay: it is no later than forgotten
	r.current, r.previous = r.previous, r.current
}
