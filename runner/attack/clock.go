package attack

import (
	"context"
	"fmt"
	"time"

	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios/build"
	"github.com/dtbench/dtbench/scenarios/probes"
)

// injected marks evidence that rests on clocks which the attack steered.
const injected = "clock: injected"

// deployClock deploys a probe build whose clocks the attack steers.
func (l *Lab) deployClock(ctx context.Context, variant string) (*Target, error) {
	d := Deployment{Variant: variant, Policy: patient(variant, nil), clocks: true}
	steered := "optimized"
	if !brokered(variant) { // whose tokens are those of a twin
		steered = variant
		d.Program = build.ClockProgram(variant).Name
	}
	if _, ok := l.o.Programs(build.ClockProgram(steered).Name); !ok {
		return nil, cannot("it takes a probe build with steered clocks, which no release has: run dtbench where the Go toolchain can build it")
	}
	return l.Deploy(ctx, d)
}

// steer sets the clocks of such a build, counted from the real ones.
func (t *Target) steer(ctx context.Context, wall, boot time.Duration) error {
	from, err := t.thief(ctx)
	if err != nil {
		return err
	}
	return from.Probe(ctx, "steer", probes.Steer{Wall: wall, Boot: boot}, nil)
}

// accepts counts how many of the tokens are.
func (t *Target) accepts(ctx context.Context, s probes.Stolen) (int, error) {
	p, err := t.present(ctx, probes.Present{Request: s.Request, Key: FirstKey, Tokens: texts(s.Tokens...)})
	if err != nil {
		return 0, err
	}
	return len(p.Granted), t.granted(p)
}

func futureToken() Attack {
	return Attack{
		Description: results.Description{
			ID: "T13", Title: "A token dated in the future", Adversary: results.A0,
			Dimensions: []results.Dimension{results.Integrity, results.Availability},
			Properties: []results.Property{results.NonReusability, results.TimeBoundedness},
			Tries:      "uses 500 tokens dated 9 s in the future and presents them again 17 s later, when a registry that keeps nonces for one window has forgotten them",
			Explain: `A token is good from one window before its time to one after, 10 s each. One that is dated 9 s ahead and used at once stays good for 19 s; a registry that keeps nonces for one window has forgotten it after 10 and takes it again.

The clocks of the instance are put 9 s ahead while it issues 500 tokens, then back. The tokens are used, the clocks go 17 s on, and the thief presents them again. The hardened core keeps nonces for at least two windows. The list of the literal variant is never pruned: it holds, and grows for as long as the instance lives. Both are counted after three more hours of 500 accesses each.

The clocks are those of a probe build (build tag dtbench_clock) that the attack steers; nothing else in it differs, and no release has it.

By hand: TestRegistryRotation of package core puts the clock on in the same way.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (r Result, err error) {
			if !hasTokens(variant) {
				return noTokens(), nil
			}
			t, err := lab.deployClock(ctx, variant)
			if err != nil {
				return r, err
			}
			defer t.Close()
			const count, ahead, later = 500, 9 * time.Second, 17 * time.Second
			if err := t.steer(ctx, ahead, ahead); err != nil {
				return r, err
			}
			s, err := t.steal(ctx, probes.Steal{Key: FirstKey, Count: count})
			if err != nil {
				return r, err
			}
			if err := t.steer(ctx, 0, 0); err != nil {
				return r, err
			}
			first, err := t.accepts(ctx, s)
			if err != nil {
				return r, err
			}
			if brokered(variant) {
				r = verdict(first, count, "tokens dated 9 s in the future")
				r.Evidence = append([]string{injected + ", those of the optimized instance; the broker reads the time of no token"}, t.fromTwin()...)
				r.Evidence = append(r.Evidence, "how many nonces it keeps is not seen from outside; its registry is that of the optimized variant")
				return r, nil
			}
			if first != count {
				return r, fmt.Errorf("%d of %d tokens dated in the future were accepted once", first, count)
			}
			if err := t.steer(ctx, later, later); err != nil {
				return r, err
			}
			again, err := t.accepts(ctx, s)
			if err != nil {
				return r, err
			}
			// Three hours of work. A registry looks at the clock when it is used.
			const hours = 3
			for hour := range time.Duration(hours) {
				if err := t.steer(ctx, (1+hour)*time.Hour, (1+hour)*time.Hour); err != nil {
					return r, err
				}
				if _, err := t.steal(ctx, probes.Steal{Key: FirstKey, Count: count, Spend: true}); err != nil {
					return r, err
				}
			}
			var kept probes.Registry
			if err := t.Probe(ctx, "registry", nil, &kept); err != nil {
				return r, err
			}
			r = verdict(again, count, "used tokens dated 9 s in the future, presented again 17 s later")
			const accesses = (1 + hours) * count
			r.Detail += fmt.Sprintf("; after %d accesses in %d hours it keeps %d nonces", accesses, hours, kept.Nonces)
			r.Evidence = []string{injected}
			r.Quantities = append(r.Quantities, results.Quantity{
				ID: "nonces-kept", Title: fmt.Sprintf("Nonces kept after %d accesses in %d hours", accesses, hours), Value: float64(kept.Nonces), Unit: "nonces",
				Source: results.Measured, Detail: injected,
			})
			return r, nil
		},
	}
}

func steppedClocks() Attack {
	return Attack{
		Description: results.Description{
			ID: "T15", Title: "Clocks that stop or step back", Adversary: results.A0,
			Dimensions: []results.Dimension{results.Integrity},
			Properties: []results.Property{results.TimeBoundedness},
			Tries:      "keeps an unused token over an hour's suspension of the machine, and over a wall clock that is set back by as much",
			Explain: `Three batches of unused tokens are stolen. (a) The machine sleeps for an hour: wall time and boot time go on, monotonic time stands still. A guard that trusts monotonic time takes the tokens as new. (b) After that hour the wall clock steps back by an hour, as after a wrong correction or by an attacker who answers NTP: a guard that trusts wall time alone takes dead tokens for living ones. (c) The instance is restored from a snapshot: the wall clock is 5 s on and boot time where it was; copies of this instance may be awake.

The literal variant has the wall clock alone: (a) holds, (b) is broken, and in (c) earlier tokens live on. The hardened core compares wall time with boot time and draws new keys when they move apart, which ends every earlier token.

The clocks are those of a probe build (build tag dtbench_clock) that the attack steers; nothing else in it differs, and no release has it.

By hand: core.Config.Clock and BootClock in a test.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (r Result, err error) {
			if !hasTokens(variant) {
				r := noTokens()
				r.Quantities = []results.Quantity{{
					ID: exposureID, Title: exposureTitle, Unit: "s", Unbounded: true, Source: results.Derived,
					Detail: "what leaks is the credential itself, which is good until somebody changes it",
				}}
				return r, nil
			}
			const count = 50
			scenes := []struct {
				what  string
				steps [][2]time.Duration // wall, boot
			}{
				{"(a) an hour of sleep", [][2]time.Duration{{time.Hour, time.Hour}}},
				{"(b) the wall clock set back by an hour", [][2]time.Duration{{time.Hour, time.Hour}, {0, time.Hour}}},
				{"(c) restored from a snapshot 5 s old", [][2]time.Duration{{5 * time.Second, 0}}},
			}
			r.Outcome = results.Hold
			r.Evidence = []string{injected}
			for _, scene := range scenes {
				accepted, err := lab.underClocks(ctx, variant, count, scene.steps)
				if err != nil {
					return r, fmt.Errorf("%s: %w", scene.what, err)
				}
				if accepted > 0 {
					r.Outcome = results.Broken
				}
				if r.Detail != "" {
					r.Detail += "; "
				}
				r.Detail += fmt.Sprintf("%s: %d of %d earlier tokens accepted", scene.what, accepted, count)
			}
			if brokered(variant) {
				r.Evidence = []string{injected + ", those of the optimized instance that the tokens were stolen from; the broker reads the time of no token"}
				r.Quantities = append(r.Quantities, results.Quantity{
					ID: exposureID, Title: exposureTitle, Unit: "s", Source: results.Derived, Detail: "no token leaves the broker",
				})
				return r, nil
			}
			window, err := lab.exposure(ctx, variant)
			r.Quantities = append(r.Quantities, window)
			return r, err
		},
	}
}

const (
	exposureID    = "exposure"
	exposureTitle = "Exposure of a leaked token that nobody has used"
)

// underClocks counts how many unused tokens are accepted after the clocks went
// through steps, at each of which the guard sees the time once.
func (l *Lab) underClocks(ctx context.Context, variant string, count int, steps [][2]time.Duration) (int, error) {
	t, err := l.deployClock(ctx, variant)
	if err != nil {
		return 0, err
	}
	defer t.Close()
	s, err := t.steal(ctx, probes.Steal{Key: FirstKey, Count: count})
	if err != nil {
		return 0, err
	}
	for _, step := range steps {
		if err := t.steer(ctx, step[0], step[1]); err != nil {
			return 0, err
		}
		// The function goes on with its work.
		if err := t.Invoke(ctx, []byte(`{}`), nil); err != nil {
			return 0, err
		}
	}
	return t.accepts(ctx, s)
}

// exposure is for how long a stolen token that nobody has used opens its value,
// by bisection to a hundredth of a second: each try is a fresh token.
func (l *Lab) exposure(ctx context.Context, variant string) (results.Quantity, error) {
	q := results.Quantity{ID: exposureID, Title: exposureTitle, Unit: "s", Source: results.Measured}
	t, err := l.deployClock(ctx, variant)
	if err != nil {
		return q, err
	}
	defer t.Close()
	base := time.Duration(0)
	good := func(age time.Duration) (bool, error) {
		s, err := t.steal(ctx, probes.Steal{Key: FirstKey, Count: 1})
		if err != nil {
			return false, err
		}
		base += age
		if err := t.steer(ctx, base, base); err != nil {
			return false, err
		}
		n, err := t.accepts(ctx, s)
		return n == 1, err
	}
	low, high := time.Duration(0), time.Hour
	if ok, err := good(high); err != nil || ok {
		return q, fmt.Errorf("a token is good for more than %s: %w", high, err)
	}
	for high-low > 10*time.Millisecond {
		middle := (low + high) / 2
		ok, err := good(middle)
		if err != nil {
			return q, err
		}
		if ok {
			low = middle
		} else {
			high = middle
		}
	}
	q.Value = low.Seconds()
	q.Detail = injected + "; a used one opens nothing"
	if isLiteral(variant) {
		q.Detail = injected + "; whole seconds are compared, so up to one second more; a used one lives on by T7, and anybody can make another (T5)"
	}
	return q, nil
}
