package claims

import (
	"math"

	"github.com/dtbench/dtbench/report/stats"
	"github.com/dtbench/dtbench/results"
)

// The arithmetic behind the judges that need the spread of a cell.

// find returns the draws of a cell, nil where the preset lacks it or it is
// extrapolated.
func (p Preset) find(platform, scenario, variant string, start results.Start) *Draws {
	for i, d := range p.Cells {
		if d.Platform == platform && d.Scenario == scenario && d.Variant == variant && d.Start == start && d.Basis != "extrapolated" && len(d.TrimmedMeans) > 1 {
			return &p.Cells[i]
		}
	}
	return nil
}

// relative are the draws divided by their mean, less one.
func (d *Draws) relative() []float64 {
	mean := 0.0
	for _, v := range d.TrimmedMeans {
		mean += v / float64(len(d.TrimmedMeans))
	}
	out := make([]float64, len(d.TrimmedMeans))
	for i, v := range d.TrimmedMeans {
		out[i] = v/mean - 1
	}
	return out
}

func variance(xs []float64) float64 {
	mean, sum := 0.0, 0.0
	for _, x := range xs {
		mean += x / float64(len(xs))
	}
	for _, x := range xs {
		sum += (x - mean) * (x - mean)
	}
	return sum / float64(len(xs)-1)
}

// noEffect is the two-sided p of a published ratio optimized / benchmark if both
// arms were draws of the benchmark cell. Independent pairs come from pairing
// each draw with the one half the list away.
func (d *Draws) noEffect(ratio float64) float64 {
	n := len(d.TrimmedMeans)
	below, above := 1, 1
	for i, v := range d.TrimmedMeans {
		r := d.TrimmedMeans[(i+n/2)%n] / v
		if r <= ratio {
			below++
		}
		if r >= ratio {
			above++
		}
	}
	return min(1, 2*float64(min(below, above))/float64(n+1))
}

// pair is a published pair of cells with relative draws of their means.
type pair struct {
	benchmark, optimized float64   // ms
	b, o                 []float64 // relative draws
}

// oneConstant is the p of the hypothesis that the differences of all pairs are
// one constant c: with Q(c) = Σ (D − c)²/σ², the share of draws whose least Q is
// at least the published one. Noise is scaled to the published figures.
func oneConstant(pairs []pair) (c, p float64) {
	weights := make([]float64, len(pairs))
	differences := make([]float64, len(pairs))
	n := math.MaxInt
	for i, q := range pairs {
		v := q.benchmark*q.benchmark*variance(q.b) + q.optimized*q.optimized*variance(q.o)
		weights[i], differences[i] = 1/v, q.optimized-q.benchmark
		n = min(n, len(q.b), len(q.o))
	}
	c, observed := leastQ(differences, weights)
	extreme := 1
	draws := make([]float64, len(pairs))
	for k := range n {
		for i, q := range pairs {
			// Offsets keep draws of one simulated repetition apart: the cells are
			// independent whatever the order in which they were drawn.
			j := (k + i*n/len(pairs)) % n
			draws[i] = c - q.benchmark*q.b[j] + q.optimized*q.o[(j+n/2)%n]
		}
		if _, q := leastQ(draws, weights); q >= observed*(1-1e-12) {
			extreme++
		}
	}
	return c, float64(extreme) / float64(n+1)
}

// leastQ is the weighted mean and the weighted sum of squares around it.
func leastQ(ds, weights []float64) (c, q float64) {
	sum := 0.0
	for i, d := range ds {
		c += weights[i] * d
		sum += weights[i]
	}
	c /= sum
	for i, d := range ds {
		q += weights[i] * (d - c) * (d - c)
	}
	return c, q
}

// trimBias gives, for lognormal values with a coefficient of variation cv of
// which a share is multiplied by a factor, the biases of the mean of n less the
// least and the greatest, and of the plain mean, as fractions of the mean of the
// values without outliers.
//
// By quadrature: E[min] = ∫ (1−F)ⁿ, E[max] = ∫ 1−Fⁿ, and the trimmed mean is
// (n·E[X] − E[min] − E[max]) / (n−2).
func trimBias(cv float64, n int, share, factor float64) (trimmed, plain float64) {
	plain = share * (factor - 1)
	if cv <= 0 {
		// Without spread only outliers move the mean: E over their number K of
		// (n·1 + K·(factor−1) − least − greatest) / (n−2).
		for k, p := 0, math.Pow(1-share, float64(n)); k <= n; k++ {
			least, greatest := 1.0, factor
			if k == 0 {
				greatest = 1
			}
			if k == n {
				least = factor
			}
			trimmed += p * ((float64(n) + float64(k)*(factor-1) - least - greatest) / float64(n-2))
			if share == 0 {
				break
			}
			p *= float64(n-k) / float64(k+1) * share / (1 - share)
		}
		return trimmed - 1, plain
	}
	sigma := math.Sqrt(math.Log1p(cv * cv))
	mu := -sigma * sigma / 2 // mean 1
	cdf := func(x float64) float64 {
		phi := func(u float64) float64 { return 0.5 * math.Erfc(-(u-mu)/(sigma*math.Sqrt2)) }
		return (1-share)*phi(math.Log(x)) + share*phi(math.Log(x/factor))
	}
	const steps = 1500
	low, high := mu-9*sigma, mu+9*sigma+math.Log(max(factor, 1))
	least, greatest := math.Exp(low), math.Exp(low) // F is 0 below
	previous, fPrevious := math.Exp(low), 0.0
	for i := 1; i <= steps; i++ {
		x := math.Exp(low + (high-low)*float64(i)/steps)
		f := cdf(x)
		mid := (f + fPrevious) / 2
		least += (x - previous) * math.Pow(1-mid, float64(n))
		greatest += (x - previous) * (1 - math.Pow(mid, float64(n)))
		previous, fPrevious = x, f
	}
	mean := 1 + plain
	return (float64(n)*mean-least-greatest)/float64(n-2) - 1, plain
}

// cvs are the coefficients of variation of the cells of a run.
func cvs(f *results.File) []float64 {
	var out []float64
	for _, c := range f.Cells {
		xs := times(f, c.Key())
		if d, err := stats.Describe(xs); err == nil && d.N > 1 && d.Mean > 0 {
			out = append(out, d.SD/d.Mean)
		}
	}
	return out
}
