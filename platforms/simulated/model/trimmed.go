package model

import (
	"math"
	"slices"
)

// TrimmedFactor is g(σ): the expectation of the mean of n lognormal values with
// median 1 and log standard deviation sigma when the trim smallest and largest
// are dropped. For trim 1 that is (n·E[X] − E[min] − E[max])/(n − 2). Dropping
// the extremes of a skewed law lowers its mean, so a calibration that took the
// published figure for the mean would be too low.
//
// It is the trapezoidal rule on ∫ exp(σz)·w(Φ(z))·φ(z) dz, w being the density
// of a rank that survives; the rule is exact to rounding for such integrands.
func TrimmedFactor(sigma float64, n, trim int) float64 {
	const step, span = 0.05, 12.0
	sum := 0.0
	for z := -span; z <= span+sigma; z += step {
		sum += math.Exp(sigma*z) * keptDensity(normalCDF(z), normalTail(z), n, trim) * normalDensity(z)
	}
	return sum * step
}

// keptDensity is the density of the ranks that survive at the quantile u = 1−v:
// n/(n−2·trim) times the chance that at least trim, and at most n−1−trim, of
// the other n−1 values lie below.
func keptDensity(u, v float64, n, trim int) float64 {
	chance := 0.0
	for k := trim; k <= n-1-trim; k++ {
		chance += binomial(n-1, k) * math.Pow(u, float64(k)) * math.Pow(v, float64(n-1-k))
	}
	return float64(n) / float64(n-2*trim) * chance
}

// keptCDF is the share of surviving ranks at or below the quantile u: the
// average of the distribution functions of the order statistics that are kept.
func keptCDF(u float64, n, trim int) float64 {
	v := 1 - u
	if trim == 1 { // Σ P(rank i ≤ u) over all ranks is n·u
		return (float64(n)*u - (1 - math.Pow(v, float64(n))) - math.Pow(u, float64(n))) / float64(n-2)
	}
	sum := 0.0
	for rank := trim + 1; rank <= n-trim; rank++ {
		for k := rank; k <= n; k++ {
			sum += binomial(n, k) * math.Pow(u, float64(k)) * math.Pow(v, float64(n-k))
		}
	}
	return sum / float64(n-2*trim)
}

func binomial(n, k int) float64 {
	c := 1.0
	for i := 1; i <= k; i++ {
		c = c * float64(n-k+i) / float64(i)
	}
	return c
}

// expectedTrimmedMean is the expectation of the trimmed mean of n values with
// distribution function cdf, which is 0 below low > 0 and 1 above high: low +
// ∫ (1 − keptCDF(F(x))) dx, by Simpson's rule in ln x.
func expectedTrimmedMean(cdf func(x float64) float64, low, high float64, n, trim int) float64 {
	if high <= low {
		return low
	}
	width := math.Log(high / low)
	intervals := 2 * int(math.Ceil(width/0.04)) // even
	h := width / float64(intervals)
	sum := 0.0
	for i := range intervals + 1 {
		x := low * math.Exp(float64(i)*h)
		weight := 2.0 + 2*float64(i%2)
		if i == 0 || i == intervals {
			weight = 1
		}
		sum += weight * (1 - keptCDF(cdf(x), n, trim)) * x
	}
	return low + sum*h/3
}

// trimmedMean of xs, which it sorts when more than one is dropped at each end.
func trimmedMean(xs []float64, trim int) float64 {
	if trim == 1 {
		least, most, sum := math.Inf(1), math.Inf(-1), 0.0
		for _, x := range xs {
			least, most, sum = min(least, x), max(most, x), sum+x
		}
		return (sum - least - most) / float64(len(xs)-2)
	}
	slices.Sort(xs)
	sum := 0.0
	for _, x := range xs[trim : len(xs)-trim] {
		sum += x
	}
	return sum / float64(len(xs)-2*trim)
}
