package stats

import (
	"fmt"
	"math"
	"slices"
)

// Yuen is Yuen's two-sample test of trimmed means. Like all of this package it
// sees the untrimmed samples.
type Yuen struct {
	// Difference is TM_x − TM_y, x the variant and y the baseline, in the unit
	// of the samples (or of their logarithms).
	Difference float64
	// StandardError is √(d_x + d_y), in the same unit; the test's statistic is
	// Difference / StandardError.
	StandardError float64
	// DF is ν = (d_x + d_y)² / [d_x²/(h_x−1) + d_y²/(h_y−1)]. When neither
	// sample varies it plays no part and is h_x + h_y − 2 by convention.
	DF float64
	// P is the two-sided p-value from Student's t with ν degrees of freedom.
	// When neither sample varies it is 1 for equal means and 0 otherwise.
	P float64
}

// YuenTest tests that the trimmed means of variant and baseline are equal, with
// g values dropped at each end of both. Errors: those of Trim.
func YuenTest(variant, baseline []float64, g int) (Yuen, error) {
	x, err := Trim(variant, g)
	if err != nil {
		return Yuen{}, fmt.Errorf("yuen's test: variant: %w", err)
	}
	y, err := Trim(baseline, g)
	if err != nil {
		return Yuen{}, fmt.Errorf("yuen's test: baseline: %w", err)
	}
	dx, dy := x.SquaredError(), y.SquaredError()
	hx, hy := float64(x.H()), float64(y.H())
	test := Yuen{Difference: x.Mean - y.Mean, StandardError: math.Sqrt(dx + dy), DF: hx + hy - 2, P: 1}
	if test.StandardError == 0 {
		if test.Difference != 0 {
			test.P = 0
		}
		return test, nil
	}
	// Shares instead of squares of d: d² underflows for tiny d.
	sx, sy := dx/(dx+dy), dy/(dx+dy)
	test.DF = 1 / (sx*sx/(hx-1) + sy*sy/(hy-1))
	test.P = 2 * upperTail(math.Abs(test.Difference)/test.StandardError, test.DF)
	return test, nil
}

// YuenTestOfLogs is YuenTest of the natural logarithms: a test of a ratio that
// skewed samples disturb less. exp(Difference) estimates the ratio of the
// arms' trimmed geometric means. It returns ErrNotPositive when a value is
// zero or negative, and the errors of Trim.
func YuenTestOfLogs(variant, baseline []float64, g int) (Yuen, error) {
	var logs [2][]float64
	for i, xs := range [][]float64{variant, baseline} {
		if err := finite(xs); err != nil {
			return Yuen{}, fmt.Errorf("yuen's test of logarithms: %w", err)
		}
		if len(xs) > 0 && slices.Min(xs) <= 0 {
			return Yuen{}, fmt.Errorf("yuen's test of logarithms: %w: least value %v", ErrNotPositive, slices.Min(xs))
		}
		logs[i] = make([]float64, len(xs))
		for j, x := range xs {
			logs[i][j] = math.Log(x)
		}
	}
	return YuenTest(logs[0], logs[1], g)
}
