package core

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
)

func newRegistry(capacity int, window, now int64) *registry {
	r := new(registry)
	r.init(capacity, window, now)
	return r
}

func nonceOf(n uint64) *[nonceSize]byte {
	var nonce [nonceSize]byte
	for i := range 8 {
		nonce[i] = byte(n >> (8 * i))
	}
	return &nonce
}

// inOneShard returns a nonce for n that belongs to the first shard.
func inOneShard(n uint64) *[nonceSize]byte {
	nonce := nonceOf(n)
	for i := range uint64(1 << 20) {
		binary.LittleEndian.PutUint64(nonce[8:], i)
		if _, h := entryOf(nonce); h>>58 == 0 {
			break
		}
	}
	return nonce
}

// Windows of 10, so buckets of 20 and a retention of 20 to 40.
func TestRegistryRotation(t *testing.T) {
	r := newRegistry(4, 10, 1000)
	check := func(now, timestamp int64, nonce uint64, want reason, size int) {
		t.Helper()
		if got := r.insert(inOneShard(nonce), timestamp, now); got != want || r.size() != size {
			t.Errorf("at %d, dated %d, nonce %d: reason %d, size %d; want %d, %d", now, timestamp, nonce, got, r.size(), want, size)
		}
	}
	check(1000, 1000, 1, granted, 1)
	check(1000, 1000, 1, replayed, 1)
	check(1020, 1020, 2, granted, 2) // last moment of the first bucket
	check(1021, 1021, 3, granted, 3) // second bucket
	check(1021, 1021, 1, replayed, 3)
	check(1041, 1041, 4, granted, 4)
	check(1041, 1041, 5, registryFull, 4)
	check(1041, 1020, 2, replayed, 4)
	check(1042, 1042, 5, granted, 3) // the first bucket, with 1 and 2, is dropped
	check(1042, 1020, 2, forgotten, 3)
	check(1042, 1021, 3, replayed, 3)
	check(1042, 1020, 6, forgotten, 3) // dated no later than what was dropped
	check(1042, 1021, 6, granted, 4)
	check(1082, 1082, 7, granted, 3) // 3 and 4 are dropped, 5 and 6 are not
	check(1082, 1042, 5, replayed, 3)
	check(1123, 1123, 8, granted, 1) // idle for more than two buckets: both
	check(1123, 1082, 9, forgotten, 1)
	check(1000, 1100, 9, granted, 2) // a clock that went back drops nothing
	check(1000, 1123, 8, replayed, 2)
}

// The registry against an oracle that forgets nothing, under a clock that jumps
// about: no nonce is ever granted twice, and with a clock that only runs
// forward every new nonce within the window is.
func TestRegistryAgainstOracle(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		backwards := seed%2 == 1
		now := int64(1_000_000)
		r := newRegistry(1<<20, 100, now)
		used := map[uint64]bool{}
		dated := map[uint64]int64{}
		next := uint64(0)
		for range 4000 {
			switch step := random.Int64N(20); {
			case backwards && random.IntN(100) == 0:
				now += random.Int64N(2000) - 1000
			case random.IntN(200) == 0:
				now += random.Int64N(1000)
			default:
				now += step
			}
			nonce := next
			if next > 0 && random.IntN(2) == 0 {
				nonce = next - 1 - random.Uint64N(min(next, 60))
			} else {
				dated[nonce] = now + random.Int64N(201) - 100
				next++
			}
			timestamp := dated[nonce]
			if now-timestamp > 100 || timestamp-now > 100 {
				continue // the time check comes first
			}
			got := r.insert(nonceOf(nonce), timestamp, now)
			switch {
			case used[nonce] && got == granted:
				t.Fatalf("seed %d: nonce %d granted twice", seed, nonce)
			case !used[nonce] && got != granted && (!backwards || got == replayed):
				t.Fatalf("seed %d: new nonce %d refused: reason %d", seed, nonce, got)
			}
			if got == granted {
				used[nonce] = true
			}
		}
	}
}

func TestRegistryNeverExceedsItsCapacity(t *testing.T) {
	const capacity = 1000
	r := newRegistry(capacity, 10, 0)
	var grants, full atomic.Int64
	var wg sync.WaitGroup
	for worker := range uint64(8) {
		wg.Go(func() {
			for i := range uint64(500) {
				switch r.insert(nonceOf(worker<<32|i), 5, 5) {
				case granted:
					grants.Add(1)
				case registryFull:
					full.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if grants.Load() != capacity || full.Load() != 8*500-capacity || r.size() != capacity {
		t.Errorf("%d granted, %d refused, %d held", grants.Load(), full.Load(), r.size())
	}
}
