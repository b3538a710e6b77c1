package core

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

// The bounds of a request, at issuing and at opening.
func TestRequestBounds(t *testing.T) {
	g := newGuard(t, Config{})
	callers := func(n, size int) []string { return slices.Repeat([]string{strings.Repeat("c", size)}, n) }
	check := func(r Request, want bool) {
		t.Helper()
		if _, err := g.IssueFor(r, "API_KEY"); (err == nil) != want || err != nil && err != ErrRequestID {
			t.Errorf("Issue: %v", err)
		}
		before := count(g, badToken)
		token := issue(t, g, requestID, "API_KEY")
		g.OpenFor(r, "API_KEY", token, ignore)
		if (count(g, badToken) == before) != want {
			t.Errorf("Open: malformed %v", want)
		}
	}
	check(Request{ID: "r"}, true)
	check(Request{ID: ""}, false)
	check(Request{ID: strings.Repeat("r", 256)}, true)
	check(Request{ID: strings.Repeat("r", 257)}, false)
	check(Request{ID: "r", Source: strings.Repeat("s", 256)}, true)
	check(Request{ID: "r", Source: strings.Repeat("s", 257)}, false)
	check(Request{ID: "r", CallChain: callers(32, 1)}, true)
	check(Request{ID: "r", CallChain: callers(33, 1)}, false)
	check(Request{ID: "r", CallChain: callers(1, 256)}, true)
	check(Request{ID: "r", CallChain: callers(1, 257)}, false)
	check(Request{ID: "r", CallChain: callers(1, 0)}, false)
	check(Request{ID: "r", CallChain: []string{}}, true)
}

// Shards that nobody comes to give their capacity back when it is needed, but
// are not searched at every refusal.
func TestSweep(t *testing.T) {
	const capacity, window = 64, 640
	r := newRegistry(capacity, window, 0)
	period := int64(2 * window)
	next := uint64(0)
	fill := func(now int64) (n int) {
		for range 4 * capacity {
			next++
			if r.insert(nonceOf(next), now, now) == granted {
				n++
			}
		}
		return n
	}
	if n := fill(1); n != capacity {
		t.Fatalf("%d fit, want %d", n, capacity)
	}
	if r.swept.Load() != 1 {
		t.Fatal("a full registry was not swept")
	}
	check := func(now int64, swept bool) {
		t.Helper()
		if got := r.sweep(now); got != swept {
			t.Errorf("at %d: swept %v", now, got)
		}
	}
	check(1+period/64-1, false)
	check(1+period/64, true)
	check(1+period/64, false)
	check(0, true) // the clock went back
	if n := fill(4 * period); n != capacity {
		t.Errorf("%d fit after all was forgotten, want %d", n, capacity)
	}
}

// What a shard reserved and did not use goes back when the others need it.
func TestSweepReturnsReservations(t *testing.T) {
	r := newRegistry(64*64*64, 10, 0)
	if r.chunk != 64 {
		t.Fatalf("chunks of %d", r.chunk)
	}
	for i := range uint64(1000) {
		r.insert(nonceOf(i), 1, 1)
	}
	free := r.free.Load()
	for _, s := range r.shards {
		if s.reserved < 0 || s.reserved >= r.chunk {
			t.Errorf("a shard has %d reserved", s.reserved)
		}
	}
	if !r.sweep(1) || r.free.Load() <= free || r.free.Load() != 64*64*64-1000 {
		t.Errorf("%d free before, %d after", free, r.free.Load())
	}
	if newRegistry(1<<30, 10, 0).chunk != 256 || newRegistry(1, 10, 0).chunk != 1 {
		t.Error("chunks are not within 1 to 256")
	}
}

// A bucket that is dropped later can hold earlier timestamps.
func TestForgottenNeverGoesBack(t *testing.T) {
	r := newRegistry(100, 10, 1000)
	r.insert(inOneShard(1), 1010, 1000)
	r.insert(inOneShard(2), 1011, 1021)
	r.insert(inOneShard(3), 1035, 1042) // drops the bucket of 1010
	r.insert(inOneShard(4), 1053, 1063) // and that of 1011
	r.insert(inOneShard(5), 1074, 1084) // and that of 1035
	if got := r.insert(inOneShard(6), 1035, 1084); got != forgotten {
		t.Errorf("dated 1035: %d", got)
	}
	// The clock was set back: what is collected now is dated before.
	r = newRegistry(100, 10, 1000)
	r.insert(inOneShard(1), 1010, 1000)
	r.insert(inOneShard(2), 900, 1021) // a bucket that is dated earlier throughout
	r.insert(inOneShard(3), 1042, 1042)
	r.insert(inOneShard(4), 1063, 1063)
	if got := r.insert(inOneShard(1), 1010, 1063); got != forgotten {
		t.Errorf("a nonce that was dropped, dated 1010: %d", got)
	}
}

// Nothing of before is left in either bucket, whatever the clock says now.
func TestForget(t *testing.T) {
	r := newRegistry(100, 10, 1000)
	r.insert(inOneShard(1), 1000, 1000)
	r.insert(inOneShard(2), 1025, 1025) // the next bucket
	if r.size() != 2 {
		t.Fatalf("%d nonces", r.size())
	}
	r.forget(500)
	if r.size() != 0 || r.free.Load() != 100 {
		t.Errorf("%d nonces, %d free", r.size(), r.free.Load())
	}
	check := func(n uint64, at int64) {
		t.Helper()
		if got := r.insert(inOneShard(n), at, at); got != granted {
			t.Errorf("%d at %d: %d", n, at, got)
		}
	}
	check(1, 500)
	check(2, 500)
	check(3, 525) // buckets rotate, and drop nothing dated later
	check(4, 550)
	check(5, 575)
}

// Tables are used again after a pause in which all was forgotten, and after a
// restore: to grow them anew would cost each nonce several times its insertion.
func TestTablesAreKept(t *testing.T) {
	const window = 10
	check := func(what string, forget func(r *registry) (now int64)) {
		t.Helper()
		r := newRegistry(1<<20, window, 1000)
		for i := range uint64(100 * registryShards) {
			now := 1000 + int64(i/(50*registryShards))*(2*window+1) // half in either bucket
			r.insert(nonceOf(i), now, now)
		}
		e, h := entryOf(nonceOf(0))
		s := r.shardOf(h)
		slots := len(s.current.nonces.slots) + len(s.previous.nonces.slots)
		now := forget(r)
		if got := r.insertInto(s, e, h, now, now); got != granted || slots < 100 || len(s.current.nonces.slots)+len(s.previous.nonces.slots) != slots {
			t.Errorf("%s: %d, %d and %d slots of %d are left", what, got, len(s.current.nonces.slots), len(s.previous.nonces.slots), slots)
		}
	}
	check("pause", func(*registry) int64 { return 1000 + 8*window })
	check("restore", func(r *registry) int64 { r.forget(2000); return 2000 })
}

// What an insertion writes to is in the first cache line of its shard, and no two
// shards share one.
func TestShardsAreOnLinesOfTheirOwn(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("shards are laid out for 64 bits")
	}
	var s shard
	if size, cold := unsafe.Sizeof(s), unsafe.Offsetof(s.started); size != 128 || cold != 64 {
		t.Errorf("a shard has %d bytes, %d of them written to", size, cold)
	}
	for _, s := range newRegistry(1, 1, 0).shards {
		if uintptr(unsafe.Pointer(s))%128 != 0 {
			t.Errorf("a shard at %p", s)
		}
	}
}

func TestNonceSet(t *testing.T) {
	var s nonceSet
	at := func(i uint64) (entry, uint64) { e := entry{i, i * 7}; return e, e.hash() }
	for i := range uint64(100) { // 0 is the nonce of all zero bytes
		e, h := at(i)
		if s.has(e, h) {
			t.Fatalf("%d is in", i)
		}
		s.add(e, h)
		if !s.has(e, h) || s.len() != int(i)+1 {
			t.Fatalf("%d is not in, or there are %d", i, s.len())
		}
		if s.used*4 > 3*len(s.slots) {
			t.Fatalf("%d of %d slots are taken", s.used, len(s.slots))
		}
	}
	size := len(s.slots)
	s.clear(size / 4)
	if len(s.slots) != size || s.len() != 0 {
		t.Errorf("%d slots were kept of %d, %d nonces", len(s.slots), size, s.len())
	}
	for i := range uint64(100) {
		if e, h := at(i); s.has(e, h) {
			t.Errorf("%d is still in", i)
		}
	}
	s.add(entry{}, 0)
	s.clear(size/4 - 1)
	if s.slots != nil || s.len() != 0 {
		t.Error("a table that is far too large was kept")
	}
	for i := range uint64(3) {
		s.add(at(i))
	}
	s.clear(0)
	if len(s.slots) != smallestSet {
		t.Error("the smallest table was given back")
	}
}

func TestEntries(t *testing.T) {
	var nonce [nonceSize]byte
	binary.LittleEndian.PutUint64(nonce[:], 1)
	binary.LittleEndian.PutUint64(nonce[8:], 2)
	if e, h := entryOf(&nonce); e != (entry{1, 2}) || h != e.hash() {
		t.Errorf("%v", e)
	}
	// All shards are used.
	seen := map[*shard]bool{}
	r := newRegistry(1, 1, 0)
	for i := range uint64(2000) {
		_, h := entryOf(nonceOf(i))
		seen[r.shardOf(h)] = true
	}
	if len(seen) != registryShards {
		t.Errorf("%d shards", len(seen))
	}
}
