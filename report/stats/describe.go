package stats

import (
	"fmt"
	"math"
	"slices"
)

// Description summarises a sample without trimming. All fields but N are in
// the unit of the sample.
type Description struct {
	N      int
	Mean   float64
	Median float64 // mean of the middle two when N is even
	SD     float64 // divisor N − 1; 0 when N is 1
	Min    float64
	Max    float64
}

// Describe returns the description of xs. It returns ErrTooFew when xs is empty
// and ErrNotFinite when a value is NaN or infinite.
func Describe(xs []float64) (Description, error) {
	if len(xs) == 0 {
		return Description{}, fmt.Errorf("describe: %w: the sample is empty", ErrTooFew)
	}
	if err := finite(xs); err != nil {
		return Description{}, fmt.Errorf("describe: %w", err)
	}
	sorted := slices.Sorted(slices.Values(xs))
	n := len(sorted)
	d := Description{N: n, Min: sorted[0], Max: sorted[n-1]}
	d.Median = sorted[n/2]
	if n%2 == 0 {
		d.Median = sorted[n/2-1] + (sorted[n/2]-sorted[n/2-1])/2
	}
	var variance float64
	d.Mean, variance = meanVariance(sorted)
	d.SD = math.Sqrt(variance)
	return d, nil
}

// meanVariance returns the mean and the variance (divisor n − 1, 0 for n = 1)
// by two passes, which loses no digits to cancellation. A constant sample has
// variance 0 exactly.
func meanVariance(sorted []float64) (mean, variance float64) {
	n := float64(len(sorted))
	if sorted[0] == sorted[len(sorted)-1] {
		return sorted[0], 0
	}
	for _, x := range sorted {
		mean += x
	}
	mean /= n
	var squares, rest float64
	for _, x := range sorted {
		squares += (x - mean) * (x - mean)
		rest += x - mean
	}
	return mean + rest/n, (squares - rest*rest/n) / (n - 1)
}

// Values beyond largest and positive means below smallest are refused, so that
// no square and no ratio leaves the range of float64.
const (
	largest  = 1e100
	smallest = 1e-100
)

// finite returns ErrNotFinite, with the position of the value, when xs holds a
// NaN, an infinity, or a value beyond largest.
func finite(xs []float64) error {
	for i, x := range xs {
		if math.IsNaN(x) || math.Abs(x) > largest {
			return fmt.Errorf("%w: value %d is %v", ErrNotFinite, i+1, x)
		}
	}
	return nil
}
