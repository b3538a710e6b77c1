package model

import (
	"math"
	"testing"
)

// integrate is ∫ f(z)·φ(z) dz.
func integrate(f func(z float64) float64) (sum float64) {
	const step = 1e-3
	for z := -9.0; z < 12; z += step {
		m := z + step/2
		sum += f(m) * normalDensity(m) * step
	}
	return sum
}

func TestDistributionsAgainstIntegrals(t *testing.T) {
	check := func(what string, d Distribution, mean, cv float64) {
		t.Helper()
		m := integrate(d.at)
		near(t, what+": mean", d.Mean(), m, 2e-3*m)
		if mean > 0 {
			near(t, what+": mean as asked for", d.Mean(), mean, 1e-9*mean)
		}
		if cv > 0 {
			v := integrate(func(z float64) float64 { x := d.at(z) - m; return x * x })
			near(t, what+": variation as asked for", math.Sqrt(v)/m, cv, 1e-3)
		}
		for z := -3.0; z <= 5; z += 0.5 {
			near(t, what+": CDF of a quantile", d.CDF(d.at(z)), normalCDF(z), 1e-9)
		}
		r := newSource(1, "test")
		below, n := 0, 100_000
		for range n {
			if d.draw(r) <= d.at(1.5) {
				below++
			}
		}
		near(t, what+": share of draws below a quantile", float64(below)/float64(n), normalCDF(1.5), 0.004)
	}
	check("lognormal", Lognormal(7, 0.5), 7, 0.5)
	check("shifted", Shifted(1950, 0.2, 0.3), 1950, 0.2)
	check("scaled", Shifted(2, 0.3, 0.5).Scaled(10), 20, 0.3)
	check("with a tail", Lognormal(60, 0.6).WithTail(0.05, 3), 0, 0)
	plain, tailed := Lognormal(60, 0.6), Lognormal(60, 0.6).WithTail(0.01, 2.2)
	if tailed.Mean() <= plain.Mean() || tailed.CDF(1000) >= plain.CDF(1000) {
		t.Error("the tail is no heavier than the body")
	}
}

func TestTheZeroDistributionIsNothing(t *testing.T) {
	var d Distribution
	if d.Mean() != 0 || d.draw(newSource(1, "test")) != 0 || d.CDF(0) != 1 || d.CDF(-1) != 0 {
		t.Error("not the constant 0")
	}
}
