package profiles

import (
	"math"
	"slices"
)

// Estimate describes one series without assuming a distribution.
type Estimate struct {
	N      int     `json:"n"`
	Median float64 `json:"median"`
	Q1     float64 `json:"q1"` // quartiles: their distance is the spread
	Q3     float64 `json:"q3"`
	// Interval holds the median of the distribution with 97.5 % confidence or
	// more, so that a ratio of two medians is known with 95 %.
	Interval [2]float64 `json:"interval"`
}

// NewEstimate describes values, of which there must be one or more.
func NewEstimate(values []float64) Estimate {
	x := slices.Sorted(slices.Values(values))
	lo := medianRank(len(x), 0.025)
	return Estimate{
		N: len(x), Median: median(x), Q1: quantile(x, 0.25), Q3: quantile(x, 0.75),
		Interval: [2]float64{x[lo], x[len(x)-1-lo]},
	}
}

// quantile interpolates between the order statistics of sorted x (Hyndman and
// Fan, The American Statistician 50, 1996, definition 7).
func quantile(x []float64, p float64) float64 {
	at := p * float64(len(x)-1)
	i := int(at)
	if i+1 >= len(x) {
		return x[len(x)-1]
	}
	return x[i] + (at-float64(i))*(x[i+1]-x[i])
}

// medianRank returns the largest i for which the median lies between the order
// statistics i and n−1−i, counted from 0, with probability 1 − alpha or more: the
// number of values below it is binomial with p = ½, whatever the distribution (David
// and Nagaraja, Order Statistics, 2003, section 7.1). With too few values it is 0.
func medianRank(n int, alpha float64) int {
	rank := 0
	term := math.Pow(0.5, float64(n)) // P(exactly k values below the median), k = 0
	outside := term                   // P(k values or fewer below)
	for k := 1; k <= n/2; k++ {
		if 2*outside > alpha {
			break
		}
		rank = k - 1
		term *= float64(n-k+1) / float64(k)
		outside += term
	}
	return rank
}

// Share is a share of a cost with its 95 % interval.
type Share struct {
	Value    float64    `json:"value"`
	Interval [2]float64 `json:"interval"`
}

// less returns 1 − b/a, for a quantity whose values are positive in a. Both
// medians lie in their intervals with 95 % or more, and so does the share between
// those of the intervals' ends.
func less(a, b Estimate) Share {
	return Share{
		Value:    1 - b.Median/a.Median,
		Interval: [2]float64{1 - b.Interval[1]/a.Interval[0], 1 - b.Interval[0]/a.Interval[1]},
	}
}
