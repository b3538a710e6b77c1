package stats

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// HodgesLehmann estimates by how much the variant's distribution lies above the
// baseline's, without assuming a shape.
type HodgesLehmann struct {
	// Shift is the median of the n_x·n_y differences x_j − y_i, x the variant
	// and y the baseline, in the unit of the samples.
	Shift float64
	// Low and High are the interval [D₍k₎, D₍M+1−k₎] of the M = n_x·n_y sorted
	// differences, where k is the largest with P(U ≤ k − 1) < α/2 under the null
	// distribution of U without ties. Ties make it wider than it need be.
	Low, High float64
	// Level is the chance 1 − 2·P(U ≤ k − 1) that it covers the shift: at least
	// the level asked for, unless a warning says that the samples are too small.
	Level    float64
	Warnings []string // nil when there is nothing to say
}

// HodgesLehmannShift estimates the shift and its interval at the level given,
// between 0 and 1 exclusive. It returns ErrTooFew when a sample is empty,
// ErrNotFinite for NaN and infinities and ErrOption for another level.
func HodgesLehmannShift(variant, baseline []float64, level float64) (HodgesLehmann, error) {
	nx, ny := len(variant), len(baseline)
	switch {
	case nx == 0 || ny == 0:
		return HodgesLehmann{}, fmt.Errorf("shift: %w: %d and %d values", ErrTooFew, nx, ny)
	case !(level > 0 && level < 1):
		return HodgesLehmann{}, fmt.Errorf("shift: %w: level %v", ErrOption, level)
	}
	for _, xs := range [][]float64{variant, baseline} {
		if err := finite(xs); err != nil {
			return HodgesLehmann{}, fmt.Errorf("shift: %w", err)
		}
	}
	d := differences{x: slices.Sorted(slices.Values(variant)), y: slices.Sorted(slices.Values(baseline))}
	m := nx * ny
	hl := HodgesLehmann{Shift: d.kth((m + 1) / 2)}
	if m%2 == 0 {
		hl.Shift += (d.kth(m/2+1) - hl.Shift) / 2
	}
	k, exact := 0, true
	if k, hl.Level, exact = orderForInterval(nx, ny, 1-level); !exact {
		hl.Warnings = append(hl.Warnings, "the interval of the shift uses the normal approximation")
	}
	if hl.Level < level {
		hl.Warnings = append(hl.Warnings, fmt.Sprintf("with %d against %d values the interval of the shift reaches %.3g %% only", nx, ny, 100*hl.Level))
	}
	hl.Low, hl.High = d.kth(k), d.kth(m+1-k)
	return hl, nil
}

// orderForInterval returns the order k ≥ 1 of the interval's ends and the level
// that it has; exact is false where they come from the normal approximation.
func orderForInterval(nx, ny int, alpha float64) (k int, level float64, exact bool) {
	pairs, n := float64(nx)*float64(ny), float64(nx+ny)
	if pairs*float64(min(nx, ny))*n > maxRankWork {
		normal := distuv.Normal{Mu: pairs / 2, Sigma: math.Sqrt(pairs * (n + 1) / 12)}
		k = max(1, int(normal.Quantile(alpha/2)))
		return k, 1 - 2*normal.CDF(float64(k)-0.5), false
	}
	ranks := make([]int, nx+ny)
	for i := range ranks {
		ranks[i] = i + 1
	}
	counts := rankSums(ranks, min(nx, ny)) // counts[u]: of U = u
	var all float64
	for _, c := range counts {
		all += c
	}
	below := counts[0] // of U ≤ k − 1
	k = 1
	for k < len(counts) && (below+counts[k])/all < alpha/2 {
		below += counts[k]
		k++
	}
	return k, 1 - 2*below/all, true
}

// differences are all x_j − y_i of two sorted samples, without storing them:
// 100,000 values in each arm have 10¹⁰.
type differences struct{ x, y []float64 }

// kth is the k-th smallest difference, counting from 1. It bisects over the
// float64 numbers themselves, in their order, so it ends after 64 steps on the
// very difference and not near it.
func (d differences) kth(k int) float64 {
	low := ordinal(d.x[0] - d.y[len(d.y)-1])
	high := ordinal(d.x[len(d.x)-1] - d.y[0])
	for low < high {
		middle := low + (high-low)/2
		if d.atMost(fromOrdinal(middle)) >= k {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return fromOrdinal(low) + 0 // −0 becomes 0
}

// atMost counts the differences that are at most v. Rounded subtraction is
// monotone in both operands, so one pass with two pointers sees them all.
func (d differences) atMost(v float64) int {
	n, first := 0, 0 // first: least i with x_j − y_i ≤ v
	for _, x := range d.x {
		for first < len(d.y) && x-d.y[first] > v {
			first++
		}
		n += len(d.y) - first
	}
	return n
}

// ordinal numbers the float64 values in their order, −0 below 0.
func ordinal(f float64) uint64 {
	b := math.Float64bits(f)
	if b>>63 == 1 {
		return ^b
	}
	return b | 1<<63
}

func fromOrdinal(o uint64) float64 {
	if o>>63 == 1 {
		return math.Float64frombits(o &^ (1 << 63))
	}
	return math.Float64frombits(^o)
}
