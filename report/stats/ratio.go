package stats

import (
	"fmt"
	"math"
	"sort"
)

// Ratio is the ratio ρ = TM_x / TM_y of two independent trimmed means, x the
// variant and y its baseline, with the uncertainty of ln ρ by the delta method:
//
//	V = d_x/TM_x² + d_y/TM_y²
//	ν = V² / [ (d_x/TM_x²)²/(h_x−1) + (d_y/TM_y²)²/(h_y−1) ]
//
// An overhead in percent is 100·(ρ − 1).
type Ratio struct {
	Value       float64 // ρ, greater than 0
	LogVariance float64 // V, the variance of ln ρ; 0 when neither sample varies
	// DF is ν, Welch's degrees of freedom. When V is 0 it is undefined, plays no
	// part, and is h_x + h_y − 2 by convention.
	DF float64
}

// NewRatio returns the ratio of the trimmed mean of the variant to that of the
// baseline, or ErrNotPositive when either is not greater than zero (1e-100).
func NewRatio(variant, baseline Trimmed) (Ratio, error) {
	if variant.Mean < smallest || baseline.Mean < smallest {
		return Ratio{}, fmt.Errorf("ratio: %w: trimmed means %v and %v", ErrNotPositive, variant.Mean, baseline.Mean)
	}
	vx, vy := variant.relativeSquaredError(), baseline.relativeSquaredError()
	hx, hy := float64(variant.H()), float64(baseline.H())
	r := Ratio{Value: variant.Mean / baseline.Mean, LogVariance: vx + vy, DF: hx + hy - 2}
	if r.LogVariance > 0 {
		// Shares instead of squares of V: V² underflows for tiny V.
		sx, sy := vx/r.LogVariance, vy/r.LogVariance
		r.DF = 1 / (sx*sx/(hx-1) + sy*sy/(hy-1))
	}
	return r, nil
}

func (t Trimmed) relativeSquaredError() float64 {
	return t.SquaredError() / t.Mean / t.Mean
}

// Interval is the two-sided confidence interval exp(ln ρ ± t_ν·√V) of the ratio
// at the level given, between 0 and 1 exclusive; [ρ, ρ] when V is 0.
func (r Ratio) Interval(level float64) (low, high float64) {
	if r.LogVariance == 0 {
		return r.Value, r.Value
	}
	half := r.width(quantile(1-(1-level)/2, r.DF))
	return r.Value * math.Exp(-half), r.Value * math.Exp(half)
}

// UpperBound is the one-sided upper confidence bound exp(ln ρ + t_{level,ν}·√V)
// of the ratio at the level given, between 0.5 and 1 exclusive; ρ when V is 0.
func (r Ratio) UpperBound(level float64) float64 {
	if r.LogVariance == 0 {
		return r.Value
	}
	return r.Value * math.Exp(r.width(quantile(level, r.DF)))
}

// Equivalence is the p-value of the two one-sided tests of |ln ρ| ≥ ln(1 + m)
// against equivalence within the margin m (0.10 for ±10 %): the larger of the
// two. Equivalence is shown when it is below α. The margin must be greater
// than 0. When V is 0 the p-value is 0 inside the margin and 1 otherwise.
func (r Ratio) Equivalence(margin float64) float64 {
	bound, logRatio := math.Log1p(margin), math.Log(r.Value)
	if r.LogVariance == 0 {
		if math.Abs(logRatio) < bound*(1-epsilon) {
			return 0
		}
		return 1
	}
	se := math.Sqrt(r.LogVariance)
	return max(upperTail((logRatio+bound)/se, r.DF), upperTail((bound-logRatio)/se, r.DF))
}

// MinimumDetectable is the smallest overhead, as a fraction of the baseline,
// that samples of this size and spread would show with the given power in a
// two-sided test at level alpha (not adjusted for multiplicity):
//
//	MDE = exp((t_{1−α/2,ν} + t_{power,ν})·√V) − 1
//
// It is 0 when V is 0.
func (r Ratio) MinimumDetectable(alpha, power float64) float64 {
	if r.LogVariance == 0 {
		return 0
	}
	return math.Expm1(r.width(quantile(1-alpha/2, r.DF) + quantile(power, r.DF)))
}

// width is t·√V, held below 230 (a factor of 1e100) so that its exponential
// stays finite; only a handful of wild values with a large trim gets there.
func (r Ratio) width(t float64) float64 {
	return min(230, t*math.Sqrt(r.LogVariance))
}

// MostRuns is where RunsNeeded stops counting: it means this many or more.
const MostRuns = 1 << 30

// RunsNeeded is the least number of values in each arm whose minimum
// detectable overhead is target (0.10 for 10 %) or less, when both arms keep
// their trimmed means, their winsorized variances and their trim, so that
// V ∝ s²_w(n−1)/(h(h−1)). It is at least 2g + 2, and MostRuns when not even
// that many would do. The same errors as NewRatio, and ErrOption when target is
// not greater than 0.
func RunsNeeded(variant, baseline Trimmed, target, alpha, power float64) (int, error) {
	if !(target > 0) {
		return 0, fmt.Errorf("runs needed: %w: target %v", ErrOption, target)
	}
	if _, err := NewRatio(variant, baseline); err != nil {
		return 0, fmt.Errorf("runs needed: %w", err)
	}
	least := 2*max(variant.G, baseline.G) + 2
	enough := func(n int) bool {
		variant.N, baseline.N = n, n
		r, _ := NewRatio(variant, baseline)
		return r.MinimumDetectable(alpha, power) <= target
	}
	// MDE falls with n: h grows faster than n − 1, and so does ν.
	top := least
	for top < MostRuns && !enough(top) {
		top = min(2*top, MostRuns)
	}
	return least + sort.Search(top-least, func(i int) bool { return enough(least + i) }), nil
}
