package attack

import (
	"context"
	"fmt"

	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios/probes"
)

func floodRegistry() Attack {
	return Attack{
		Description: results.Description{
			ID: "T11", Title: "Flood the registry and burn a victim's nonce", Adversary: results.A0,
			Dimensions: []results.Dimension{results.Availability},
			Properties: []results.Property{results.NonReusability},
			Tries:      "sends 500,000 bad tokens with fresh nonces, then bad tokens with the nonce of a token that somebody else is about to use",
			Explain: `The attacker has no token that is good for anything. It sends 500,000 well-formed ones with random MACs, each with a nonce of its own, while the memory of the guard's process is measured before and after. Then a victim's token is issued; the attacker, who saw it pass, sends 100 bad tokens with the victim's nonce before the victim comes.

Algorithm 1 of the paper checks the nonce first. In our reading a nonce enters the list when it is checked, so every forgery grows the list, and the victim's token is refused as used although nobody used it. Checking the nonce first saves nothing: refusing a forgery costs one MAC. The hardened core checks MAC, then time, and only then takes the nonce.

The broker takes no token. What floods it is 100,000 accesses for a request that does not run, fewer because each costs a round trip between two processes; then the victim's request comes.

The instance is deployed with terminate_after -1, or its default policy would end it after 100 refusals in a row, which stops the flood and costs a cold start (S06).

By hand: scenarios/probes/flood.go is the flood; "registry" among the probes gives the length of the list.`,
		},
		Run: runFlood,
	}
}

const (
	floodTokens = 500_000
	burnTokens  = 100
	// rightful is whose own value the evidence of an attack names that left it alone.
	rightful = "its rightful caller"
	// floodBytes is how much the guard may have grown: 1 MB.
	floodBytes = 1_000_000

	floodID    = "flood-memory"
	floodTitle = "Growth of the guard under a flood of bad tokens"
)

func runFlood(ctx context.Context, lab *Lab, variant string) (r Result, err error) {
	if !hasTokens(variant) {
		return noTokens(), nil
	}
	if brokered(variant) {
		return floodBroker(ctx, lab, variant)
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
	r.Evidence = append(t.lent(rightful, p.Sums...), t.refusals(p)...)
	r.Evidence = append(r.Evidence, fmt.Sprintf("heap %d bytes before, %d after %d refusals", f.HeapBefore, f.HeapAfter, f.Refused))
	r.Quantities = append(r.Quantities, results.Quantity{
		ID: floodID, Title: floodTitle, Value: grown / 1e6, Unit: "MB", Source: results.Measured,
		Detail: fmt.Sprintf("heap in use after a collection, before and after %d bad tokens", floodTokens),
	})
	return r, t.granted(p)
}
