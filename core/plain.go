package core

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// plainRule is the rule of most guards written out: Eq. (1) under HMAC-SHA256,
// with the function's name and version behind it and nothing else. Its MAC is
// the one that package rules computes for the same rule, a third faster: what
// does not change from one token to the next is laid out once.
type plainRule struct {
	rule   int    // index in state.rules; -1 if no key has this rule
	prefix []byte // label and fingerprint of the rule
	suffix []byte // name and version of the function
}

const ruleLabel = "dtbench/core rule v1" // as in package rules

// frameRoom holds any frame: five fields of at most these widths between prefix
// and suffix.
const frameRoom = 5*4 + maxRequestID + 2*instanceSize + nonceSize + timeSize + maxName

// newPlainRule finds the rule among those of a guard.
func newPlainRule(set *ruleSet, function, version string) plainRule {
	i, ok := set.index["sha256"]
	if !ok || !set.own || set.chain {
		return plainRule{rule: -1}
	}
	fingerprint := sha256.Sum256([]byte(set.rules[i].text))
	r := plainRule{rule: i, prefix: appendField(appendField(nil, ruleLabel), fingerprint[:])}
	for _, field := range []string{function, version} {
		if field != "" {
			r.suffix = appendField(r.suffix, field)
		}
	}
	return r
}

// plainMAC computes the MACs of a plainRule.
type plainMAC struct {
	mac   hash.Hash
	frame []byte // starts with the prefix
}

func (m *plainMAC) init(r *plainRule, key []byte) {
	if r.rule < 0 {
		return
	}
	m.mac = hmac.New(sha256.New, key)
	m.mac.Reset() // the first Reset keeps the keyed state for later ones
	m.frame = append(make([]byte, 0, len(r.prefix)+frameRoom+len(r.suffix)), r.prefix...)
}

// sum puts the MAC of t, without the one that t carries, into sum.
func (m *plainMAC) sum(sum *[macSize]byte, r *plainRule, requestID, instanceID, dataKey string, t *Token) {
	f := m.frame[:len(r.prefix)]
	f = binary.BigEndian.AppendUint32(f, uint32(len(requestID)))
	f = append(f, requestID...)
	f = binary.BigEndian.AppendUint32(f, uint32(len(instanceID)))
	f = append(f, instanceID...)
	f = binary.BigEndian.AppendUint32(f, nonceSize)
	f = append(f, t.nonce()[:]...)
	f = binary.BigEndian.AppendUint32(f, timeSize)
	f = append(f, t.time()...)
	f = binary.BigEndian.AppendUint32(f, uint32(len(dataKey)))
	f = append(f, dataKey...)
	f = append(f, r.suffix...)
	m.mac.Reset()
	m.mac.Write(f)
	m.mac.Sum(sum[:0])
}
