package wipehmac

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"strings"
	"testing"
)

// TestRFC4231 runs the published test cases of RFC 4231 for HMAC-SHA-256 (case 5, truncation, does not apply).
func TestRFC4231(t *testing.T) {
	check := func(name, key, message, want string) {
		t.Helper()
		k, err := hex.DecodeString(key)
		if err != nil {
			t.Fatal(err)
		}
		msg, err := hex.DecodeString(message)
		if err != nil {
			t.Fatal(err)
		}
		var out [Size]byte
		New().Sum(&out, msg, k)
		if got := hex.EncodeToString(out[:]); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	text := func(s string) string { return hex.EncodeToString([]byte(s)) }

	check("case 1", strings.Repeat("0b", 20), text("Hi There"),
		"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
	check("case 2", text("Jefe"), text("what do ya want for nothing?"),
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
	check("case 3", strings.Repeat("aa", 20), strings.Repeat("dd", 50),
		"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe")
	check("case 4", "0102030405060708090a0b0c0d0e0f10111213141516171819", strings.Repeat("cd", 50),
		"82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b")
	check("case 6, long key", strings.Repeat("aa", 131), text("Test Using Larger Than Block-Size Key - Hash Key First"),
		"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
	check("case 7, long key and data", strings.Repeat("aa", 131),
		text("This is a test using a larger than block-size key and a larger than block-size data. "+
			"The key needs to be hashed before being used by the HMAC algorithm."),
		"9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2")
}

// FuzzAgainstCryptoHMAC compares with the standard library for any key, split at any point, and any message, on a MAC
// that has just been used with another key.
func FuzzAgainstCryptoHMAC(f *testing.F) {
	f.Add([]byte("key"), []byte("message"), 1)
	f.Add([]byte{}, []byte{}, 0)
	for _, n := range []int{63, 64, 65, 128, 200} {
		f.Add(bytes.Repeat([]byte{0xa5}, n), bytes.Repeat([]byte{'m'}, n), n/2)
	}
	f.Fuzz(func(t *testing.T, key, message []byte, split int) {
		reference := hmac.New(sha256.New, key)
		reference.Write(message)
		want := reference.Sum(nil)

		split = max(0, min(split, len(key)))
		keyBefore, messageBefore := bytes.Clone(key), bytes.Clone(message)
		var out [Size]byte
		m := New()
		m.Sum(&out, []byte("another message"), []byte("another key"))
		m.Sum(&out, message, key[:split], key[split:])
		if !bytes.Equal(out[:], want) {
			t.Errorf("key %x split at %d, message %x: got %x, want %x", key, split, message, out, want)
		}
		if !bytes.Equal(key, keyBefore) || !bytes.Equal(message, messageBefore) {
			t.Error("Sum changed its input")
		}
		checkWiped(t, m)
	})
}

// checkWiped fails unless every byte that m can hold is zero or the constant initial state of SHA-256.
func checkWiped(t *testing.T, m *MAC) {
	t.Helper()
	if m.pad != [sha256.BlockSize]byte{} {
		t.Errorf("the padded key survives: %x", m.pad)
	}
	if m.inner != [Size]byte{} {
		t.Errorf("the inner digest survives: %x", m.inner)
	}
	state := func(h any) []byte {
		b, err := h.(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if got, want := state(m.digest), state(sha256.New()); !bytes.Equal(got, want) {
		t.Errorf("the hash state survives: %x, want %x", got, want)
	}
	// MarshalBinary hides the unused part of the block buffer.
	if got := blockBuffer(t, m.digest); !bytes.Equal(got, make([]byte, len(got))) {
		t.Errorf("the block buffer survives: %x", got)
	}
}

func BenchmarkSum(b *testing.B) {
	key, message := make([]byte, 32), make([]byte, 32)
	b.Run("wipehmac", func(b *testing.B) {
		b.ReportAllocs()
		m, out := New(), new([Size]byte)
		for b.Loop() {
			m.Sum(out, message, key)
		}
	})
	b.Run("crypto-hmac", func(b *testing.B) {
		b.ReportAllocs()
		out := make([]byte, 0, Size)
		for b.Loop() {
			h := hmac.New(sha256.New, key)
			h.Write(message)
			out = h.Sum(out[:0])
		}
	})
}
