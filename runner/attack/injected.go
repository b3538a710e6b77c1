package attack

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/core/audit"
	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios/probes/evidence"
)

// renamed are the names under which a platform hands over its credentials after
// an upgrade, and that nobody listed; pattern is one that the operator's pattern
// catches, and unknown one that nothing but its look gives away.
var renamed = []string{"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"}

const (
	pattern  = "*_PASSWORD"
	matching = "REPORTING_PASSWORD"
	unknown  = "GITHUB_TOKEN"
)

// injectCredentials is T25.
func injectCredentials() Attack {
	return Attack{
		Description: results.Description{
			ID: "T25", Title: "The platform adds a credential under a name that nobody listed", Adversary: results.A2,
			Dimensions: []results.Dimension{results.Confidentiality},
			Tries:      "deploys with credentials under names that ENCRYPTION_KEYS does not have, and reads the environment, also the kernel's, from inside",
			Explain: `The paper's WebIDE incident: the platform renamed the variables of its temporary credentials, and what took care of the old names did not know the new ones. A list of names protects what is on the list.

The function is deployed with the three credentials that Function Compute hands over, one variable that a pattern of the operator's policy matches, and one that nobody could know. The hardened core seals the known names of the supported platforms and whatever the policy's patterns match. The last one stays as it is, since nothing would know how to open it, but its look raises an alert in the audit records. It is readable: nobody listed it, so it is no protected value. The attack is that a secret was not listed, and what holds is that its name is reported.

By hand: start the function with one variable more, named GITHUB_TOKEN, and read the first lines that it writes.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (Result, error) {
			var r Result
			d := Deployment{Variant: variant, Unlisted: slices.Concat(renamed, []string{matching, unknown})}
			if takesPolicy(variant) {
				d.Policy = policy(map[string]any{"patterns": []string{pattern}})
			}
			err := lab.with(ctx, d, func(t *Target) error {
				var s evidence.Sight
				for _, probe := range []string{"environment", "proc-environ"} {
					var one evidence.Sight
					if err := t.Probe(ctx, probe, prey, &one); err != nil {
						return err
					}
					s.Findings = append(s.Findings, one.Findings...)
					s.Read = append(s.Read, one.Read...)
					s.Bytes += one.Bytes
				}
				if !(look{target: t, sight: s}).sawDecoy() {
					return fmt.Errorf("the decoy was not found, so that nothing is known: %q", s.Refused)
				}
				if err := t.instance.Close(); err != nil { // and all its output is there
					return err
				}
				r = judgeInjected(t, s, variant)
				return nil
			})
			return r, err
		},
	}
}

func judgeInjected(t *Target, s evidence.Sight, variant string) Result {
	var leaked []string
	r := Result{Evidence: []string{extent(s) + ", the decoy found"}}
	for _, name := range slices.Concat(renamed, []string{matching, unknown}) {
		if found := s.Of(t.Canaries[name].SHA256()); len(found) > 0 {
			leaked = append(leaked, name)
			line := t.Canaries[name].Proof() + " in " + found[0].Place
			if name == unknown {
				line += ": a name that nobody had listed and no pattern matches"
			}
			r.Evidence = append(r.Evidence, line)
		}
	}
	alert := t.alertOf(unknown)
	if alert != "" {
		r.Evidence = append(r.Evidence, alert)
	}
	switch {
	case takesPolicy(variant) && alert != "" && slices.Equal(leaked, []string{unknown}):
		r.Outcome = results.Hold
		r.Detail = fmt.Sprintf("%d platform credentials and what the pattern matches are sealed; %s, which nobody had listed for protection, is readable, and its name is reported", len(renamed), unknown)
	case len(leaked) == 0:
		r.Outcome, r.Detail = results.Hold, "none of the credentials can be read"
	default:
		r.Outcome = results.Leak
		r.Detail = "readable: " + strings.Join(leaked, ", ")
		if alert == "" {
			r.Detail += "; nobody is told"
		}
	}
	return r
}

// alertOf returns the audit record that reports a variable which looks like a
// secret and is not sealed, in words, or nothing.
func (t *Target) alertOf(name string) string {
	for line := range strings.Lines(t.Output()) {
		if e, ok := entryOf(line); ok && e.Event == audit.Unlisted.String() && e.Key == name {
			return fmt.Sprintf("audit record: event %s, reason %s, key %s", e.Event, e.Reason, e.Key)
		}
	}
	return ""
}
