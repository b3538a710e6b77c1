package core

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
)

const maxRequestID = 256

// frameCapacity holds every frame of a token: six lengths, the label, the hex
// instance id, and the longest fields that pass the checks.
const frameCapacity = 6*4 + len(tokenLabel) + maxRequestID + 2*instanceSize + nonceSize + timeSize + maxName

// scratch is the memory of one call. It is pooled, because the keyed state of an
// HMAC costs several times what resetting it does, and because a buffer that
// is lent out has to live on the heap.
type scratch struct {
	mac   hash.Hash
	frame []byte
	sum   [macSize]byte
	value []byte // room for the largest value
}

func newScratch(key []byte, largest int) *scratch {
	s := &scratch{
		mac:   hmac.New(sha256.New, key),
		frame: make([]byte, 0, frameCapacity),
		value: make([]byte, largest),
	}
	s.mac.Reset() // the first Reset keeps the keyed state for later ones
	return s
}

// authenticate returns the MAC of t for what it is bound to, valid until the
// next call. The MAC that t carries is not part of it.
func (s *scratch) authenticate(requestID, instanceID, dataKey string, t *Token) []byte {
	s.frame = appendTokenFrame(s.frame[:0], requestID, instanceID, t.nonce()[:], t.time(), dataKey)
	s.mac.Reset()
	s.mac.Write(s.frame)
	return s.mac.Sum(s.sum[:0])
}
