package stats

import (
	"fmt"
	"math"
)

// OutlierScore is the modified z-score beyond which Outliers notes a value.
const OutlierScore = 3.5

// Outlier is a value that lies far from the rest of its sample. It is a note
// for the reader: nothing is ever dropped for it.
type Outlier struct {
	Index int     // in the sample, from 0
	Value float64 // in the unit of the sample
	Score float64 // modified z-score, negative below the median
}

// Outliers returns the values of xs whose modified z-score
//
//	M_i = 0.6745·(x_i − median) / MAD,  MAD = median |x_i − median|
//
// exceeds 3.5 in size, in the order of xs. Where more than half of the values
// are equal and MAD is 0, the mean absolute deviation stands in,
// M_i = (x_i − median) / (1.253314·mean |x_i − median|). Errors: those of
// Describe.
func Outliers(xs []float64) ([]Outlier, error) {
	d, err := Describe(xs)
	if err != nil {
		return nil, fmt.Errorf("outliers: %w", err)
	}
	deviations := make([]float64, len(xs))
	for i, x := range xs {
		deviations[i] = math.Abs(x - d.Median)
	}
	spread, err := Describe(deviations)
	if err != nil {
		return nil, fmt.Errorf("outliers: %w", err)
	}
	unit := spread.Median / 0.6745
	if unit == 0 {
		unit = 1.253314 * spread.Mean
	}
	if unit == 0 { // all values are equal
		return nil, nil
	}
	var out []Outlier
	for i, x := range xs {
		if score := (x - d.Median) / unit; math.Abs(score) > OutlierScore {
			out = append(out, Outlier{Index: i, Value: x, Score: min(largest, max(-largest, score))})
		}
	}
	return out, nil
}
