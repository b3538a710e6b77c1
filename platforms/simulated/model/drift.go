package model

import "math"

// drift is d_jk of the model, on the log scale: a constant of the batch,
// N(0, batch²), and within it a stationary first-order autoregression with
// standard deviation within and that autocorrelation.
type drift struct {
	batch, within, autocorrelation float64
}

// between draws the constant of a batch.
func (d drift) between(r *source) float64 {
	if d.batch == 0 {
		return 0
	}
	return d.batch * r.normal()
}

// begin draws the first deviation within a batch.
func (d drift) begin(r *source) float64 {
	if d.within == 0 {
		return 0
	}
	return d.within * r.normal()
}

// next draws the deviation that follows one.
func (d drift) next(r *source, previous float64) float64 {
	if d.within == 0 {
		return 0
	}
	a := d.autocorrelation
	return a*previous + d.within*math.Sqrt(1-a*a)*r.normal()
}

// inflation is what drift multiplies an expected trimmed mean by. For the batch
// it is exact, since a trimmed mean scales with its sample; deviations within
// the batch are at most some hundredths, whose reordering of values is beyond
// the fourth digit.
func (d drift) inflation() float64 {
	return math.Exp((d.batch*d.batch + d.within*d.within) / 2)
}
