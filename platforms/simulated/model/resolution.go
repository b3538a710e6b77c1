package model

import (
	"math"
	"strconv"
)

// Quantise is q of the model: the value as a metric of that resolution reports
// it, the nearest multiple. Resolution 0 leaves it as it is.
func Quantise(value, resolution float64) float64 {
	if resolution <= 0 {
		return value
	}
	// Dividing by the whole number of steps in a unit where there is one keeps
	// 2.01 from becoming 2.0100000000000002.
	if steps := math.Round(1 / resolution); math.Abs(steps*resolution-1) < 1e-12 {
		return math.Round(value*steps) / steps
	}
	return math.Round(value/resolution) * resolution
}

// Round6 rounds to six significant digits: what every printed figure of the
// simulation is rounded to, so that it does not hang on the last bit of a sum.
func Round6(value float64) float64 {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return value
	}
	v, _ := strconv.ParseFloat(strconv.FormatFloat(value, 'g', 6, 64), 64) // the text of a float parses
	return v
}
