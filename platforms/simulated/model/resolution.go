package model

import "math"

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
