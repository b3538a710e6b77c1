package core

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
)

// registry remembers the nonces of used tokens for as long as the tokens would
// pass the time check. It holds them in two buckets and forgets a bucket at a
// time, so that forgetting costs nothing per nonce.
//
// A token may be dated up to one window ahead and is good until one window
// behind: its nonce must be kept for two. A bucket therefore collects for two
// windows and is then kept for at least two more.
//
// It is split into shards, each with its own lock and its own buckets: a nonce
// belongs to one shard for ever, so exactly-once needs no other lock. Nonces
// are random and come here only behind a MAC, so nobody can aim at a shard.
//
// All times are in nanoseconds since 1970.
type registry struct {
	capacity int64
	period   int64 // two windows
	chunk    int64 // what a shard reserves of free at a time

	// free is what no shard has reserved of the capacity. Reserving in chunks
	// keeps the processors from passing one counter around; up to 1/64 of the
	// capacity can lie reserved and unused when the registry calls itself full.
	free  atomic.Int64
	swept atomic.Int64 // when all shards were last searched for old buckets

	shards [registryShards]*shard
}

const registryShards = 64

// shard is two cache lines: one that an insertion writes to, and one that it
// only reads, which every processor keeps a copy of until the buckets rotate.
// Each shard is allocated by itself, as the allocator puts objects of this size
// at multiples of it.
type shard struct {
	mu       sync.Mutex
	reserved int64 // nonces that it may still take
	current  bucket

	started int64 // when current began to collect

	// forgotten is the latest timestamp of any token whose nonce was dropped.
	// Nothing dated up to it is let in. With a clock that runs forward the
	// time check refuses all of these already; with one that is set forward
	// and back again, this is what keeps a used token used.
	forgotten int64

	previous bucket
}

type bucket struct {
	nonces nonceSet
	latest int64 // timestamp of a token in it, or in one that it replaced
}

// init sets the registry up for use and forgets everything in it.
func (r *registry) init(capacity int, window, now int64) {
	r.period = 2 * window
	r.chunk = int64(min(max(capacity/(64*registryShards), 1), 256))
	r.capacity = int64(capacity)
	for i := range r.shards {
		r.shards[i] = new(shard)
	}
	r.forget(now)
}

// forget empties the registry. The caller sees to it that no token of before
// verifies any more, and that nobody inserts meanwhile.
func (r *registry) forget(now int64) {
	r.swept.Store(now - r.period)
	r.free.Store(r.capacity)
	for _, s := range r.shards {
		s.mu.Lock()
		expect := s.current.nonces.len()
		s.current.nonces.clear(expect)
		s.previous.nonces.clear(expect)
		s.current.latest, s.previous.latest = -1, -1
		s.reserved, s.started, s.forgotten = 0, now, -1
		s.mu.Unlock()
	}
}

// insert takes in the nonce of a token that passed every other check and
// returns granted, once per nonce however many goroutines present it. A full
// registry refuses: to evict a nonce would let its token in again.
func (r *registry) insert(nonce *[nonceSize]byte, timestamp, now int64) reason {
	e, h := entryOf(nonce)
	s := r.shardOf(h)
	outcome := r.insertInto(s, e, h, timestamp, now)
	if outcome == registryFull && r.sweep(now) {
		outcome = r.insertInto(s, e, h, timestamp, now)
	}
	return outcome
}

// shardOf takes the six upper bits of a hash; nonceSet uses the lower ones.
func (r *registry) shardOf(h uint64) *shard { return r.shards[h>>58] }

func entryOf(nonce *[nonceSize]byte) (entry, uint64) {
	e := entry{binary.LittleEndian.Uint64(nonce[:8]), binary.LittleEndian.Uint64(nonce[8:])}
	return e, e.hash()
}

func (r *registry) insertInto(s *shard, e entry, h uint64, timestamp, now int64) reason {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.rotate(s, now)
	if timestamp <= s.forgotten {
		return forgotten
	}
	if s.previous.nonces.has(e, h) || s.current.nonces.has(e, h) {
		return replayed
	}
	if s.reserved == 0 && !r.reserve(s) {
		return registryFull
	}
	s.reserved--
	s.current.nonces.add(e, h)
	s.current.latest = max(s.current.latest, timestamp)
	return granted
}

// reserve moves a chunk of the free capacity to s.
func (r *registry) reserve(s *shard) bool {
	for {
		free := r.free.Load()
		n := min(free, r.chunk)
		if n <= 0 {
			return false
		}
		if r.free.CompareAndSwap(free, free-n) {
			s.reserved += n
			return true
		}
	}
}

// sweep makes every shard drop the buckets whose time is over: a shard that no
// nonce came to would otherwise hold capacity that it has no use for. At most
// once in 1/64 of a period, or a full registry would make every refusal dear.
func (r *registry) sweep(now int64) bool {
	last := r.swept.Load()
	if since := now - last; 0 <= since && since < r.period/64 || !r.swept.CompareAndSwap(last, now) {
		return false
	}
	for _, s := range r.shards {
		s.mu.Lock()
		r.rotate(s, now)
		r.free.Add(s.reserved)
		s.reserved = 0
		s.mu.Unlock()
	}
	return true
}

// rotate drops the buckets whose time is over. A clock that has gone back
// rotates nothing, which keeps too much and never too little. The caller holds
// the lock of s.
func (r *registry) rotate(s *shard, now int64) {
	age := now - s.started
	if age <= r.period {
		return
	}
	expect := s.current.nonces.len()
	r.dropPrevious(s, expect)
	if age > 2*r.period {
		// Nothing came for so long that current is over as well.
		r.dropPrevious(s, expect)
	}
	s.started = now
}

// dropPrevious forgets previous, moves current to its place and reuses its
// memory for the new current, of which expect nonces are expected.
func (r *registry) dropPrevious(s *shard, expect int) {
	r.free.Add(int64(s.previous.nonces.len()))
	s.forgotten = max(s.forgotten, s.previous.latest)
	s.previous.nonces.clear(expect)
	s.current, s.previous = s.previous, s.current
}

// size is the number of nonces held. It does not wait for insertions.
func (r *registry) size() int {
	n := 0
	for _, s := range r.shards {
		s.mu.Lock()
		n += s.current.nonces.len() + s.previous.nonces.len()
		s.mu.Unlock()
	}
	return n
}
