// Package wipehmac computes HMAC-SHA256 (RFC 2104, FIPS 198-1) and leaves nothing of the key behind.
//
// The functions under test hand a decrypted secret to a signer for the length of one request. crypto/hmac is not used
// for that, because a hash.Hash made by hmac.New keeps the padded key (the key itself, XORed with a constant) in two
// heap buffers and, once Reset, in two saved hash states, and offers no way to clear any of them: the secret stays in
// the process until the collector happens to reuse the memory. Here the padded key and the hash state lie in one known
// place and are overwritten before Sum returns.
//
// It refuses to promise more than that: registers and the memory of the caller's own key are not its business, and a
// goroutine stack that grows in the middle of a computation leaves its old copy behind. The stack frames that
// crypto/sha256 used are overwritten by running the same calls once more over zeros.
package wipehmac

import (
	"crypto/sha256"
	"hash"
)

// Size is the length of a code in bytes.
const Size = sha256.Size

// MAC is the working memory of one computation after another. Between calls it holds nothing that depends on a key.
// It may be reused any number of times, by one goroutine at a time.
type MAC struct {
	digest hash.Hash
	pad    [sha256.BlockSize]byte
	inner  [Size]byte
}

// New returns a MAC ready for use.
func New() *MAC { return &MAC{digest: sha256.New()} }

var zeros [sha256.BlockSize]byte

// Sum writes to out the HMAC-SHA256 of message under the key that the parts of key form when they are joined.
// A key may have any length, including none. Out may overlap neither message nor key.
//
// Before Sum returns it has overwritten the padded key, the hash states and the block buffer.
func (m *MAC) Sum(out *[Size]byte, message []byte, key ...[]byte) {
	defer m.wipe()

	length := 0
	for _, part := range key {
		length += len(part)
	}
	if length > len(m.pad) {
		m.digest.Reset()
		for _, part := range key {
			m.digest.Write(part)
		}
		m.digest.Sum(m.pad[:0])
	} else {
		n := 0
		for _, part := range key {
			n += copy(m.pad[n:], part)
		}
	}

	m.mask(0x36)
	m.digest.Reset()
	m.digest.Write(m.pad[:])
	m.digest.Write(message)
	m.digest.Sum(m.inner[:0])

	m.mask(0x36 ^ 0x5c)
	m.digest.Reset()
	m.digest.Write(m.pad[:])
	m.digest.Write(m.inner[:])
	m.digest.Sum(out[:0])

	// The same calls from the same frame, over zeros: they overwrite the message schedule and the copies of the hash
	// state that the calls above left on the stack, and all 64 bytes of the digest's block buffer (1 + 63).
	m.digest.Reset()
	m.digest.Write(zeros[:1])
	m.digest.Write(zeros[:])
	m.digest.Sum(m.inner[:0])
}

func (m *MAC) mask(b byte) {
	for i := range m.pad {
		m.pad[i] ^= b
	}
}

// wipe clears what Sum keeps in m. It runs on a panic too.
func (m *MAC) wipe() {
	clear(m.pad[:])
	clear(m.inner[:])
	m.digest.Reset()
}
