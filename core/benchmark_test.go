package core

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"hash"
	"testing"
	"time"
)

// perRound is how many accesses a benchmark makes until the registry is emptied:
// it is to hold 10,000 nonces at most.
const perRound = 9 * chunk

// access returns a function that issues, verifies and opens n times, by the
// system's clocks.
func access(b *testing.B) func(n int) { return accesses(b, newGuard(b, Config{})) }

func accesses(b *testing.B, g *Guard) func(n int) {
	return rounds(b, g, func() error { return g.Use(requestID, "API_KEY", ignore) })
}

// handedOver is access for a token that is issued by one call and comes back to
// another, as when a gateway asks for it: Use does both in one step.
func handedOver(b *testing.B) func(n int) {
	g := newGuard(b, Config{})
	return rounds(b, g, func() error {
		t, err := g.Issue(requestID, "API_KEY")
		if err != nil {
			return err
		}
		return g.Open(requestID, "API_KEY", t, ignore)
	})
}

func rounds(b *testing.B, g *Guard, one func() error) func(n int) {
	count := 0
	return func(n int) {
		for range n {
			if err := one(); err != nil {
				b.Fatal(err)
			}
		}
		if count += n; count >= perRound {
			count = 0
			internals(g).registry.forget(time.Now().UnixNano())
		}
	}
}

// parts is what an access cannot do without, and nothing else: two HMACs with
// kept state over the bytes that a token covers, 16 random bytes, opening 64
// bytes, two readings of the clock and one of boot time.
type parts struct {
	mac                    hash.Hash
	frame, nonce, sum, out []byte
	aead                   cipher.AEAD
	box, associated        []byte
	up                     time.Duration
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
	instance := string(make([]byte, instanceSize))
	p.frame = frameOf(requestID, instance, string(p.nonce), string(make([]byte, timeSize)), "API_KEY")
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
		p.up = bootTime()
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

// The whole way to a value against its raw parts.
func BenchmarkAccessOverParts(b *testing.B) { atMost(b, 1.5, access(b), newParts(b).run, chunk) }

func BenchmarkHandedOverOverParts(b *testing.B) {
	atMost(b, 1.5, handedOver(b), newParts(b).run, chunk)
}

// Refusing a forgery against one HMAC over the same bytes.
func BenchmarkForgeryOverHMAC(b *testing.B) {
	g := newGuard(b, Config{})
	forged := issue(b, g, requestID, "API_KEY")
	forged.bytes[TokenSize-1] ^= 1
	p := newParts(b)
	atMost(b, 1.3, func(n int) {
		for range n {
			if g.Open(requestID, "API_KEY", forged, ignore) != ErrDenied {
				b.Fatal("a forgery was granted")
			}
		}
	}, func(n int) {
		for range n {
			p.hmac()
		}
	}, chunk)
}

// Start-up with three secrets, warm and without audit and hygiene. What counts is
// the cold start of a function, which the benchmarks of package runner bound.
func BenchmarkStartUp(b *testing.B) {
	env := &variables{values: map[string]string{}}
	b.ReportAllocs()
	for b.Loop() {
		env.values[KeysVariable] = "A,B,C"
		env.values["A"], env.values["B"], env.values["C"] = apiKey, password, "third"
		g, err := FromEnvironment(Config{Environment: env, Policy: quiet()})
		if err != nil {
			b.Fatal(err)
		}
		g.Close()
	}
}
