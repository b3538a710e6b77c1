package attack

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios/probes"
)

func timingAndErrors() Attack {
	return Attack{
		Description: results.Description{
			ID: "T17", Title: "Timing of the comparison, and errors that tell the reason", Adversary: results.A0,
			Dimensions: []results.Dimension{results.AntiForgery},
			Properties: []results.Property{results.Unpredictability},
			Tries:      "times refusals of tokens whose MAC is wrong in the first byte or in the last, and compares the texts of all refusals",
			Explain: `20,000 tokens whose MAC is wrong in its first byte and 20,000 whose MAC is wrong in its last are refused in random order, each timed inside the function, nearer than any attacker gets. A comparison that stops at the first difference takes longer for the second, and gives the MAC away byte by byte. The same is done with such a comparison added: if the test does not see that control, with up to 32 times as many tokens, it proves nothing and the cell is could-not-run. The slower half of all times, which the system made slow, is dropped from both sides alike.

Each token of the first kind was refused next to one of the second: what is judged are the differences of such pairs, without the quarter at either end, because what a busy machine adds hits both alike or one by chance. It is broken when they are beyond chance (Yuen's t above 5) and at least a quarter of what the control shows. Then tokens that are malformed, forged, used and meant for another key are presented: different texts would tell an attacker which check it failed (an oracle). What this does not test: that a refusal of a used nonce and one of a wrong MAC take the same time. They do not, in either scheme, and neither tells anything about the MAC.

By hand: scenarios/probes/timing.go.`,
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
			if brokered(variant) {
				return t.judgeRefusals(ctx)
			}
			texts, err := t.refusalTexts(ctx, variant)
			if err != nil {
				return r, err
			}
			// Where the control drowns in noise, as on a busy machine, samples are added
			// to those that there are, each time as many. When to stop is asked of the
			// control alone.
			var timed probes.Timed
			for attempts, enough := uint64(0), uint64(1); enough <= timingAttempts; enough *= 2 {
				for ; attempts < enough; attempts++ {
					if err := lab.timeRefusals(ctx, variant, attempts, &timed); err != nil {
						return r, err
					}
				}
				if r, err = judgeTiming(timed, texts); !errors.Is(err, ErrCannotRun) {
					break
				}
			}
			return r, err
		},
	}
}

const (
	timingSamples  = 20_000
	timingAttempts = 8    // a power of two
	timingT        = 5    // Yuen's t beyond which a difference is no chance
	timingShare    = 0.25 // of the control's difference
)

// timeRefusals adds a measurement to sum, taken in an instance of its own: the
// literal list grows with every refusal, and with it the noise.
func (l *Lab) timeRefusals(ctx context.Context, variant string, attempt uint64, sum *probes.Timed) error {
	t, err := l.Deploy(ctx, Deployment{Variant: variant, Policy: patient(variant, nil)})
	if err != nil {
		return err
	}
	defer t.Close()
	var timed probes.Timed
	if err := t.Probe(ctx, "timing", probes.Timing{
		Request: "timing", Key: FirstKey, Form: form(variant), Samples: timingSamples, Seed: l.Seed() + attempt,
	}, &timed); err != nil {
		return err
	}
	sum.First, sum.Last = append(sum.First, timed.First...), append(sum.Last, timed.Last...)
	sum.ControlFirst, sum.ControlLast = append(sum.ControlFirst, timed.ControlFirst...), append(sum.ControlLast, timed.ControlLast...)
	return nil
}

// judgeTiming says what the times and the texts of refusals tell.
func judgeTiming(timed probes.Timed, texts []string) (r Result, err error) {
	control, controlT := difference(timed.ControlFirst, timed.ControlLast)
	if controlT < timingT {
		return r, cannot("the test did not see a comparison that stops at the first difference: %.1f ns, t = %.1f", control, controlT)
	}
	d, t := difference(timed.First, timed.Last)
	r.Outcome = results.Hold
	if math.Abs(t) > timingT && math.Abs(d) > timingShare*control {
		r.Outcome = results.Broken
	}
	r.Detail = fmt.Sprintf("a MAC wrong in its last byte takes %+.1f ns longer to refuse than in its first (t = %.1f); a comparison that stops early would show %+.1f ns (t = %.1f)", d, t, control, controlT)
	r.Evidence = []string{fmt.Sprintf("%d refusals of each kind", len(timed.First))}
	if len(texts) != 1 {
		r.Outcome = results.Broken
		r.Detail += fmt.Sprintf("; refusals have %d different texts", len(texts))
	} else {
		r.Detail += "; all refusals have one text"
	}
	for _, text := range texts {
		r.Evidence = append(r.Evidence, fmt.Sprintf("text of refusals: %q", text))
	}
	return r, nil
}

// judgeRefusals is what is left of the attack where nobody can present a MAC.
func (t *Target) judgeRefusals(ctx context.Context) (Result, error) {
	texts, granted, err := t.refusedAccesses(ctx)
	if err != nil {
		return Result{}, err
	}
	r := Result{Outcome: results.Hold, Detail: "nobody outside the broker can present a MAC, so that there is no comparison to time; all refusals have one text"}
	if len(texts) != 1 || granted > 0 {
		r = Result{Outcome: results.Broken, Detail: fmt.Sprintf("%d accesses too many, %d different texts of refusals", granted, len(texts))}
	}
	for _, text := range texts {
		r.Evidence = append(r.Evidence, fmt.Sprintf("text of refusals: %q", text))
	}
	return r, nil
}

// difference is how much longer b takes than a, pair by pair, in nanoseconds: the mean
// of the differences without a quarter at either end, and Yuen's t of it (K. K. Yuen,
// Biometrika 61, 1974). A machine whose speed changes from one moment to the next
// changes it for both of a pair; in two samples by themselves that is noise, and can
// even turn the difference round.
func difference(a, b []int64) (nanoseconds, t float64) {
	n := min(len(a), len(b))
	g := n / 4
	kept := float64(n - 2*g)
	if kept < 2 {
		return 0, 0
	}
	pairs := make([]float64, n)
	for i := range a {
		pairs[i] = float64(b[i] - a[i])
	}
	slices.Sort(pairs)
	for _, d := range pairs[g : n-g] {
		nanoseconds += d / kept
	}
	// What was dropped counts as the last that was kept (Winsor).
	for i := range g {
		pairs[i], pairs[n-1-i] = pairs[g], pairs[n-1-g]
	}
	var mean, squares float64
	for _, d := range pairs {
		mean += d / float64(n)
	}
	for _, d := range pairs {
		squares += (d - mean) * (d - mean)
	}
	if squares == 0 {
		return nanoseconds, 0
	}
	return nanoseconds, nanoseconds / math.Sqrt(squares/(kept*(kept-1)))
}

// refusalTexts are the different texts of refusals, whatever their reason.
func (t *Target) refusalTexts(ctx context.Context, variant string) ([]string, error) {
	used, err := t.steal(ctx, probes.Steal{Key: FirstKey, Count: 1, Spend: true})
	if err != nil {
		return nil, err
	}
	fresh, err := t.steal(ctx, probes.Steal{Key: FirstKey, Count: 3, Request: used.Request})
	if err != nil {
		return nil, err
	}
	forged := forgeries(variant, probes.Public{Request: "another", Instance: "another"}, FirstKey)
	found := map[string]bool{}
	for _, o := range []probes.Present{
		{Request: used.Request, Key: FirstKey, Tokens: texts("", "no token at all", forged[0], used.Tokens[0])},
		{Request: used.Request, Key: SecondKey, Tokens: texts(fresh.Tokens[0])},
		{Request: used.Request, Key: "NO_SUCH_KEY", Tokens: texts(fresh.Tokens[1])},
		{Request: "another", Key: FirstKey, Tokens: texts(fresh.Tokens[2])},
	} {
		p, err := t.present(ctx, o)
		if err != nil {
			return nil, err
		}
		if len(p.Granted) > 0 {
			return nil, fmt.Errorf("a token that should be refused was accepted")
		}
		for text := range p.Refusals {
			found[text] = true
		}
	}
	var all []string
	for text := range found {
		all = append(all, text)
	}
	slices.Sort(all)
	return all, nil
}
