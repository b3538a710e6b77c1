package attack

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios/probes"
)

func forgeFromPublicContext() Attack {
	return Attack{
		Description: results.Description{
			ID: "T5", Title: "Forge a token from public context", Adversary: results.A2,
			Dimensions: []results.Dimension{results.AntiForgery},
			Properties: []results.Property{results.Unpredictability, results.ContextBinding},
			Tries:      "computes tokens from the request id and the instance id, which logs and headers show, and a nonce and a time of its own",
			Explain: `The attacker reads the request id and the instance id where anybody may (logs, headers, the environment), draws a nonce, takes the time, and computes 100 tokens for every way it can think of. The function is given them as if they came with that request.

Eq. (1) of the paper is a hash without a key. Nothing in it is secret, so whoever knows the five fields has the token. The hardened core puts a MAC in its place, whose key is drawn at start-up and never leaves the instance; hashes, framed hashes, and MACs under keys that can be guessed (none, zeros, the instance id, the request id) are all refused.

By hand: printf '%s' "$REQUEST$INSTANCE$NONCE$TIME$NAME" | sha256sum gives a token of the literal variant; core/SPEC.md, "Token", says what the hardened one is made of.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (r Result, err error) {
			if !hasTokens(variant) {
				return noTokens(), nil
			}
			t, err := lab.Deploy(ctx, Deployment{Variant: variant, Policy: patient(variant, nil)})
			if err != nil {
				return r, err
			}
			defer t.Close()
			known, err := t.public(ctx)
			if err != nil {
				return r, err
			}
			const each = 100
			var forged []string
			for range each {
				forged = append(forged, forgeries(variant, known, FirstKey)...)
			}
			p, err := t.present(ctx, probes.Present{Request: known.Request, Key: FirstKey, Tokens: texts(forged...)})
			if err != nil {
				return r, err
			}
			r = verdict(len(p.Granted), len(forged), "forged tokens")
			r.Evidence = append(t.proofs(p.Sums...), t.refusals(p)...)
			guesses := results.Quantity{ID: "guesses", Title: "Guesses to forge a token (log2)", Unit: "bits", Source: results.Derived}
			if r.Outcome == results.Broken {
				guesses.Detail = "one guess, 2^0: the first computed token opens the value"
			} else {
				guesses.Value = 256
				guesses.Detail = "2^256 guesses, for a MAC of 256 bits under a key of 256 bits; by default the instance ends after 100 refusals in a row"
			}
			r.Quantities = append(r.Quantities, guesses)
			return r, t.granted(p)
		},
	}
}

// forgeries are tokens for a public context, one for every recipe.
func forgeries(variant string, known probes.Public, key string) []string {
	nonce, digits := freshNonce()
	nanoseconds, seconds := now()
	if isLiteral(variant) {
		sum := sha256.Sum256([]byte(known.Request + known.Instance + digits + seconds + key))
		return []string{literalToken{hex.EncodeToString(sum[:]), digits, seconds}.String()}
	}
	plain := known.Request + known.Instance + string(nonce[:]) + string(nanoseconds[:]) + key
	var framed []byte
	for _, field := range []string{known.Request, known.Instance, string(nonce[:]), string(nanoseconds[:]), key} {
		framed = binary.BigEndian.AppendUint32(framed, uint32(len(field)))
		framed = append(framed, field...)
	}
	var forged []string
	add := func(mac [32]byte) {
		forged = append(forged, coreToken{nonce, nanoseconds, mac}.String())
	}
	add(sha256.Sum256([]byte(plain)))
	add(sha256.Sum256(framed))
	for _, guess := range [][]byte{nil, make([]byte, 32), []byte(known.Instance), []byte(known.Request)} {
		for _, message := range [][]byte{[]byte(plain), framed} {
			m := hmac.New(sha256.New, guess)
			m.Write(message)
			add([32]byte(m.Sum(nil)))
		}
	}
	return forged
}

func extendTheHash() Attack {
	const rule = "$sha256($static_secret, $requestid, $instanceid, $nonce, $timestamp, $datakey)"
	return Attack{
		Description: results.Description{
			ID: "T10", Title: "Extend the hash of a rule that begins with a secret", Adversary: results.A0,
			Dimensions: []results.Dimension{results.AntiForgery, results.Integrity},
			Properties: []results.Property{results.Unpredictability, results.ContextBinding},
			Tries:      "continues the SHA-256 of one stolen token under $sha256($static_secret, …, $datakey), without knowing the secret, to a token for another data key",
			Explain: `The natural repair of Eq. (1) is to put a secret parameter first. The attacker steals one token under such a rule. A SHA-256 is its own inner state: the attacker loads it, appends the padding that the first computation ended with, and then a nonce, a time and another data key. The old nonce, time, data key and the padding become the beginning of the new nonce. Of the secret only the length is needed; 64 lengths are tried.

Under the literal variant one length fits, and from then on every extension opens the other value, with a time that the attacker chooses. The hardened core takes the outermost algorithm as HMAC (RFC 2104), which cannot be extended, and frames every field by its length.

By hand: the extension is 20 lines of runner/attack/forgery.go; tools for length extension give the same digits.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (r Result, err error) {
			if !hasTokens(variant) {
				return noTokens(), nil
			}
			_, secret := freshNonce()
			static := map[string]string{"static_secret": secret}
			t, err := lab.Deploy(ctx, underRule(variant, rule, static))
			if err != nil {
				return r, err
			}
			defer t.Close()
			// An extension has a nonce of its own only under the literal variant: where the
			// nonce is that of the stolen token, it must not be refused for that.
			s, err := t.steal(ctx, probes.Steal{Key: FirstKey, Count: 1, Spend: isLiteral(variant)})
			if err != nil {
				return r, err
			}
			const lengths = 64
			var guesses []string
			for n := 1; n <= lengths; n++ {
				forged, err := extension(variant, s, n)
				if err != nil {
					return r, err
				}
				guesses = append(guesses, forged)
			}
			p, err := t.present(ctx, probes.Present{Request: s.Request, Key: SecondKey, Tokens: texts(guesses...)})
			if err != nil {
				return r, err
			}
			r = verdict(len(p.Granted), lengths, "extensions for another data key, one for each length of the secret")
			r.Evidence = append(t.proofs(p.Sums...), t.refusals(p)...)
			if len(p.Granted) == 0 {
				return r, nil
			}
			// The length is known now: everything further is granted at once.
			const further = 20
			var more []string
			for range further {
				forged, err := extension(variant, s, p.Granted[0]+1)
				if err != nil {
					return r, err
				}
				more = append(more, forged)
			}
			again, err := t.present(ctx, probes.Present{Request: s.Request, Key: SecondKey, Tokens: texts(more...)})
			if err != nil {
				return r, err
			}
			r.Evidence = append(r.Evidence, fmt.Sprintf("with the length known, %d of %d further tokens accepted", len(again.Granted), further))
			return r, t.granted(p)
		},
	}
}

// underRule is a deployment with an encryption rule.
func underRule(variant, rule string, static map[string]string) Deployment {
	d := Deployment{Variant: variant, Settings: map[string]string{}}
	if isLiteral(variant) {
		d.Settings = literalRule(rule, static)
		return d
	}
	more := map[string]any{"rule": rule, "allow_weak_hashes": true}
	if static != nil {
		more["parameters"] = static
	}
	d.Policy = patient(variant, more)
	return d
}

// extension continues the hash of the first stolen token to one for SecondKey,
// for a secret of the given length.
func extension(variant string, s probes.Stolen, secret int) (string, error) {
	_, more := freshNonce()
	nanoseconds, seconds := now()
	if !isLiteral(variant) {
		t, err := parseCore(s.Tokens[0])
		if err != nil {
			return "", err
		}
		// The bytes under the MAC are no longer the fields alone, but the attacker
		// may hope that they are.
		length := secret + len(s.Request) + len(s.Instance) + len(t.nonce) + len(t.time) + len(FirstKey)
		mac, err := extendSHA256(t.mac, length, string(nanoseconds[:])+SecondKey)
		return coreToken{t.nonce, nanoseconds, mac}.String(), err
	}
	t, err := parseLiteral(s.Tokens[0])
	if err != nil {
		return "", err
	}
	digest, err := hex.DecodeString(t.digits)
	if err != nil || len(digest) != sha256.Size {
		return "", fmt.Errorf("a stolen token holds no SHA-256")
	}
	known := t.nonce + t.timestamp + FirstKey
	length := secret + len(s.Request) + len(s.Instance) + len(known)
	extended, err := extendSHA256([32]byte(digest), length, more+seconds+SecondKey)
	return literalToken{hex.EncodeToString(extended[:]), known + string(padding(length)) + more, seconds}.String(), err
}

// padding is what SHA-256 ends a message of the given length with (FIPS 180-4,
// section 5.1.1).
func padding(length int) []byte {
	p := make([]byte, 1+(119-length%64)%64, 72)
	p[0] = 0x80
	return binary.BigEndian.AppendUint64(p, uint64(length)*8)
}

// extendSHA256 is the SHA-256 of the message whose hash is digest, its padding,
// and suffix. Of the message only the length is known.
func extendSHA256(digest [32]byte, length int, suffix string) (extended [32]byte, err error) {
	h := sha256.New()
	// The form in which package sha256 writes its state: magic, state, what of the
	// last block has come, how much was hashed.
	state := append([]byte("sha\x03"), digest[:]...)
	state = append(state, make([]byte, sha256.BlockSize)...)
	state = binary.BigEndian.AppendUint64(state, uint64(length+len(padding(length))))
	if err := h.(interface{ UnmarshalBinary([]byte) error }).UnmarshalBinary(state); err != nil {
		return extended, fmt.Errorf("continuing a hash: %w", err)
	}
	h.Write([]byte(suffix))
	return [32]byte(h.Sum(nil)), nil
}
