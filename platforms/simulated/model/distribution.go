package model

import "math"

// Distribution is the law of one part of an invocation: a floor, and above it a
// lognormal body, Floor + Median·exp(Sigma·z) with z standard normal, whose
// upper tail may be a Pareto law. The zero value is the constant 0.
type Distribution struct {
	Floor  float64
	Median float64 // of the body
	Sigma  float64 // log standard deviation of the body
	tail   tail
}

// tail replaces the body above its quantile at from (in standard deviations) by
// a Pareto law with that exponent, continuous there.
type tail struct {
	from, probability, exponent float64
}

// Lognormal has that mean and coefficient of variation.
func Lognormal(mean, cv float64) Distribution {
	sigma := SigmaOf(cv)
	return Distribution{Median: mean * math.Exp(-sigma*sigma/2), Sigma: sigma}
}

// SigmaOf is the log standard deviation of a lognormal law with that
// coefficient of variation.
func SigmaOf(cv float64) float64 { return math.Sqrt(math.Log1p(cv * cv)) }

// Shifted is a lognormal law with that mean and coefficient of variation of
// which the share floor (0 to 1 exclusive) is constant.
func Shifted(mean, cv, floor float64) Distribution {
	d := Lognormal(mean*(1-floor), cv/(1-floor))
	d.Floor = mean * floor
	return d
}

// WithTail gives the body a Pareto tail that holds the share probability (0 for
// none) and falls with exponent > 1. It raises the mean.
func (d Distribution) WithTail(probability, exponent float64) Distribution {
	d.tail = tail{}
	if probability > 0 {
		d.tail = tail{from: normalQuantile(1 - probability), probability: probability, exponent: exponent}
	}
	return d
}

// Scaled is the law of factor times the variable.
func (d Distribution) Scaled(factor float64) Distribution {
	d.Floor *= factor
	d.Median *= factor
	return d
}

// Constant tells whether the law is a single value.
func (d Distribution) Constant() bool { return d.Median == 0 || d.Sigma == 0 }

// at is the quantile at z standard deviations.
func (d Distribution) at(z float64) float64 {
	if d.tail.probability > 0 && z > d.tail.from {
		beyond := math.Pow(normalTail(z)/d.tail.probability, -1/d.tail.exponent)
		return d.Floor + d.Median*math.Exp(d.Sigma*d.tail.from)*beyond
	}
	return d.Floor + d.Median*math.Exp(d.Sigma*z)
}

// Mean is the expectation, in closed form.
func (d Distribution) Mean() float64 {
	body := math.Exp(d.Sigma * d.Sigma / 2)
	if t := d.tail; t.probability > 0 {
		body = body*normalCDF(t.from-d.Sigma) + t.probability*t.exponent/(t.exponent-1)*math.Exp(d.Sigma*t.from)
	}
	return d.Floor + d.Median*body
}

// CDF is the probability of a value up to x.
func (d Distribution) CDF(x float64) float64 {
	y := x - d.Floor
	switch {
	case d.Constant():
		if y >= d.Median {
			return 1
		}
		return 0
	case y <= 0:
		return 0
	}
	z := math.Log(y/d.Median) / d.Sigma
	if t := d.tail; t.probability > 0 && z > t.from {
		return 1 - t.probability*math.Exp(-t.exponent*d.Sigma*(z-t.from))
	}
	return normalCDF(z)
}

// draw is one value.
func (d *Distribution) draw(r *source) float64 {
	if d.Median == 0 {
		return d.Floor
	}
	z := r.normal()
	if d.tail.probability > 0 && z > d.tail.from {
		return d.Floor + d.Median*math.Exp(d.Sigma*d.tail.from)*math.Pow(r.uniform(), -1/d.tail.exponent)
	}
	return d.Floor + d.Median*math.Exp(d.Sigma*z)
}

func normalCDF(z float64) float64      { return math.Erfc(-z/math.Sqrt2) / 2 }
func normalTail(z float64) float64     { return math.Erfc(z/math.Sqrt2) / 2 }
func normalDensity(z float64) float64  { return math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) }
func normalQuantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }
