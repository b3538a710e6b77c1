package rules

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"hash"
)

// frameCapacity is what an evaluator starts with, in bytes: enough for Eq. (1)
// with the longest request id and data key that the core admits.
const frameCapacity = 1024

// Evaluator computes results of one rule with one key. It keeps hash states and
// buffers, allocates nothing once these have grown, and must not be used
// concurrently: keep them in a [sync.Pool].
type Evaluator struct {
	rule      *Rule
	hashes    []hash.Hash
	values    Values
	nonce     []byte
	timestamp []byte
	frame     []byte
	sum       [64]byte
}

// NewEvaluator prepares the rule for a key. The key is not kept, but its padded
// form inside crypto/hmac is, until the garbage collector takes the evaluator.
// A rule that is not [Rule.Keyed] ignores the key.
//
// A key of less than [MinKeySize] bytes gives [ErrKey]; any other error is that
// of [DeriveKey].
func (r *Rule) NewEvaluator(key []byte) (*Evaluator, error) {
	if r.keyed && len(key) < MinKeySize {
		return nil, fmt.Errorf("%w: %d bytes, at least %d are needed", ErrKey, len(key), MinKeySize)
	}
	derived := key
	if r.mode == Hardened {
		var err error
		if derived, err = DeriveKey(key, r.text); err != nil {
			return nil, err
		}
		defer clear(derived)
	}
	e := &Evaluator{rule: r, frame: make([]byte, 0, frameCapacity)}
	for i, c := range r.calls {
		h := hash.Hash(nil)
		switch {
		case i == r.outermost && c.keyed:
			h = hmac.New(c.new, derived)
		case c.keyed:
			h = hmac.New(c.new, key)
		default:
			h = c.new()
		}
		h.Reset() // the first Reset of an HMAC keeps its keyed state for later ones
		e.hashes = append(e.hashes, h)
	}
	return e, nil
}

// DeriveKey returns the key of a hardened rule, given by its canonical text, of
// [Size] bytes, to be wiped after use: HKDF-Expand (RFC 5869, section 2.3) with
// SHA-256 of key, for a label and the fingerprint of the rule. What is the same
// in every computation is in the key and costs it nothing.
//
// The only errors are those of crypto/hkdf, for a key that is too short for FIPS
// 140-only mode.
func DeriveKey(key []byte, canonical string) ([]byte, error) {
	fingerprint := sha256.Sum256([]byte(canonical))
	info := appendField(appendField(nil, ruleLabel), fingerprint[:])
	derived, err := hkdf.Expand(sha256.New, key, string(info), Size)
	if err != nil {
		return nil, fmt.Errorf("rules: derive the key of a rule: %w", err)
	}
	return derived, nil
}

// Sum appends the result for v to dst: [Rule.Size] bytes. It does not keep v,
// nor what v points to. Under Hardened, a nonce or timestamp of another width
// than the fixed one gives [ErrValues] and dst unchanged.
func (e *Evaluator) Sum(dst []byte, v *Values) ([]byte, error) {
	hardened := e.rule.mode == Hardened
	if hardened && (len(v.Nonce) != NonceSize || len(v.Timestamp) != TimestampSize) {
		return dst, ErrValues
	}
	e.load(v)
	digest := e.digest(e.rule.outermost, e.frame[:0], 0, e.rule.arguments)
	if hardened {
		clear(e.sum[len(digest):]) // md5 and sha1 are shorter
		digest = e.sum[:Size]
	}
	dst = append(dst, digest...)

	// Inner digests and results are as good as tokens to whoever reads memory.
	clear(e.sum[:])
	clear(e.frame[:cap(e.frame)])
	e.values = Values{}
	return dst, nil
}

// load copies v. Nonce and timestamp are copied by content, because a slice that
// is kept would force the caller's token onto the heap.
func (e *Evaluator) load(v *Values) {
	e.nonce = append(e.nonce[:0], v.Nonce...)
	e.timestamp = append(e.timestamp[:0], v.Timestamp...)
	e.values = Values{
		RequestID: v.RequestID, InstanceID: v.InstanceID, DataKey: v.DataKey,
		FunctionName: v.FunctionName, FunctionVersion: v.FunctionVersion, Region: v.Region,
		AccountID: v.AccountID, Platform: v.Platform, Caller: v.Caller, CallChain: v.CallChain,
	}
}

// digest hashes what the parts append behind start. It leaves the buffer, which
// may have grown, in e.frame, and the digest in e.sum.
func (e *Evaluator) digest(site int, buffer []byte, start int, parts []part) []byte {
	for _, p := range parts {
		buffer = p(e, buffer)
	}
	e.frame = buffer
	h := e.hashes[site]
	h.Reset()
	h.Write(buffer[start:])
	return h.Sum(e.sum[:0])
}
