package attack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dtbench/dtbench/core/audit"
	"github.com/dtbench/dtbench/core/audit/trail"
	"github.com/dtbench/dtbench/platforms"
	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios/probes"
)

// carryElsewhere is S05.
func carryElsewhere() Attack {
	return Attack{
		Description: results.Description{
			ID: "S05", Title: "A token of one function or instance, presented to another", Adversary: results.A0,
			Dimensions: []results.Dimension{results.AntiForgery},
			Properties: []results.Property{results.ContextBinding},
			Tries:      "carries 50 unused tokens to another instance of the function and to an instance of another function",
			Explain: `The paper says that tokens are not transferable across functions and instances. 50 unused tokens are stolen and presented, with their request id, to a second instance of the same function and to an instance of a function with another name, both with instance ids of their own.

Every variant with tokens binds the instance id. That of the literal variant is the platform's, and T14 shows what follows where two instances bear the same one.

By hand: probe "steal" on one instance, probe "present" on the other.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (r Result, err error) {
			if !hasTokens(variant) {
				return noTokens(), nil
			}
			const count = 50
			elsewhere := []struct {
				what     string
				settings map[string]string
			}{
				{"another instance", nil},
				{"another function", map[string]string{"AWS_LAMBDA_FUNCTION_NAME": "another-function"}},
			}
			r.Outcome = results.Hold
			err = lab.with(ctx, Deployment{Variant: variant, Policy: patient(variant, nil)}, func(t *Target) error {
				s, err := t.steal(ctx, probes.Steal{Key: FirstKey, Count: count})
				if err != nil {
					return err
				}
				var parts []string
				for _, e := range elsewhere {
					err := lab.with(ctx, Deployment{Variant: variant, Settings: e.settings, Policy: patient(variant, nil)}, func(other *Target) error {
						accepted, err := other.accepts(ctx, s)
						if accepted > 0 {
							r.Outcome = results.Broken
						}
						parts = append(parts, fmt.Sprintf("%s accepted %d of %d tokens", e.what, accepted, count))
						return err
					})
					if err != nil {
						return err
					}
				}
				r.Detail = strings.Join(parts, "; ")
				// They were good where they came from.
				owner, err := t.thief(ctx)
				if err != nil {
					return err
				}
				accepted, err := owner.accepts(ctx, s)
				if err == nil && accepted != count {
					err = fmt.Errorf("their own instance accepted %d of %d tokens", accepted, count)
				}
				r.Evidence = append(t.fromTwin(), fmt.Sprintf("their own instance then accepted %d of %d", accepted, count))
				return err
			})
			return r, err
		},
	}
}

// endInstance is S06.
func endInstance() Attack {
	return Attack{
		Description: results.Description{
			ID: "S06", Title: "Refusal after refusal, until the instance is replaced", Adversary: results.A0,
			Dimensions: []results.Dimension{results.Availability, results.AntiForgery},
			Tries:      "floods an instance with bad tokens under its default policy, and sees whether it ends and another serves",
			Explain: `The paper says that after consecutive failures an alert is raised, keys are wiped and the instance is replaced. 1,000 bad tokens are sent as fast as they can be made to an instance under its default policy, and then one ordinary request to the platform.

The hardened core raises an alert at the third refusal in a row and ends the instance at the hundredth; the platform starts another. The times are in the quantities. It is an answer that an attacker can provoke: whoever can present tokens can cost the operator cold starts. The policy's response section sets the thresholds.

Algorithm 1, and so the literal variant, has no such step.

By hand: probe "flood"; then dtbench audit summary on what the function wrote.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (r Result, err error) {
			if !takesPolicy(variant) {
				return notApplicable("refusals lead to nothing in this variant"), nil
			}
			const sent = 1000
			var began time.Time
			err = lab.with(ctx, Deployment{Variant: variant}, func(t *Target) error {
				if _, err := t.public(ctx); err != nil { // the instance is warm
					return err
				}
				began = time.Now()
				err := t.flood(ctx, variant, sent)
				gone := time.Since(began)
				if err == nil {
					r = Result{Outcome: results.Broken, Detail: fmt.Sprintf("the instance serves on after %d refusals in a row", sent)}
					return nil
				}
				if !errors.Is(err, platforms.ErrTerminated) {
					return err
				}
				if err := t.instance.Close(); err != nil { // and all its output is there
					return err
				}
				return r.terminated(t.Output(), gone)
			})
			if err != nil || r.Outcome == results.Broken {
				return r, err
			}
			err = lab.with(ctx, Deployment{Variant: variant}, func(next *Target) error { return next.Invoke(ctx, ordinaryEvent, nil) })
			r.Detail += "; the next instance served"
			r.measured("time-to-replacement", "From the first refusal to the next instance", time.Since(began), "to the first answer of the next instance, which is a cold start")
			return r, err
		},
	}
}

// flood has bad tokens presented, or accesses asked for that no request may make.
func (t *Target) flood(ctx context.Context, variant string, count int) error {
	if brokered(variant) {
		_, err := t.turns(ctx, probes.Turn{Running: "flood", Request: "another", Key: FirstKey, Times: count})
		return err
	}
	return t.Probe(ctx, "flood", probes.Flood{Request: "flood", Key: FirstKey, Form: form(variant), Count: count, Seed: t.lab.Seed()}, nil)
}

// terminated reads what an instance that ended itself wrote.
func (r *Result) terminated(output string, gone time.Duration) error {
	var first, alert *trail.Entry
	refusals := 0
	for line := range strings.Lines(output) {
		e, ok := entryOf(line)
		if !ok {
			continue
		}
		if e.Refused() {
			refusals++
			if first == nil {
				first = &e
			}
		}
		if alert == nil && first != nil && e.Critical() {
			alert = &e
		}
	}
	if first == nil || alert == nil {
		return fmt.Errorf("the instance ended, and its audit records hold no refusal or no alert")
	}
	r.Outcome = results.Hold
	r.Detail = fmt.Sprintf("the instance raised an alert and ended itself after %d refusals", refusals)
	r.Evidence = []string{
		fmt.Sprintf("audit record %d: %s, %s; record %d: %s after %d refusals in a row", first.Sequence, first.Event, first.Result, alert.Sequence, alert.Event, alert.Failures),
		"exit status 86, which the platform reports as terminated by its guard",
	}
	r.measured("time-to-alert", "From the first refusal to the alert", alert.Time.Sub(first.Time), "by the times of the audit records; at the third refusal in a row")
	r.measured("time-to-termination", "From the first refusal to the instance's end", gone, "after 100 refusals in a row; bad tokens as fast as they can be made")
	return nil
}

// measured adds a time in milliseconds.
func (r *Result) measured(id, title string, d time.Duration, detail string) {
	r.Quantities = append(r.Quantities, results.Quantity{
		ID: id, Title: title, Value: float64(d) / float64(time.Millisecond), Unit: "ms", Source: results.Measured, Detail: detail,
	})
}

// searchAudit is S08.
func searchAudit() Attack {
	return Attack{
		Description: results.Description{
			ID: "S08", Title: "Secret, token and nonce in the audit records", Adversary: results.A2,
			Dimensions: []results.Dimension{results.Confidentiality},
			Tries:      "searches the audit records of grants and refusals for the credentials, a live token and its nonce",
			Explain: `The paper says that sensitive data are removed from audit records (Algorithm 2). The function works, issues a token that nobody uses, refuses a forged one, and is asked for a value under a request id that holds the token. Its audit records, and nothing else of what it wrote, are searched. T18 searches all the rest.

By hand: grep for the canary in the lines that begin with {"v":1.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (r Result, err error) {
			if !hasTokens(variant) {
				return notApplicable("the variant keeps no audit records"), nil
			}
			err = lab.with(ctx, Deployment{Variant: variant}, func(t *Target) error {
				words := map[string]string{}
				for name, c := range t.Canaries {
					words["secret "+name] = c.Value
				}
				if err := t.Invoke(ctx, ordinaryEvent, nil); err != nil {
					return err
				}
				request := t.LastRequest
				if err := liveToken(ctx, t, variant, words); err != nil {
					return err
				}
				// A request id is the caller's, who may put anything there.
				if _, err := t.present(ctx, probes.Present{Request: words["token"], Key: FirstKey, Tokens: texts("no token")}); err != nil {
					return err
				}
				records, err := t.auditRecords(ctx)
				if err != nil {
					return err
				}
				seen := &traces{found: map[string][]string{}, bytes: map[string]int{}}
				const channel = "audit records"
				all := strings.Join(records, "")
				seen.search(channel, []byte(all), words)
				r = Result{Outcome: results.Hold, Detail: fmt.Sprintf("no secret, token or nonce in %d audit records", len(records))}
				if found := seen.found[channel]; len(found) > 0 {
					r = Result{Outcome: results.Leak, Detail: "found in the audit records", Evidence: found}
				}
				// The id of a request belongs there, and is found in the same way.
				mentions := strings.Count(all, request)
				if mentions == 0 {
					return cannot("the audit records do not show the id of the request that was granted a value")
				}
				r.Evidence = append(r.Evidence, fmt.Sprintf("%d bytes searched; the id of a request, which belongs there, found %d×", len(all), mentions))
				return nil
			})
			return r, err
		},
	}
}

// auditRecords are those of a grant and two refusals, for which records that are
// written from a buffer are waited for.
func (t *Target) auditRecords(ctx context.Context) ([]string, error) {
	for end := time.Now().Add(10 * time.Second); ; {
		var records []string
		granted, refused := 0, 0
		for line := range strings.Lines(t.Output()) {
			if e, ok := entryOf(line); ok {
				records = append(records, line)
				switch {
				case e.Refused():
					refused++
				case e.Event == audit.Verify.String():
					granted++
				}
			}
		}
		if granted > 0 && refused > 1 {
			return records, nil
		}
		if time.Now().After(end) {
			return nil, cannot("the function wrote %d audit records, %d of grants and %d of refusals: too few to say anything", len(records), granted, refused)
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
