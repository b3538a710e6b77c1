package model

import (
	"math"
	"slices"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
)

// Predictive is the law of a published figure that has not been seen: draws of
// the trimmed mean, sorted.
type Predictive struct{ sorted []float64 }

// Predict draws the published statistic of a cell (15 runs, 1 dropped at each
// end) that many times. Every draw carries the doubt about the calibration as
// well: the benchmark row was a batch of 15 with drift of its own, so each draw
// scales what was calibrated by published over a benchmark batch drawn anew. For
// a benchmark cell that makes it a repetition of the published experiment.
// Draws come in antithetic pairs, so their mean is closer to the expectation
// than that many independent ones would bring it. The error wraps ErrCell.
func (m *Model) Predict(seed uint64, cell Cell, draws int) (timeMS, memoryMB Predictive, err error) {
	s, err := m.Stream(seed, cell)
	if err != nil {
		return timeMS, memoryMB, err
	}
	base := Cell{cell.Platform, cell.Scenario, benchmark, cell.Start}
	fitted, ok := m.published[base]
	b, err := m.Stream(seed, base)
	if err != nil {
		return timeMS, memoryMB, err
	}
	b.rng = newSource(seed, "calibration", cell.String())
	s.rng.antithetic, b.rng.antithetic = true, true
	timeMS.sorted, memoryMB.sorted = make([]float64, draws), make([]float64, draws)
	for i := range draws {
		scale, shift := 1.0, 0.0
		if ok && m.provenance == results.Simulated {
			t, mb := b.TrimmedMean(paper.Runs, paper.Trim)
			scale, shift = fitted.timeMS/t, fitted.memoryMB-mb
		}
		timeMS.sorted[i], memoryMB.sorted[i] = s.trimmedMean(paper.Runs, paper.Trim, scale, shift)
	}
	slices.Sort(timeMS.sorted)
	slices.Sort(memoryMB.sorted)
	return timeMS, memoryMB, nil
}

// Quantile is the value below which the share p (0 to 1) of the draws lies,
// interpolated; NaN of no draws.
func (p Predictive) Quantile(share float64) float64 {
	n := len(p.sorted)
	if n == 0 {
		return math.NaN()
	}
	at := share * float64(n-1)
	i := min(max(int(at), 0), n-1)
	j := min(i+1, n-1)
	return p.sorted[i] + (at-float64(i))*(p.sorted[j]-p.sorted[i])
}

// Mean of the draws.
func (p Predictive) Mean() float64 {
	sum := 0.0
	for _, x := range p.sorted {
		sum += x
	}
	return sum / float64(len(p.sorted))
}

// StandardError of Mean as of independent draws: an upper bound, as they come in
// antithetic pairs.
func (p Predictive) StandardError() float64 {
	n, mean, sum := float64(len(p.sorted)), p.Mean(), 0.0
	for _, x := range p.sorted {
		sum += (x - mean) * (x - mean)
	}
	return math.Sqrt(sum / (n - 1) / n)
}

// P is the two-sided predictive probability of a figure as far from the middle
// as published, counting published itself among the draws, so never zero.
func (p Predictive) P(published float64) float64 {
	n := len(p.sorted)
	below, _ := slices.BinarySearch(p.sorted, published)
	above := n - below
	for above > 0 && below < n && p.sorted[below] == published { // ties count on both sides
		below++
	}
	return min(1, 2*float64(min(below, above)+1)/float64(n+1))
}
