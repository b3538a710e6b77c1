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

// usedOnly is the key of the object store. The broker uses it on the function's
// behalf and never hands it over.
const usedOnly = scenarios.StoreSecretKey

// inventedRequest is the id of a request that the platform never sent.
const inventedRequest = "invented-by-the-dependency"

// requestBudget is how often one request may open the first key in T6.
const requestBudget = 3

// callLibrary is T6.
func callLibrary() Attack {
	return Attack{
		Description: results.Description{
			ID: "T6", Title: "Code inside the function calls the library", Adversary: results.A3,
			Dimensions: []results.Dimension{results.Confidentiality, results.AntiForgery},
			Properties: []results.Property{results.ContextBinding},
			Tries:      "asks the library for a value as the function itself does, and then for more than the function is due: an undeclared key, a key that it only needs signatures of, and more often than a request's budget",
			Explain: `The paper expects that malicious code "typically cannot meet these conditions", because a token needs the request id and the instance id. Code inside the function has both, and the library in its hands: it asks, and gets what the function gets. The paper concedes as much where it speaks of the integrity of the execution environment.

No scheme inside one process stops that, the hardened core included; what the core adds is a record of every opening and a budget per request. The broker decides in another process: what is not declared for the function, or goes beyond the budget of the request, is refused however it is asked for. What is declared the attacker gets, within the budget; the key of the object store it does not get, because the broker signs with it and never shows it.

By hand: call Use from any package that the function imports.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (Result, error) {
			d := Deployment{Variant: variant, Unlisted: []string{undeclared, usedOnly}}
			if protects(variant) {
				d.Settings = map[string]string{
					scenarios.EncryptionKeys: FirstKey + "," + usedOnly,
					scenarios.StoreObject:    "reports", scenarios.StoreEndpoint: "http://127.0.0.1:1", scenarios.StoreRegion: "here",
					scenarios.StoreBucket: "bucket", scenarios.StoreAccessKey: "id",
				}
			}
			if takesPolicy(variant) {
				d.Policy = policy(map[string]any{
					"keys":     map[string]any{FirstKey: map[string]any{"budget": requestBudget}},
					"response": map[string]any{"alert_after": -1, "terminate_after": -1}, // that would only end the attack early
				})
			}
			var r Result
			err := lab.with(ctx, d, func(t *Target) error {
				var got []probes.Accesses
				err := t.Probe(ctx, "use", []probes.Access{
					{Key: FirstKey, Times: 2 * requestBudget},
					{Key: undeclared, Times: 1},
					{Key: usedOnly, Times: 1},
					{Key: usedOnly, Times: 1, Sign: "reports/today"},
					{Key: FirstKey, Times: 2 * requestBudget, Request: inventedRequest},
				}, &got)
				if err != nil {
					return err
				}
				if err := t.instance.Close(); err != nil { // and all its output is there
					return err
				}
				if r, err = judgeAccesses(t, variant, got); err == nil && takesPolicy(variant) {
					r.Evidence = append(r.Evidence, fmt.Sprintf("audit records of openings for the invented request: %d", t.grantsOf(inventedRequest, FirstKey)))
				}
				return err
			})
			return r, err
		},
	}
}

func judgeAccesses(t *Target, variant string, got []probes.Accesses) (r Result, err error) {
	var sums []string
	for _, a := range got {
		what := "opened"
		if a.Sign {
			what = "signed with"
		}
		line := fmt.Sprintf("%s: %d× %s, %d× refused", a.Key, a.Granted, what, a.Refused)
		if a.Request != "" {
			line += ", for a request that it invented"
		}
		if a.Reason != "" {
			line += " (" + a.Reason + ")"
		}
		r.Evidence = append(r.Evidence, line)
		sums = append(sums, a.SHA256)
	}
	declared, extra, key, signature, invented := got[0], got[1], got[2], got[3], got[4]
	stolen := len(t.Stolen(sums...)) > 0
	bounded := declared.Granted <= requestBudget && invented.Granted <= requestBudget && extra.Granted+key.Granted == 0
	proofs := t.proofs(sums...)
	if brokered(variant) && bounded {
		proofs = t.lent("the attacker, within the budget", sums...)
	}
	r.Evidence = append(r.Evidence, proofs...)
	switch {
	case brokered(variant) && bounded && signature.Granted == 0:
		return r, fmt.Errorf("the broker does not even sign: %s", signature.Reason)
	case !hasTokens(variant) && stolen:
		r.Outcome, r.Detail = results.Leak, "everything is there for the asking"
	case brokered(variant) && bounded:
		r.Outcome = results.Denied
		r.Detail = fmt.Sprintf("no undeclared key, a signature and never the key that makes it, and per request no more than %d openings of another declared key; a request that the code invents has that budget too (%d openings), under its own id in the records", requestBudget, invented.Granted)
	case stolen && extra.Granted > 0:
		r.Outcome, r.Detail = results.Broken, "the library serves whoever calls it, and opens what nobody declared"
	case stolen:
		r.Outcome, r.Detail = results.Broken, "the library serves whoever calls it"
	default:
		r.Outcome, r.Detail = results.Hold, "no value was opened"
	}
	return r, nil
}

// takesPolicy tells whether the variant's core reads a policy document.
func takesPolicy(variant string) bool { return hasTokens(variant) && !isLiteral(variant) }

// brokered tells whether the variant's core is in a process of its own.
func brokered(variant string) bool { return variant == "broker" }
