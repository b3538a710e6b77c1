package core

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"reflect"
)

// sealedPrefix marks the text that replaces a value: version 1 of the form
// "dt1." + base64url(nonce (12) | ciphertext | tag (16)), without padding.
const sealedPrefix = "dt1."

// sealedValue is one protected value. Its associated data is made once, here:
// built per call it would be the one allocation on the way to the value.
type sealedValue struct {
	box        []byte // nonce | ciphertext | tag
	associated []byte
	size       int   // of the value
	until      int64 // when the value expires, in nanoseconds since 1970; 0 for never
	rules      keyRules
}

func (v *sealedValue) expired(now int64) bool { return v.until != 0 && now >= v.until }

// sealer is AES-256-GCM with a key of its own. The nonce is drawn by crypto/rand
// for every value; a key seals a handful, far below the 2^32 that SP 800-38D
// (8.3) allows.
type sealer struct {
	aead cipher.AEAD
}

func newSealer(key []byte) (sealer, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealer{}, err
	}
	defer wipeCipher(block) // the AEAD holds its own copy

	// Not NewGCM: under GODEBUG=fips140=only nonces must come from within.
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return sealer{aead}, err
}

// seal encrypts a value and binds it to its name and instance, or ciphertexts
// could be exchanged and a function be made to send one credential where
// another belongs. The plaintext stays the caller's to wipe.
func (s sealer) seal(instance, name string, plain []byte) *sealedValue {
	associated := sealFrame(instance, name)
	return &sealedValue{
		box:        s.aead.Seal(make([]byte, 0, len(plain)+s.aead.Overhead()), nil, plain, associated),
		associated: associated,
		size:       len(plain),
	}
}

// open decrypts v into the memory of dst, which has room for it, and returns
// the value.
func (s sealer) open(dst []byte, v *sealedValue) ([]byte, error) {
	return s.aead.Open(dst[:0], nil, v.box, v.associated)
}

// wipe overwrites the expanded key.
func (s sealer) wipe() { wipeCipher(s.aead) }

// text is what stands in the environment instead of the value.
func (v *sealedValue) text() string {
	return sealedPrefix + base64.RawURLEncoding.EncodeToString(v.box)
}

// wipeCipher sets the struct behind a cipher to zero, and with it the round
// keys, for which crypto/aes and crypto/cipher have no call. A test fails if a
// later Go release keeps them elsewhere.
func wipeCipher(c any) {
	v := reflect.ValueOf(c)
	if v.Kind() == reflect.Struct && v.NumField() == 1 {
		v = v.Field(0) // a wrapper around the pointer
	}
	if v.Kind() == reflect.Pointer && v.Elem().CanSet() {
		v.Elem().SetZero()
	}
}
