package core

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"hash"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// fastClock is the real clock plus an offset, which a benchmark moves on so
// that the registry stays at 10,000 nonces or fewer.
type fastClock struct{ offset atomic.Int64 }

func (c *fastClock) read() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) }

const (
	chunk       = 500 // accesses between two readings
	perRotation = 9   // chunks until the clock is moved on
)

// access returns a function that issues, verifies and opens n times.
func access(b *testing.B) func(n int) {
	clock := new(fastClock)
	g := newGuard(b, Config{Clock: clock.read})
	chunks := 0
	return func(n int) {
		for range n {
			if err := g.Use(requestID, "API_KEY", ignore); err != nil {
				b.Fatal(err)
			}
		}
		if chunks++; chunks%perRotation == 0 {
			clock.offset.Add(int64(2*defaultWindow + 1))
		}
	}
}

// parts is what an access cannot do without, and nothing else: two HMACs with
// kept state over the bytes that a token covers, 16 random bytes, opening 64
// bytes, two readings of the clock.
type parts struct {
	mac                    hash.Hash
	frame, nonce, sum, out []byte
	aead                   cipher.AEAD
	box, associated        []byte
}

func newParts(b *testing.B) *parts {
	block, err := aes.NewCipher(make([]byte, keySize))
	if err != nil {
		b.Fatal(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		b.Fatal(err)
	}
	p := &parts{mac: hmac.New(sha256.New, make([]byte, keySize)), aead: aead}
	p.nonce, p.sum, p.out = make([]byte, nonceSize), make([]byte, macSize), make([]byte, len(apiKey))
	instance := "000102030405060708090a0b0c0d0e0f"
	p.frame = appendTokenFrame(nil, requestID, instance, p.nonce, make([]byte, timeSize), "API_KEY")
	p.associated = sealFrame(instance, "API_KEY")
	p.box = aead.Seal(nil, nil, []byte(apiKey), p.associated)
	p.mac.Reset()
	return p
}

func (p *parts) hmac() {
	p.mac.Reset()
	p.mac.Write(p.frame)
	p.mac.Sum(p.sum[:0])
}

func (p *parts) run(n int) {
	for range n {
		issued := time.Now()
		rand.Read(p.nonce)
		p.hmac()
		p.hmac()
		if time.Now().UnixNano()-issued.UnixNano() > int64(defaultWindow) {
			panic("ten seconds passed")
		}
		if _, err := p.aead.Open(p.out[:0], nil, p.box, p.associated); err != nil {
			panic(err)
		}
	}
}

func BenchmarkAccess(b *testing.B) {
	run := access(b)
	run(chunk)
	b.ReportAllocs()
	b.ResetTimer()
	for n := b.N; n > 0; n -= chunk {
		run(min(n, chunk))
	}
}

func BenchmarkParts(b *testing.B) {
	p := newParts(b)
	b.ReportAllocs()
	b.ResetTimer()
	p.run(b.N)
}

// ratio reports the median time of a and of b, measured in turns so that both
// see the same machine, and the median of their ratio. Aim: 1.5 at most.
func ratio(b *testing.B, of, to func(n int)) {
	of(chunk)
	to(chunk)
	var ofs, tos, ratios []float64
	b.ResetTimer()
	for n := 0; n < b.N || n < 20*chunk; n += chunk {
		start := time.Now()
		of(chunk)
		middle := time.Now()
		to(chunk)
		end := time.Now()
		x, y := float64(middle.Sub(start))/chunk, float64(end.Sub(middle))/chunk
		ofs, tos, ratios = append(ofs, x), append(tos, y), append(ratios, x/y)
	}
	median := func(v []float64) float64 { slices.Sort(v); return v[len(v)/2] }
	b.ReportMetric(median(ofs), "ns/access")
	b.ReportMetric(median(tos), "ns/parts")
	b.ReportMetric(median(ratios), "ratio")
	b.ReportMetric(0, "ns/op")
}

func BenchmarkAccessOverParts(b *testing.B) { ratio(b, access(b), newParts(b).run) }

// Refusing a forgery against one HMAC. Aim: 1.3 at most.
func BenchmarkForgeryOverHMAC(b *testing.B) {
	g := newGuard(b, Config{})
	forged := issue(b, g, requestID, "API_KEY")
	forged.bytes[TokenSize-1] ^= 1
	p := newParts(b)
	ratio(b, func(n int) {
		for range n {
			if g.Open(requestID, "API_KEY", forged, ignore) != ErrDenied {
				b.Fatal("a forgery was granted")
			}
		}
	}, func(n int) {
		for range n {
			p.hmac()
		}
	})
}

// One access on every processor at once. The clock moves by a window every
// 200,000 accesses, so a goroutine that is held up for long enough sees its
// token expire; that is no failure here.
func BenchmarkAccessParallel(b *testing.B) {
	clock := new(fastClock)
	g := newGuard(b, Config{Clock: clock.read, MaxNonces: 1 << 20})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 1; pb.Next(); i++ {
			if err := g.Use(requestID, "API_KEY", ignore); err != nil && err != ErrDenied {
				b.Error(err)
				return
			}
			if i%2000 == 0 {
				clock.offset.Add(int64(defaultWindow / 100))
			}
		}
	})
	b.ReportMetric(float64(b.N)-float64(count(g, granted)), "denied")
}

// Start-up with three secrets. Aim: far below 0.5 ms.
func BenchmarkStartUp(b *testing.B) {
	env := &variables{values: map[string]string{}}
	b.ReportAllocs()
	for b.Loop() {
		env.values[KeysVariable] = "A,B,C"
		env.values["A"], env.values["B"], env.values["C"] = apiKey, password, "third"
		if _, err := FromEnvironment(Config{Environment: env}); err != nil {
			b.Fatal(err)
		}
	}
}
