package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// leastDraws is the number of bootstrap draws below which the ends of a 95 %
// interval wobble visibly in a plot.
const leastDraws = 10_000

// BootstrapRatios is an aid for plotting how uncertain a ratio is, and decides
// nothing: each draw takes both arms anew from their own values, with
// replacement, and computes ρ = TM_x / TM_y of what it got. The result is sorted, so
// that its share p is a percentile and the logarithms of two percentiles bound
// an interval of ln ρ.
//
// s.Draws is at least 10,000, which 0 stands for. Errors: those of Trim;
// ErrNotPositive when a value is not greater than zero; ErrOption for too few
// draws.
func BootstrapRatios(variant, baseline []float64, g int, s Sampling) ([]float64, error) {
	if s.Draws == 0 {
		s.Draws = leastDraws
	}
	if s.Draws < leastDraws {
		return nil, fmt.Errorf("bootstrap: %w: %d draws, at least %d", ErrOption, s.Draws, leastDraws)
	}
	for _, xs := range [][]float64{variant, baseline} {
		if _, err := Trim(xs, g); err != nil {
			return nil, fmt.Errorf("bootstrap: %w", err)
		}
		if least := slices.Min(xs); least < smallest {
			return nil, fmt.Errorf("bootstrap: %w: least value %v", ErrNotPositive, least)
		}
	}
	rng := rand.New(rand.NewPCG(s.Seed, 0x626f6f74_73747261)) // "bootstra"
	drawn := make([]float64, max(len(variant), len(baseline)))
	mean := func(xs []float64) float64 {
		d := drawn[:len(xs)]
		for i := range d {
			d[i] = xs[rng.IntN(len(xs))]
		}
		slices.Sort(d)
		sum := 0.0
		for _, x := range d[g : len(d)-g] {
			sum += x
		}
		return sum / float64(len(d)-2*g)
	}
	ratios := make([]float64, s.Draws)
	for i := range ratios {
		ratios[i] = mean(variant) / mean(baseline)
	}
	slices.Sort(ratios)
	return ratios, nil
}

// Percentile is the p-quantile, p from 0 to 1, of sorted values that are not
// empty, interpolated linearly on the logarithm: the percentile of ln ρ for
// sorted ratios. All values must be greater than zero.
func Percentile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	i := min(int(at), len(sorted)-1)
	next := min(i+1, len(sorted)-1)
	return sorted[i] * math.Pow(sorted[next]/sorted[i], at-float64(i))
}
