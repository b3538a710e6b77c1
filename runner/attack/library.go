package attack

import (
	"context"
	"fmt"

	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/probes"
)

// undeclared is a credential that the platform hands to the function without
// anybody having declared it.
const undeclared = "AWS_SECRET_ACCESS_KEY"

// requestBudget is how often one request may open the first key in T6.
const requestBudget = 3

// callLibrary is T6.
func callLibrary() Attack {
	return Attack{
		Description: results.Description{
			ID: "T6", Title: "Code inside the function calls the library", Adversary: results.A3,
			Dimensions: []results.Dimension{results.Confidentiality, results.AntiForgery},
			Properties: []results.Property{results.ContextBinding},
			Tries:      "asks the library for a value as the function itself does, and then for more than the function is due: an undeclared key, and more often than a request's budget",
			Explain: `The paper expects that malicious code "typically cannot meet these conditions", because a token needs the request id and the instance id. Code inside the function has both, and the library in its hands: it asks, and gets what the function gets. The paper concedes as much where it speaks of the integrity of the execution environment.

No scheme inside one process stops that, the hardened core included; what the core adds is a record of every opening and a budget per request. The broker decides in another process: what is not declared for the function, or goes beyond the budget of the request, is refused however it is asked for. What is declared the attacker gets, within the budget; the value itself only where it is not used without being revealed.

By hand: call Use from any package that the function imports.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (Result, error) {
			d := Deployment{Variant: variant, Unlisted: []string{undeclared}}
			if takesPolicy(variant) {
				d.Policy = patient(variant, map[string]any{"keys": map[string]any{FirstKey: map[string]any{"budget": requestBudget}}})
				d.Settings = map[string]string{scenarios.EncryptionKeys: FirstKey}
			}
			var r Result
			err := lab.with(ctx, d, func(t *Target) error {
				var got []probes.Accesses
				err := t.Probe(ctx, "use", []probes.Access{
					{Key: FirstKey, Times: 2 * requestBudget},
					{Key: undeclared, Times: 1},
					{Key: FirstKey, Times: 2 * requestBudget, Request: "invented by the dependency"},
				}, &got)
				if err != nil {
					return err
				}
				r = judgeAccesses(t, variant, got)
				return nil
			})
			return r, err
		},
	}
}

func judgeAccesses(t *Target, variant string, got []probes.Accesses) Result {
	var r Result
	for _, a := range got {
		line := fmt.Sprintf("%s: %d opened, %d refused", a.Key, a.Granted, a.Refused)
		if a.Request != "" {
			line += ", for a request that it invented"
		}
		if a.Reason != "" {
			line += " (" + a.Reason + ")"
		}
		r.Evidence = append(r.Evidence, line)
	}
	declared, extra, invented := got[0], got[1], got[2]
	r.Evidence = append(r.Evidence, t.proofs(declared.SHA256, extra.SHA256, invented.SHA256)...)
	stolen := len(t.Stolen(declared.SHA256, extra.SHA256, invented.SHA256)) > 0
	within := declared.Granted <= requestBudget && invented.Granted <= requestBudget
	switch {
	case !hasTokens(variant) && stolen:
		r.Outcome, r.Detail = results.Leak, "everything is there for the asking"
	case brokered(variant) && within && extra.Granted == 0 && extra.SHA256 == "":
		r.Outcome = results.Denied
		r.Detail = fmt.Sprintf("no undeclared key, and per request no more than the budget of %d openings of a declared one; a request that the code invents has a budget too (%d openings), and is on record", requestBudget, invented.Granted)
	case stolen && extra.Granted > 0:
		r.Outcome, r.Detail = results.Broken, "the library serves whoever calls it, and opens what nobody declared"
	case stolen:
		r.Outcome, r.Detail = results.Broken, "the library serves whoever calls it"
	default:
		r.Outcome, r.Detail = results.Hold, "no value was opened"
	}
	return r
}

// takesPolicy tells whether the variant's core reads a policy document.
func takesPolicy(variant string) bool { return hasTokens(variant) && !isLiteral(variant) }

// brokered tells whether the variant's core is in a process of its own.
func brokered(variant string) bool { return variant == "broker" }
