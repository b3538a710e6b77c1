package stats

import (
	"fmt"
)

// Options configures Compare. The zero value of every field is the documented
// default of dtbench, so only Trim usually needs a value.
type Options struct {
	Trim   int     // g, values dropped at each end
	Alpha  float64 // level of tests, and 1 − level of intervals; default 0.05
	Margin float64 // equivalence margin as a fraction; default 0.10
	Power  float64 // of the minimum detectable overhead; default 0.80
	// Target is the overhead, as a fraction, that RunsNeeded aims at; default 0.10.
	Target float64
	// Draws is the number of random splits when an exact test is out of reach;
	// default DefaultDraws. Seed makes them repeatable.
	Draws int
	Seed  uint64
}

func (o Options) withDefaults() (Options, error) {
	fill := func(v *float64, def float64) {
		if *v == 0 {
			*v = def
		}
	}
	fill(&o.Alpha, 0.05)
	fill(&o.Margin, 0.10)
	fill(&o.Power, 0.80)
	fill(&o.Target, 0.10)
	switch {
	case !(o.Alpha > 0 && o.Alpha < 1):
		return o, fmt.Errorf("%w: alpha %v", ErrOption, o.Alpha)
	case !(o.Margin > 0 && o.Margin < 1e6):
		return o, fmt.Errorf("%w: margin %v", ErrOption, o.Margin)
	case !(o.Power >= 0.5 && o.Power < 1):
		return o, fmt.Errorf("%w: power %v", ErrOption, o.Power)
	case !(o.Target > 0 && o.Target < 1e6):
		return o, fmt.Errorf("%w: target %v", ErrOption, o.Target)
	}
	return o, nil
}

// Comparison is the overhead of a variant over its baseline, before any
// correction for multiplicity.
type Comparison struct {
	Variant, Baseline Trimmed
	Difference        float64 // TM_variant − TM_baseline, in the unit of the samples
	Ratio             Ratio
	Low, High         float64 // confidence interval of the ratio at level 1 − α
	Permutation       Permutation
	Equivalence       float64 // p-value of the two one-sided tests
	MinimumDetectable float64 // fraction of the baseline
	RunsNeeded        int     // values per arm
	// Warnings are what a reader should know before trusting the figures, each
	// without a full stop. Nil when there is nothing to say.
	Warnings []string
}

// Compare compares a variant with its baseline. Errors: those of Trim,
// ErrNotPositive when a value is negative or a trimmed mean is zero, and
// ErrOption. The slices are left as they are.
func Compare(variant, baseline []float64, o Options) (Comparison, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Comparison{}, fmt.Errorf("compare: %w", err)
	}
	var c Comparison
	if c.Variant, err = Trim(variant, o.Trim); err != nil {
		return Comparison{}, fmt.Errorf("compare: variant: %w", err)
	}
	if c.Baseline, err = Trim(baseline, o.Trim); err != nil {
		return Comparison{}, fmt.Errorf("compare: baseline: %w", err)
	}
	if c.Ratio, err = NewRatio(c.Variant, c.Baseline); err != nil {
		return Comparison{}, fmt.Errorf("compare: %w", err)
	}
	if c.Permutation, err = PermutationTest(variant, baseline, o.Trim, Sampling{Draws: o.Draws, Seed: o.Seed}); err != nil {
		return Comparison{}, fmt.Errorf("compare: %w", err)
	}
	c.Difference = c.Variant.Mean - c.Baseline.Mean
	c.Low, c.High = c.Ratio.Interval(1 - o.Alpha)
	c.Equivalence = c.Ratio.Equivalence(o.Margin)
	c.MinimumDetectable = c.Ratio.MinimumDetectable(o.Alpha, o.Power)
	if c.RunsNeeded, err = RunsNeeded(c.Variant, c.Baseline, o.Target, o.Alpha, o.Power); err != nil {
		return Comparison{}, fmt.Errorf("compare: %w", err)
	}
	c.Warnings = c.warnings(o)
	return c, nil
}

func (c Comparison) warnings(o Options) []string {
	var out []string
	if p := c.Permutation; !p.Exact {
		out = append(out, fmt.Sprintf("p comes from %d random splits, not from all of them", p.Splits))
	} else if least := LeastP(c.Variant.N, c.Baseline.N, c.Variant.G); least > o.Alpha {
		out = append(out, fmt.Sprintf("with %d against %d samples no p-value can fall below %.2g", c.Variant.N, c.Baseline.N, least))
	}
	if c.Ratio.LogVariance == 0 {
		out = append(out, "the samples do not vary: the interval has no width")
	}
	return out
}

// Verdict is the word that a comparison ends in.
type Verdict string

// The four verdicts. They speak of the quantity that was compared: a slower
// arm is one with the larger values.
const (
	Slower       Verdict = "slower"
	Faster       Verdict = "faster"
	Equivalent   Verdict = "equivalent"
	Inconclusive Verdict = "inconclusive"
)

// Verdict decides, given the p-value after Holm's correction over the family
// that this comparison belongs to:
//
//   - slower or faster: adjusted p < α, and the interval lies on that side of 1
//   - equivalent: equivalence is shown (its p < α) and the adjusted p is not
//     below α
//   - inconclusive: anything else
//
// alpha must be the level that the comparison was made with (0.05 by default).
func (c Comparison) Verdict(adjusted, alpha float64) Verdict {
	if adjusted < alpha {
		switch {
		case c.Low > 1:
			return Slower
		case c.High < 1:
			return Faster
		}
		return Inconclusive
	}
	if c.Equivalence < alpha {
		return Equivalent
	}
	return Inconclusive
}
