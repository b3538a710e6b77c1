package core

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/dtbench/dtbench/core/audit"
)

// Signing and verifying a JWT with the five claims of Eq. (1) against issuing,
// verifying and opening: at least ten times as fast, so at most a tenth.
func BenchmarkAccessOverJWT(b *testing.B) {
	key := make([]byte, keySize)
	instance := "000102030405060708090a0b0c0d0e0f"
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}))
	keyOf := func(*jwt.Token) (any, error) { return key, nil }
	atMost(b, 0.1, access(b), func(n int) {
		for range n {
			var nonce [nonceSize]byte
			rand.Read(nonce[:])
			claims := jwt.MapClaims{
				"requestid": requestID, "instanceid": instance, "nonce": hex.EncodeToString(nonce[:]),
				"iat": time.Now().Unix(), "datakey": "API_KEY",
			}
			text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(key)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := parser.Parse(text, keyOf); err != nil {
				b.Fatal(err)
			}
		}
	}, chunk)
}

// audited returns a guard that records to a file, without what it writes
// growing over a few megabytes.
func audited(b *testing.B, mode audit.Mode) (use func(n int), path string) {
	path = filepath.Join(b.TempDir(), "audit")
	sink, err := audit.OpenFile(path)
	if err != nil {
		b.Fatal(err)
	}
	log, err := audit.New(audit.Options{Mode: mode, Sink: sink})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { log.Close(time.Second); sink.Close() })
	policy := quiet()
	policy.Audit = AuditPolicy{}
	g := newGuard(b, Config{Policy: policy, Audit: log})
	run := accesses(b, g)
	uses := 0
	return func(n int) {
		run(n)
		if uses += n; uses > perRound {
			uses = 0
			if err := os.Truncate(path, 0); err != nil {
				b.Fatal(err)
			}
		}
	}, path
}

// What strict audit adds to an access against what one write(2) of the same record
// adds to it: code that comes after a system call finds the caches as the kernel
// left them, whoever made the call.
func BenchmarkStrictAuditOverWrite(b *testing.B) {
	plain := access(b)
	strict, path := audited(b, audit.Strict)
	strict(1)
	lines, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	line := lines[bytes.LastIndexByte(lines[:len(lines)-1], '\n')+1:] // of the grant
	f, err := os.OpenFile(filepath.Join(b.TempDir(), "floor"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	write := func(n int) {
		for range n {
			plain(1)
			if err := rawWrite(f, line); err != nil {
				b.Fatal(err)
			}
		}
		f.Truncate(0)
	}
	hold(b, "ratio", 1.5, func() (float64, map[string]float64) {
		var with, without, floor, quotients []float64
		const n = 200
		timed := func(f func(int)) float64 {
			start := time.Now()
			f(n)
			return float64(time.Since(start)) / n
		}
		for end := time.Now().Add(spell); time.Now().Before(end); {
			x, y, z := timed(strict), timed(plain), timed(write)
			with, without, floor = append(with, x), append(without, y), append(floor, z)
			quotients = append(quotients, (x-y)/(z-y))
		}
		return median(quotients), map[string]float64{
			"ns": median(with), "ns-off": median(without), "ns-with-write": median(floor), "B-record": float64(len(line)),
		}
	})
}

// What asynchronous audit adds to an access, in nanoseconds on the caller's path.
func BenchmarkAsyncAudit(b *testing.B) {
	plain := access(b)
	async, _ := audited(b, audit.Async)
	hold(b, "ns-added", 2000, func() (float64, map[string]float64) {
		with, without, _ := sample(async, plain, 200)
		return with - without, map[string]float64{"ns": with, "ns-off": without}
	})
}
