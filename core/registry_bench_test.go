package core

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"math"
	"runtime"
	"sync"
	"testing"
	"time"
)

const population = 1_000_000

// nonces are random, as in tokens.
func nonces(n int) [][nonceSize]byte {
	list := make([][nonceSize]byte, n)
	for i := range list {
		rand.Read(list[i][:])
	}
	return list
}

func filled(list [][nonceSize]byte) *registry {
	r := new(registry)
	r.init(2*population, int64(defaultWindow), 1000)
	for i := range list {
		if r.insert(&list[i], 1000, 1000) != granted {
			panic("a fresh nonce was refused")
		}
	}
	return r
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Bytes for each of a million live nonces.
func BenchmarkRegistryMemory(b *testing.B) {
	if b.N > 1 {
		return
	}
	list := nonces(population)
	hold(b, "B/nonce", 48, func() (float64, map[string]float64) {
		before := heap()
		r := filled(list)
		bytes := float64(heap() - before)
		runtime.KeepAlive(r)
		return bytes / population, nil
	})
	runtime.KeepAlive(list)
}

// lockedMap is what the registry has to be better than.
type lockedMap struct {
	mu     sync.Mutex
	nonces map[[nonceSize]byte]struct{}
}

func (m *lockedMap) insert(nonce *[nonceSize]byte) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, used := m.nonces[*nonce]; used {
		return false
	}
	m.nonces[*nonce] = struct{}{}
	return true
}

// Insertion of fresh nonces into either, from empty to a million, and at a
// million live ones: the dearer quotient counts.
func BenchmarkRegistryInsertOverMap(b *testing.B) {
	if b.N > 1 {
		return
	}
	const more = 20_000
	list := nonces(population)
	hold(b, "ratio", 0.9, func() (float64, map[string]float64) {
		fill := func() (r *registry, m *lockedMap, x, y float64) {
			runtime.GC()
			start := time.Now()
			r = filled(list)
			x = float64(time.Since(start)) / population
			m = &lockedMap{nonces: make(map[[nonceSize]byte]struct{})}
			runtime.GC()
			start = time.Now()
			for i := range list {
				m.insert(&list[i])
			}
			return r, m, x, float64(time.Since(start)) / population
		}
		r, m, fillR, fillM := fill()
		var rs, ms, quotients []float64
		for range 15 {
			fresh := nonces(more)
			start := time.Now()
			for i := range fresh {
				r.insert(&fresh[i], 1000, 1000)
			}
			middle := time.Now()
			for i := range fresh {
				m.insert(&fresh[i])
			}
			x, y := float64(middle.Sub(start)), float64(time.Since(middle))
			rs, ms, quotients = append(rs, x/more), append(ms, y/more), append(quotients, x/y)
		}
		at := median(quotients)
		return max(at, fillR/fillM), map[string]float64{
			"ns": median(rs), "ns-map": median(ms), "ratio-filling": fillR / fillM, "ratio-at-million": at,
		}
	})
}

// scaling returns how much more two goroutines get done than one, by loop(i),
// each with its own i, which does a fixed piece of work. Prepare comes before
// each reading.
func scaling(prepare func(), loop func(worker int)) float64 {
	prepare()
	start := time.Now()
	loop(0)
	one := time.Since(start)
	var wg sync.WaitGroup
	prepare()
	start = time.Now()
	for worker := range 2 {
		wg.Go(func() { loop(worker) })
	}
	wg.Wait()
	return 2 * float64(one) / float64(time.Since(start))
}

// hmacLoop does HMACs that share nothing.
func hmacLoop(n int) func(int) {
	type padded struct {
		*parts
		_ [64]byte
	}
	var workers [2]padded
	for i := range workers {
		p := &parts{mac: hmac.New(sha256.New, make([]byte, keySize)), frame: make([]byte, 192), sum: make([]byte, macSize)}
		p.mac.Reset()
		workers[i].parts = p
	}
	return func(worker int) {
		for range n {
			workers[worker].hmac()
		}
	}
}

// scalingShortfall is the scaling of independent HMAC loops over that of loop,
// measured in turns; 1/0.75 is the bound. It needs a machine that has a second
// processor to spare: where HMAC loops do not scale, the quotient says nothing.
func scalingShortfall(b *testing.B, prepare func(), loop func(worker int)) {
	b.Helper()
	if runtime.GOMAXPROCS(0) < 2 {
		b.Skip("needs two processors")
	}
	independent := hmacLoop(readings)
	shortfall := 0.0
	hold(b, "shortfall", 1/0.75, func() (float64, map[string]float64) {
		var of, to []float64
		for range 9 {
			of = append(of, scaling(prepare, loop))
			to = append(to, scaling(func() {}, independent))
		}
		x, y := median(of), median(to)
		if shortfall = y / x; y < 1.6 {
			shortfall = math.NaN() // is over no bound, and not within one
		}
		return shortfall, map[string]float64{"scaling": x, "scaling-hmac": y, "scaling/hmac": x / y}
	})
	if math.IsNaN(shortfall) {
		b.Skip("the second processor is busy: HMAC loops that share nothing do not scale")
	}
}

// readings is the number of insertions or HMACs between two readings of the clock.
const readings = 16_000

// registryLoop returns a loop that inserts fresh nonces where at least those of
// list live, and what makes them before each reading.
func registryLoop(b *testing.B, list [][nonceSize]byte) (prepare func(), loop func(worker int)) {
	var r *registry
	var fresh [2][][nonceSize]byte
	left := 0
	prepare = func() {
		if left--; left < 0 {
			r, left = filled(list), 30
			runtime.GC()
		}
		fresh = [2][][nonceSize]byte{nonces(readings), nonces(readings)}
	}
	return prepare, func(worker int) {
		for i := range fresh[worker] {
			if r.insert(&fresh[worker][i], 1000, 1000) != granted {
				b.Error("a fresh nonce was refused")
				return
			}
		}
	}
}

// At a million live nonces.
func BenchmarkRegistryScaling(b *testing.B) {
	if b.N > 1 {
		return
	}
	prepare, loop := registryLoop(b, nonces(population))
	scalingShortfall(b, prepare, loop)
}

// The same for the whole way to a value.
func BenchmarkAccessScaling(b *testing.B) {
	g := newGuard(b, Config{})
	forget := func() { internals(g).registry.forget(time.Now().UnixNano()) }
	scalingShortfall(b, forget, func(int) {
		for range 10_000 {
			if err := g.Use(requestID, "API_KEY", ignore); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
