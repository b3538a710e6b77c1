package audit

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Fields that [FieldEncryption] can hide.
const (
	FieldRequest = "request"
	FieldSource  = "source"
	FieldKey     = "key"
)

const encryptedPrefix = "enc:"

// ErrField is returned by Reveal for a field that cannot be decrypted.
var ErrField = errors.New("audit: field cannot be decrypted")

// FieldEncryption hides chosen fields of records from readers without the key:
// "enc:" and the base64url form of nonce and AES-256-GCM ciphertext, bound to
// chain, number and field name, so that fields cannot be exchanged. Equal values
// do not show as equal. It may be used concurrently.
type FieldEncryption struct {
	aead   cipher.AEAD
	fields []string
}

// NewFieldEncryption takes a key of 32 bytes, which may be wiped afterwards, and
// the names of the fields. With no fields it can still reveal.
func NewFieldEncryption(key []byte, fields ...string) (*FieldEncryption, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("%w: a field key of %d bytes, 32 are needed", ErrOptions, len(key))
	}
	for _, f := range fields {
		if f != FieldRequest && f != FieldSource && f != FieldKey {
			return nil, fmt.Errorf("%w: field %.40q cannot be encrypted: choose %s, %s or %s", ErrOptions, f, FieldRequest, FieldSource, FieldKey)
		}
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("audit: field key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("audit: field key: %w", err)
	}
	return &FieldEncryption{aead, slices.Clone(fields)}, nil
}

func (e *FieldEncryption) hides(field string) bool {
	return e != nil && slices.Contains(e.fields, field)
}

func (e *FieldEncryption) append(b []byte, chain string, sequence uint64, field, text string) []byte {
	box := e.aead.Seal(nil, nil, []byte(text), fieldBinding(chain, sequence, field))
	return base64.RawURLEncoding.AppendEncode(append(b, encryptedPrefix...), box)
}

// Reveal decrypts the text of a field that is read from a record. Text that is
// not encrypted is returned unchanged. Wrong key, chain, number, field or text
// give [ErrField].
func (e *FieldEncryption) Reveal(chain string, sequence uint64, field, text string) (string, error) {
	encoded, ok := strings.CutPrefix(text, encryptedPrefix)
	if !ok || !e.CanReveal() {
		return text, nil
	}
	box, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return "", ErrField
	}
	plain, err := e.aead.Open(nil, nil, box, fieldBinding(chain, sequence, field))
	if err != nil {
		return "", ErrField
	}
	return string(plain), nil
}

// fieldBinding is injective: chain ids have one width, numbers no letters and
// field names no digits.
func fieldBinding(chain string, sequence uint64, field string) []byte {
	return []byte("dtbench/audit field v1 " + chain + " " + strconv.FormatUint(sequence, 10) + " " + field)
}

// CanReveal tells whether there is a key: the zero FieldEncryption has none, and
// returns encrypted text unchanged.
func (e *FieldEncryption) CanReveal() bool { return e.aead != nil }
