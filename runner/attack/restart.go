package attack

import (
	"context"
	"fmt"

	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/probes"
)

func replayAfterRestart() Attack {
	return Attack{
		Description: results.Description{
			ID: "T14", Title: "The same token after a restart, or in a clone under the same id", Adversary: results.A0,
			Dimensions: []results.Dimension{results.Integrity, results.AntiForgery},
			Properties: []results.Property{results.ContextBinding, results.NonReusability},
			Tries:      "presents tokens of one instance, used and unused, to the next instance, to one under the same platform id, and after a restore",
			Explain: `50 used and 50 unused tokens are stolen from an instance and presented to three others: (a) one that the platform started anew, with an id of its own; (b) one that bears the same platform id, as clones of a snapshot and instances restarted in place do; (c) where the variant has a hook for it, the same instance after a restore.

The literal scheme binds tokens to the platform's id and keeps the used nonces in memory. A new id stops the thief (a); under the same id (b) the list is empty and everything that was ever used is good again until its time is up. The hardened core draws id and key after every start and every restore, and takes no id from the platform.

By hand: start two functions of the literal variant with the same LITERAL_INSTANCE_ID.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (r Result, err error) {
			if !hasTokens(variant) {
				return noTokens(), nil
			}
			const sameID = "instance-that-was-cloned"
			same := map[string]string{"AWS_LAMBDA_LOG_STREAM_NAME": sameID}
			if isLiteral(variant) {
				same = map[string]string{scenarios.LiteralInstanceID: sameID}
			}
			restarted, err := lab.replayElsewhere(ctx, variant, nil)
			if err != nil {
				return r, err
			}
			cloned, err := lab.replayElsewhere(ctx, variant, same)
			if err != nil {
				return r, err
			}
			restored, hook, err := lab.replayRestored(ctx, variant)
			if err != nil {
				return r, err
			}
			r.Outcome = results.Hold
			if restarted+cloned+restored > 0 {
				r.Outcome = results.Broken
			}
			const tried = 2 * carried
			r.Detail = fmt.Sprintf("(a) a new instance accepted %d of %d tokens; (b) one under the same platform id %d of %d", restarted, tried, cloned, tried)
			if hook {
				r.Detail += fmt.Sprintf("; (c) the instance after a restore %d of %d", restored, tried)
			}
			r.Evidence = []string{fmt.Sprintf("%d used and %d unused tokens were carried to each; each served an ordinary request afterwards", carried, carried)}
			return r, nil
		},
	}
}

// carried tokens of each kind, used and unused.
const carried = 50

// takeAlong steals used and unused tokens of one request.
func (t *Target) takeAlong(ctx context.Context) (request string, tokens []string, err error) {
	used, err := t.steal(ctx, probes.Steal{Key: FirstKey, Count: carried, Spend: true})
	if err != nil {
		return "", nil, err
	}
	unused, err := t.steal(ctx, probes.Steal{Key: FirstKey, Count: carried, Request: used.Request})
	return used.Request, append(used.Tokens, unused.Tokens...), err
}

// replayElsewhere counts what a second instance accepts of the first's tokens.
func (l *Lab) replayElsewhere(ctx context.Context, variant string, settings map[string]string) (accepted int, err error) {
	d := Deployment{Variant: variant, Settings: settings, Policy: patient(variant, nil)}
	first, err := l.Deploy(ctx, d)
	if err != nil {
		return 0, err
	}
	defer first.Close()
	request, tokens, err := first.takeAlong(ctx)
	if err != nil {
		return 0, err
	}
	second, err := l.Deploy(ctx, d)
	if err != nil {
		return 0, err
	}
	defer second.Close()
	p, err := second.present(ctx, probes.Present{Request: request, Key: FirstKey, Tokens: texts(tokens...)})
	if err != nil {
		return 0, err
	}
	// That nothing is accepted must not be because nothing works.
	if err := second.Invoke(ctx, ordinaryEvent, nil); err != nil {
		return 0, fmt.Errorf("the second instance: %w", err)
	}
	return len(p.Granted), second.granted(p)
}

// replayRestored counts what an instance accepts of its own tokens after the
// platform called the hook for a restore; hook is false where there is none.
func (l *Lab) replayRestored(ctx context.Context, variant string) (accepted int, hook bool, err error) {
	if isLiteral(variant) || brokered(variant) {
		return 0, false, nil
	}
	t, err := l.Deploy(ctx, Deployment{Variant: variant, Policy: patient(variant, nil)})
	if err != nil {
		return 0, false, err
	}
	defer t.Close()
	request, tokens, err := t.takeAlong(ctx)
	if err != nil {
		return 0, false, err
	}
	if err := t.Probe(ctx, "restore", nil, nil); err != nil {
		return 0, false, err
	}
	p, err := t.present(ctx, probes.Present{Request: request, Key: FirstKey, Tokens: texts(tokens...)})
	if err != nil {
		return 0, false, err
	}
	// That nothing is accepted must not be because nothing works any more.
	if err := t.Invoke(ctx, []byte(`{}`), nil); err != nil {
		return 0, false, fmt.Errorf("after the restore: %w", err)
	}
	return len(p.Granted), true, t.granted(p)
}
