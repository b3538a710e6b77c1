package claims

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Dropping the extremes of 15 skewed values: STATISTICS of this project, and a
// simulation.
func TestTrimBias(t *testing.T) {
	if testing.Short() {
		t.Skip("long and not concurrent")
	}
	check := func(cv, share, factor, wantTrimmed, wantPlain, within float64) {
		t.Helper()
		trimmed, plain := trimBias(cv, 15, share, factor)
		if math.Abs(trimmed-wantTrimmed) > within || math.Abs(plain-wantPlain) > 1e-12 {
			t.Errorf("CV %v, %v of the values times %v: %.5f and %.5f, want %.5f and %.5f", cv, share, factor, trimmed, plain, wantTrimmed, wantPlain)
		}
	}
	check(0, 0, 1, 0, 0, 1e-12)
	check(0.2, 0, 1, -0.007, 0, 0.0005)
	check(0.5, 0, 1, -0.039, 0, 0.0005)
	// Without spread: E[K−1 outliers left] = 15·0.05·2/13 less the one that is
	// dropped whenever there is one, (1 − 0.95^15)·2/13. No sample is all outliers.
	check(0, 0.05, 3, (15*0.05-(1-math.Pow(0.95, 15)))*2/13, 0.10, 1e-9)

	for _, cv := range []float64{0.05, 0.3, 1} {
		sigma := math.Sqrt(math.Log1p(cv * cv))
		rng := rand.New(rand.NewPCG(1, 2))
		const repetitions = 60000
		sum, squares := 0.0, 0.0
		for range repetitions {
			xs := make([]float64, 15)
			for i := range xs {
				xs[i] = math.Exp(sigma*rng.NormFloat64() - sigma*sigma/2)
				if rng.Float64() < 0.05 {
					xs[i] *= 3
				}
			}
			slices.Sort(xs)
			mean := 0.0
			for _, x := range xs[1:14] {
				mean += x / 13
			}
			sum, squares = sum+mean, squares+mean*mean
		}
		mean := sum / repetitions
		se := math.Sqrt((squares/repetitions - mean*mean) / repetitions)
		if got, _ := trimBias(cv, 15, 0.05, 3); math.Abs(got-(mean-1)) > 4*se+0.0002 {
			t.Errorf("CV %v with outliers: %.5f by quadrature, %.5f ± %.5f by simulation", cv, got, mean-1, se)
		}
	}
}

func normalDraws(n int, mean, sd float64, stream uint64) []float64 {
	rng := rand.New(rand.NewPCG(5, stream))
	xs := make([]float64, n)
	for i := range xs {
		xs[i] = mean + sd*rng.NormFloat64()
	}
	return xs
}

func TestNoEffect(t *testing.T) {
	d := Draws{TrimmedMeans: normalDraws(20000, 10, 0.1, 1)}
	// The ratio of two means with 1 % each varies by 1.414 %: 2.77 % off is p = 0.05.
	check := func(ratio, want, within float64) {
		t.Helper()
		if p := d.noEffect(ratio); math.Abs(p-want) > within {
			t.Errorf("ratio %v: p = %.4f, want %.4f", ratio, p, want)
		}
	}
	check(1, 1, 0.02)
	check(1.0277, 0.05, 0.006)
	check(0.9730, 0.05, 0.006)
	check(2, 2.0/20001, 1e-9) // never zero
}

func TestOneConstant(t *testing.T) {
	if testing.Short() {
		t.Skip("long and not concurrent")
	}
	const n = 20000
	make3 := func(differences ...float64) []pair {
		var pairs []pair
		for i, d := range differences {
			pairs = append(pairs, pair{100, 100 + d, normalDraws(n, 0, 0.01, uint64(2*i)), normalDraws(n, 0, 0.01, uint64(2*i+1))})
		}
		return pairs
	}
	c, p := oneConstant(make3(5, 5, 5))
	if math.Abs(c-5) > 1e-6 || p < 0.999 {
		t.Errorf("three equal differences: constant %v, p = %v", c, p)
	}
	// Differences have a variance of 2.0; with D − 5 = (−a, 0, a), Q = 2a²/2.0, and
	// χ² with 2 degrees of freedom has P(Q > q) = exp(−q/2).
	for _, a := range []float64{1, 2, 2.4} {
		if _, p := oneConstant(make3(5-a, 5, 5+a)); math.Abs(p-math.Exp(-a*a/2)) > 0.02 {
			t.Errorf("differences %v apart: p = %.4f, want about %.4f", a, p, math.Exp(-a*a/2))
		}
	}
	if _, p := oneConstant(make3(0, 50, 100)); p > 1.0/n {
		t.Errorf("far apart: p = %v", p)
	}
}

// By hand: of the tables with the same margins, those no likelier than this one.
func TestFisher(t *testing.T) {
	check := func(a, n, b, m int, want float64) {
		t.Helper()
		if p := fisher(a, n, b, m); math.Abs(p-want) > 5e-6*max(1, want) {
			t.Errorf("%d/%d against %d/%d: p = %v, want %v", a, n, b, m, p, want)
		}
	}
	check(3, 4, 1, 4, 0.4857143) // (16 + 1) · 2 of 70
	check(5, 10, 5, 10, 1)
	check(0, 5, 0, 5, 1)
	check(10, 10, 0, 10, 2.0/184756)
}
