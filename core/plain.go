package core

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"github.com/dtbench/dtbench/core/rules"
)

// plainRule is the rule of most guards written out: Eq. (1) under HMAC-SHA256,
// with the function's name and version behind it and nothing else. Its MAC is
// the one that package rules computes for the same rule, without the closures.
type plainRule struct {
	rule   int    // index in state.rules; -1 if no key has this rule
	text   string // canonical
	suffix []byte // name and version of the function
}

// frameRoom holds any frame: five fields of at most these widths before the
// suffix.
const frameRoom = 5*4 + maxRequestID + instanceSize + nonceSize + timeSize + maxName

// newPlainRule finds the rule among those of a guard.
func newPlainRule(set *ruleSet, function, version string) plainRule {
	i, ok := set.index["sha256"]
	if !ok || !set.own || set.chain {
		return plainRule{rule: -1}
	}
	r := plainRule{rule: i, text: set.rules[i].text}
	for _, field := range []string{function, version} {
		if field != "" {
			r.suffix = appendField(r.suffix, field)
		}
	}
	return r
}

// deriveKey puts the rule's key into derived.
func (r *plainRule) deriveKey(derived *[keySize]byte, key []byte) error {
	if r.rule < 0 {
		return nil
	}
	k, err := rules.DeriveKey(key, r.text)
	copy(derived[:], k)
	clear(k)
	return err
}

// plainMAC computes the MACs of a plainRule.
type plainMAC struct {
	mac   hash.Hash
	frame []byte
}

func (m *plainMAC) init(r *plainRule, key []byte) {
	if r.rule < 0 {
		return
	}
	m.mac = hmac.New(sha256.New, key)
	m.mac.Reset() // the first Reset keeps the keyed state for later ones
	m.frame = make([]byte, 0, frameRoom+len(r.suffix))
}

// sum puts the MAC of t, without the one that t carries, into sum.
func (m *plainMAC) sum(sum *[macSize]byte, r *plainRule, requestID, instance, dataKey string, t *Token) {
	f := appendField(m.frame[:0], requestID)
	f = appendField(f, instance)
	f = binary.BigEndian.AppendUint32(f, nonceSize)
	f = append(f, t.nonce()[:]...)
	f = binary.BigEndian.AppendUint32(f, timeSize)
	f = append(f, t.time()...)
	f = appendField(f, dataKey)
	f = append(f, r.suffix...)
	m.mac.Reset()
	m.mac.Write(f)
	m.mac.Sum(sum[:0])
}
