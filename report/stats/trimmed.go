package stats

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Trimmed is the trimmed mean of a sample with what its standard error needs.
type Trimmed struct {
	N    int     // values in the sample
	G    int     // values dropped at each end
	Mean float64 // TM = mean(x₍g+1₎ … x₍n−g₎), in the unit of the sample
	// WinsorizedVariance is s²_w: the variance (divisor n − 1) after each tail
	// is replaced by the nearest value that was kept.
	WinsorizedVariance float64
}

// Trim computes the trimmed mean of xs with g values dropped at each end. It
// returns ErrOption when g is negative, ErrTooFew when len(xs) < 2g + 2 and
// ErrNotFinite when a value is NaN or infinite. xs is left as it is.
func Trim(xs []float64, g int) (Trimmed, error) {
	n := len(xs)
	if g < 0 {
		return Trimmed{}, fmt.Errorf("trim: %w: %d values at each end", ErrOption, g)
	}
	if g > n || n < 2*g+2 {
		return Trimmed{}, fmt.Errorf("trim: %w: %d values, %d dropped at each end; at least %d are needed", ErrTooFew, n, g, 2*g+2)
	}
	if err := finite(xs); err != nil {
		return Trimmed{}, fmt.Errorf("trim: %w", err)
	}
	sorted := slices.Sorted(slices.Values(xs))
	mean, _ := meanVariance(sorted[g : n-g])
	for i := range g {
		sorted[i] = sorted[g]
		sorted[n-1-i] = sorted[n-1-g]
	}
	_, variance := meanVariance(sorted)
	return Trimmed{N: n, G: g, Mean: mean, WinsorizedVariance: variance}, nil
}

// H is the number of values that the trim leaves, n − 2g; at least 2.
func (t Trimmed) H() int { return t.N - 2*t.G }

// SquaredError is Yuen's d = (n−1)·s²_w / (h(h−1)), the square of the standard
// error of the trimmed mean.
func (t Trimmed) SquaredError() float64 {
	h := float64(t.H())
	return float64(t.N-1) * t.WinsorizedVariance / (h * (h - 1))
}

// Interval is the two-sided confidence interval TM ± t_{h−1}·√d. level lies
// between 0 and 1 exclusive, 0.95 in every table of dtbench.
func (t Trimmed) Interval(level float64) (low, high float64) {
	if t.WinsorizedVariance == 0 {
		return t.Mean, t.Mean
	}
	half := quantile(1-(1-level)/2, float64(t.H()-1)) * math.Sqrt(t.SquaredError())
	return t.Mean - half, t.Mean + half
}

// quantile is the p-quantile of Student's t with nu degrees of freedom.
func quantile(p, nu float64) float64 {
	return distuv.StudentsT{Sigma: 1, Nu: nu}.Quantile(p)
}

// upperTail is the probability that Student's t with nu degrees of freedom
// exceeds t.
func upperTail(t, nu float64) float64 {
	return distuv.StudentsT{Sigma: 1, Nu: nu}.Survival(t)
}
