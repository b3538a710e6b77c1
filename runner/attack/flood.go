package attack

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dtbench/dtbench/platforms"
	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios/probes"
)

func floodRegistry() Attack {
	return Attack{
		Description: results.Description{
			ID: "T11", Title: "Flood the registry and burn a victim's nonce", Adversary: results.A0,
			Dimensions: []results.Dimension{results.Availability},
			Properties: []results.Property{results.NonReusability},
			Tries:      "Send 500,000 bad tokens with fresh nonces, then bad tokens with the nonce of a token that somebody else is about to use.",
			Explain: `The attacker has no token that is good for anything. It sends 500,000 well-formed ones with random MACs, each with a nonce of its own, while the memory of the guard's process is measured before and after. Then a victim's token is issued; the attacker, who saw it pass, sends 100 bad tokens with the victim's nonce before the victim comes.

Algorithm 1 of the paper checks the nonce first. In our reading a nonce enters the list when it is checked, so every forgery grows the list, and the victim's token is refused as used although nobody used it. Checking the nonce first saves nothing: refusing a forgery costs one MAC. The hardened core checks MAC, then time, and only then takes the nonce.

The instance is deployed with terminate_after -1, or its default policy would end it after 100 refusals in a row, which is tried afterwards: that stops the flood and costs a cold start.

By hand: scenarios/probes/flood.go is the flood; "registry" among the probes gives the length of the list.`,
		},
		Run: runFlood,
	}
}

const (
	floodTokens = 500_000
	burnTokens  = 100
	// floodBytes is how much the guard may have grown: 1 MB.
	floodBytes = 1_000_000
)

func runFlood(ctx context.Context, lab *Lab, variant string) (r Result, err error) {
	if !hasTokens(variant) {
		return noTokens(), nil
	}
	t, err := lab.Deploy(ctx, Deployment{Variant: variant, Policy: patient(variant, nil)})
	if err != nil {
		return r, err
	}
	defer t.Close()
	// A first access, so that what it allocates once is not taken for growth.
	if _, err := t.steal(ctx, probes.Steal{Key: FirstKey, Count: 1, Spend: true}); err != nil {
		return r, err
	}
	var f probes.Flooded
	err = t.Probe(ctx, "flood", probes.Flood{
		Request: "flood", Key: FirstKey, Form: form(variant), Count: floodTokens, Workers: 2, Seed: lab.Seed(),
	}, &f)
	if err != nil {
		return r, err
	}
	grown := float64(f.HeapAfter) - float64(f.HeapBefore)

	victim, err := t.steal(ctx, probes.Steal{Key: FirstKey, Count: 1})
	if err != nil {
		return r, err
	}
	var burn probes.Flooded
	err = t.Probe(ctx, "flood", probes.Flood{
		Request: victim.Request, Key: FirstKey, Form: form(variant), Count: burnTokens, Victim: victim.Tokens[0], Seed: lab.Seed() + 1,
	}, &burn)
	if err != nil {
		return r, err
	}
	p, err := t.present(ctx, probes.Present{Request: victim.Request, Key: FirstKey, Tokens: texts(victim.Tokens...)})
	if err != nil {
		return r, err
	}
	served := len(p.Granted) == 1

	r.Outcome = results.Hold
	if !served || grown > floodBytes || f.Granted+burn.Granted > 0 {
		r.Outcome = results.Broken
	}
	fate := "accepted"
	if !served {
		fate = "refused: its nonce was burned"
	}
	r.Detail = fmt.Sprintf("%d bad tokens grew the guard by %.2f MB; the victim's token was %s", f.Refused, grown/1e6, fate)
	r.Evidence = append(t.proofs(p.Sums...), refusals(p)...)
	r.Evidence = append(r.Evidence, fmt.Sprintf("heap %d bytes before, %d after %d refusals", f.HeapBefore, f.HeapAfter, f.Refused))
	r.Quantities = append(r.Quantities, results.Quantity{
		ID: "flood-memory", Title: "Growth of the guard under 500,000 bad tokens", Value: grown / 1e6, Unit: "MB", Source: results.Measured,
		Detail: "heap in use after a collection, before and after",
	})
	if isLiteral(variant) {
		return r, t.granted(p) // it answers refusals with nothing
	}
	q, evidence, err := lab.replacement(ctx, variant)
	r.Quantities = append(r.Quantities, q...)
	r.Evidence = append(r.Evidence, evidence...)
	return r, errors.Join(err, t.granted(p))
}

// replacement floods an instance under its default policy, which ends it, and
// invokes the next.
func (l *Lab) replacement(ctx context.Context, variant string) (q []results.Quantity, evidence []string, err error) {
	t, err := l.Deploy(ctx, Deployment{Variant: variant})
	if err != nil {
		return nil, nil, err
	}
	defer t.Close()
	if _, err := t.public(ctx); err != nil {
		return nil, nil, err
	}
	const sent = 1000
	began := time.Now()
	err = t.Probe(ctx, "flood", probes.Flood{Request: "flood", Key: FirstKey, Form: form(variant), Count: sent, Seed: l.Seed()}, nil)
	gone := time.Since(began)
	if !errors.Is(err, platforms.ErrTerminated) {
		return nil, nil, fmt.Errorf("%d refusals under the default policy did not end the instance: %w", sent, err)
	}
	next, err := l.Deploy(ctx, Deployment{Variant: variant})
	if err != nil {
		return nil, nil, err
	}
	defer next.Close()
	if err := next.Invoke(ctx, []byte(`{}`), nil); err != nil {
		return nil, nil, err
	}
	replaced := time.Since(began)
	milliseconds := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return []results.Quantity{
		{
			ID: "time-to-termination", Title: "From the first bad token to the end of the instance", Value: milliseconds(gone), Unit: "ms",
			Source: results.Measured, Detail: "default policy: after 100 refusals in a row; bad tokens as fast as they can be made",
		},
		{
			ID: "time-to-replacement", Title: "From the first bad token to the first answer of the next instance", Value: milliseconds(replaced), Unit: "ms",
			Source: results.Measured, Detail: "the next instance is a cold start",
		},
	}, []string{fmt.Sprintf("under the default policy the guard ended the instance within %d bad tokens, and the next one answered", sent)}, nil
}
