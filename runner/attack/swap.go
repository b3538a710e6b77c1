package attack

import (
	"context"
	"fmt"

	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios/probes"
)

func swapCiphertexts() Attack {
	return Attack{
		Description: results.Description{
			ID: "T16", Title: "Swap two ciphertexts", Adversary: results.A2,
			Dimensions: []results.Dimension{results.Integrity},
			Properties: []results.Property{results.ContextBinding},
			Tries:      "exchanges two ciphertexts, in the environment and in the guard's memory, so that the function opens one secret in the belief that it is the other",
			Explain: `Something that can write the environment, and nothing else, exchanges the values of two variables; then the function uses the first in the ordinary way, to send it to whoever the first is for. If it gets the second value, that secret goes to the wrong party.

The paper encrypts values and says nothing of what a ciphertext is bound to. Under AES-GCM without associated data (our reading) a ciphertext opens wherever it is put. The hardened core opens what it sealed and not what stands in the environment, and authenticates name and instance with each value: where its own copies are exchanged, in its memory, which the attack does too, access is refused. The memory of a broker is out of reach.

By hand: os.Setenv of each name with the other's value, then an ordinary access.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (r Result, err error) {
			if !hasTokens(variant) {
				return notApplicable("the variant has no ciphertexts"), nil
			}
			t, err := lab.Deploy(ctx, Deployment{Variant: variant})
			if err != nil {
				return r, err
			}
			defer t.Close()
			swap := probes.Swap{First: FirstKey, Second: SecondKey}
			if r, err = t.swap(ctx, swap); err != nil || r.Outcome != results.Hold || !takesPolicy(variant) || brokered(variant) {
				return r, err
			}
			swap.Memory = true
			inMemory, err := t.swap(ctx, swap)
			r.Outcome = inMemory.Outcome
			r.Detail = "in the environment: " + r.Detail + "; in the guard's memory: " + inMemory.Detail
			r.Evidence = append(r.Evidence, inMemory.Evidence...)
			return r, err
		},
	}
}

func (t *Target) swap(ctx context.Context, o probes.Swap) (r Result, err error) {
	var s probes.Swapped
	if err := t.Probe(ctx, "swap", o, &s); err != nil {
		return r, err
	}
	r.Evidence = t.proofs(s.Sum)
	switch {
	case s.Sum == t.Canaries[SecondKey].SHA256():
		r.Outcome, r.Detail = results.Broken, FirstKey+" gave the value of "+SecondKey
	case s.Sum == t.Canaries[FirstKey].SHA256():
		r.Outcome, r.Detail = results.Hold, FirstKey+" gave its own value all the same"
		r.Evidence = t.lent(rightful, s.Sum)
		if o.Memory {
			return r, fmt.Errorf("exchanging the guard's ciphertexts changed nothing")
		}
	case s.Sum == "":
		r.Outcome, r.Detail = results.Hold, "access was refused"
		r.Evidence = append(r.Evidence, fmt.Sprintf("refused with %q", s.Refusal))
	default:
		r.Outcome, r.Detail = results.Broken, FirstKey+" gave a value that is none of the two"
	}
	return r, nil
}
