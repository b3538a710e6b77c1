package attack

import (
	"context"
	"encoding/base64"
	"fmt"

	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/probes"
)

func shiftBoundary() Attack {
	return Attack{
		Description: results.Description{
			ID: "T7", Title: "Replay by moving the boundary of nonce and timestamp", Adversary: results.A0,
			Dimensions: []results.Dimension{results.Integrity, results.AntiForgery},
			Properties: []results.Property{results.NonReusability},
			Tries:      "steals 2,000 used tokens and presents each again with characters moved between nonce and timestamp",
			Explain: `The function issues 2,000 tokens and uses every one. The thief moves up to three characters from the end of the nonce to the beginning of the timestamp, and the other way round, and presents the results with the same request.

Eq. (1) joins its fields by nothing: nonce "…0" with time "1764…" gives the same bytes as nonce "…" with time "01764…". The number is the same, the nonce is one that nobody has used. It works for every nonce that ends in the digit 0, which is one hexadecimal nonce in sixteen: about 6 %. A key does not help: the same concatenation under HMAC has the same flaw. The hardened core gives nonce and time fixed widths and frames every field by its length; the thief tries shifted bytes and other spellings of the same token instead.

By hand: take a token digits.nonce.time of the literal variant whose nonce ends in 0, move the 0, present it again.`,
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
			const count = 2000
			s, err := t.steal(ctx, probes.Steal{Key: FirstKey, Count: count, Spend: true})
			if err != nil {
				return r, err
			}
			var shifted []string
			var of []int // index of the token that it was made from
			for i, token := range s.Tokens {
				variants, err := shifts(variant, token)
				if err != nil {
					return r, err
				}
				for _, v := range variants {
					shifted, of = append(shifted, v), append(of, i)
				}
			}
			p, err := t.present(ctx, probes.Present{Request: s.Request, Key: FirstKey, Tokens: texts(shifted...)})
			if err != nil {
				return r, err
			}
			again := map[int]bool{}
			for _, i := range p.Granted {
				again[of[i]] = true
			}
			r = verdict(len(again), count, "used tokens presented again in other spellings")
			accepted := len(again)
			if brokered(variant) {
				accesses, err := t.replayAccesses(ctx, count)
				if err != nil {
					return r, err
				}
				accepted += accesses
				r = verdict(accepted, 2*count, "used accesses repeated, and used tokens of an optimized instance presented in other spellings")
			}
			share := 100 * float64(accepted) / count
			r.Detail += fmt.Sprintf(" (%.1f %%)", share)
			r.Evidence = append(t.proofs(p.Sums...), fmt.Sprintf("%d texts presented, %d spellings of each of %d tokens: %d texts accepted, of %d tokens", len(shifted), len(shifted)/count, count, len(p.Granted), len(again)))
			r.Evidence = append(r.Evidence, t.refusals(p)...)
			r.Quantities = append(r.Quantities, results.Quantity{
				ID: "replay-acceptance", Title: "Stolen used tokens that are accepted again", Value: share, Unit: "%", Source: results.Measured,
				Detail: fmt.Sprintf("%d of %d, each in %d spellings", accepted, count, len(shifted)/count),
			})
			return r, t.granted(p)
		},
	}
}

// shifts are other spellings of a token, as near to it as can be.
func shifts(variant, text string) ([]string, error) {
	if isLiteral(variant) {
		t, err := parseLiteral(text)
		if err != nil {
			return nil, err
		}
		var s []string
		for n := 1; n <= 3; n++ {
			at := len(t.nonce) - n
			s = append(s,
				literalToken{t.digits, t.nonce[:at], t.nonce[at:] + t.timestamp}.String(),
				literalToken{t.digits, t.nonce + t.timestamp[:n], t.timestamp[n:]}.String())
		}
		return s, nil
	}
	t, err := parseCore(text)
	if err != nil {
		return nil, err
	}
	var s []string
	for n := 1; n <= 3; n++ {
		left, right := t, t
		both := append(t.nonce[:len(t.nonce):len(t.nonce)], t.time[:]...)
		copy(left.nonce[:], append(both[n:16:16], both[16:16+n]...))
		copy(left.time[:], append(both[16+n:24:24], make([]byte, n)...))
		shifted := append(make([]byte, n), both[:24-n]...)
		copy(right.nonce[:], shifted[:16])
		copy(right.time[:], shifted[16:])
		s = append(s, left.String(), right.String())
	}
	b := t.bytes()
	return append(s,
		text, text+"=", text+"\n", " "+text, // as it is, and as a lenient reader takes it
		base64.RawURLEncoding.EncodeToString(append([]byte{0}, b...)),
		base64.RawURLEncoding.EncodeToString(append(b, 0)),
		base64.StdEncoding.EncodeToString(b),
	), nil
}

func separatorInsideField() Attack {
	const separator = "|"
	return Attack{
		Description: results.Description{
			ID: "T8", Title: "A separator inside a field", Adversary: results.A0,
			Dimensions: []results.Dimension{results.Integrity, results.AntiForgery},
			Properties: []results.Property{results.ContextBinding, results.NonReusability},
			Tries:      "gets a token for a request id that contains the separator, and uses it again for another request",
			Explain: `The literal variant is deployed with "|" between the fields, the obvious repair of T7. Callers choose request ids in many systems: a gateway takes X-Request-Id as it comes. The attacker sends a request with the id "other|INSTANCE|x", whose tokens are issued and used, and then splits the same text differently: request "other", and a nonce that begins with "x|INSTANCE|".

The bytes under the hash are the same, the request and the nonce are not: a used token of one's own request becomes a fresh one of somebody else's. No separator helps where fields may contain it. The hardened core writes the length of each field before it.

By hand: deploy with LITERAL_SEPARATOR='|' and compare the hash of both readings.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (r Result, err error) {
			if !hasTokens(variant) {
				return noTokens(), nil
			}
			d := Deployment{Variant: variant, Policy: patient(variant, nil)}
			if isLiteral(variant) {
				d.Settings = map[string]string{scenarios.LiteralSeparator: separator}
			}
			t, err := lab.Deploy(ctx, d)
			if err != nil {
				return r, err
			}
			defer t.Close()
			known, err := t.public(ctx)
			if err != nil {
				return r, err
			}
			const count, other, tail = 100, "request-of-somebody-else", "x"
			hostile := other + separator + known.Instance + separator + tail
			s, err := t.steal(ctx, probes.Steal{Request: hostile, Key: FirstKey, Count: count, Spend: true})
			if err != nil {
				return r, err
			}
			var moved []string
			for _, text := range s.Tokens {
				if isLiteral(variant) {
					token, err := parseLiteral(text)
					if err != nil {
						return r, err
					}
					token.nonce = tail + separator + known.Instance + separator + token.nonce
					text = token.String()
				}
				moved = append(moved, text)
			}
			p, err := t.present(ctx, probes.Present{Request: other, Key: FirstKey, Tokens: texts(moved...)})
			if err != nil {
				return r, err
			}
			r = verdict(len(p.Granted), count, "used tokens of one request presented for another")
			r.Evidence = append(t.proofs(p.Sums...), t.refusals(p)...)
			return r, t.granted(p)
		},
	}
}
