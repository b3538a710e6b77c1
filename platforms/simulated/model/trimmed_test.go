package model

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestTrimmedFactor(t *testing.T) {
	// (15·E[X] − E[min] − E[max])/13, the extremes' expectations by their own
	// densities.
	extremes := func(sigma float64) float64 {
		const n = 15.0
		least := integrate(func(z float64) float64 { return math.Exp(sigma*z) * n * math.Pow(normalTail(z), n-1) })
		most := integrate(func(z float64) float64 { return math.Exp(sigma*z) * n * math.Pow(normalCDF(z), n-1) })
		return (n*math.Exp(sigma*sigma/2) - least - most) / 13
	}
	for _, sigma := range []float64{0, 0.012, 0.2, 0.47, 1.01} {
		near(t, "15 values", TrimmedFactor(sigma, 15, 1), extremes(sigma), 1e-6)
		near(t, "nothing is trimmed", TrimmedFactor(sigma, 15, 0), math.Exp(sigma*sigma/2), 1e-9)
	}
	// Of two left of four the mean lies below that of all, for skewed values.
	if !(TrimmedFactor(0.5, 15, 4) < TrimmedFactor(0.5, 15, 1)) {
		t.Error("trimming more does not lower the mean")
	}
	// What the trim takes from the mean of skewed values.
	bias := func(cv float64) float64 {
		sigma := SigmaOf(cv)
		return 100 * (TrimmedFactor(sigma, 15, 1)/math.Exp(sigma*sigma/2) - 1)
	}
	near(t, "percent lost at a variation of 0.2", bias(0.2), -0.7, 0.05)
	near(t, "percent lost at a variation of 0.5", bias(0.5), -3.9, 0.05)
}

func TestRanksThatAreKept(t *testing.T) {
	for _, c := range []struct{ n, trim int }{{15, 1}, {15, 0}, {15, 4}, {4, 1}} {
		const step = 1e-4
		sum := 0.0
		for u := step / 2; u < 1; u += step {
			sum += keptDensity(u, 1-u, c.n, c.trim) * step
			near(t, "CDF against the integral of the density", keptCDF(u+step/2, c.n, c.trim), sum, 1e-5)
		}
	}
}

func TestExpectedTrimmedMean(t *testing.T) {
	d := Shifted(50, 0.4, 0.3)
	sigma := d.Sigma
	got := expectedTrimmedMean(d.CDF, d.at(-8), d.at(8), 15, 1)
	near(t, "a shifted lognormal", got, d.Floor+d.Median*TrimmedFactor(sigma, 15, 1), 1e-6*got)
	near(t, "a constant", expectedTrimmedMean(d.CDF, 3, 3, 15, 1), 3, 0)
}

func TestTrimmedMean(t *testing.T) {
	check := func(trim int, want float64, xs ...float64) {
		t.Helper()
		near(t, "trimmed mean", trimmedMean(xs, trim), want, 1e-12)
	}
	check(1, 3, 100, 2, 4, -50)
	check(1, 2, 2, 2, 2)
	check(2, 5, 9, 1, 5, 100, 0)
	check(0, 2, 1, 3)
	r := rand.New(rand.NewPCG(1, 2))
	xs := make([]float64, 15)
	for i := range xs {
		xs[i] = r.ExpFloat64()
	}
	one := trimmedMean(xs, 1)
	sum := 0.0
	trimmedMean(xs, 2) // sorts
	for _, x := range xs[1:14] {
		sum += x
	}
	near(t, "in one pass and by sorting", one, sum/13, 1e-12)
}
