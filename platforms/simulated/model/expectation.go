package model

import (
	"math"

	"github.com/dtbench/dtbench/results/paper"
)

// part is one summand of a law: processor time or a wait.
type part struct {
	distribution Distribution
	processor    bool
}

// node is one point of the joint law of all parts but the largest.
type node struct{ processor, wait, weight float64 }

// phases is how many moments of the quota's period a burst is taken to begin
// at.
const phases = 8

// expected is the expectation of the published statistic, the trimmed mean of
// 15, for the reported time of the law, drift left out. The part with index
// whole keeps its distribution function; over the others it is averaged by the
// trapezoidal rule in standard deviations, and over the phase of the quota.
// Under a quota the chance that a burst of main + c takes at most x is that of
// main ≤ Supply(x) − c.
func (l law) expected(q Quota, whole int) float64 {
	parts := l.reportedParts()
	total := 0.0
	for _, p := range parts {
		total += p.distribution.variance()
	}
	burst, limited := throttled(q, parts, span)
	for i := range parts { // processor time that is never throttled is like a wait
		parts[i].processor = parts[i].processor && limited
	}
	main := parts[whole]
	nodes := []node{{weight: 1}}
	low, high := 0.0, 0.0
	for i, p := range parts {
		low, high = low+p.distribution.at(-span), high+p.distribution.at(span)
		if i != whole {
			nodes = merged(spread(nodes, p, total), math.Sqrt(main.distribution.variance())/8)
		}
	}
	if total == 0 { // constants
		n := spread(nodes, main, total)[0]
		return averageWall(q, n.processor) + n.wait
	}
	starts := []float64{0}
	if limited {
		starts = starts[:0]
		for i := range phases {
			starts = append(starts, (float64(i)+0.5)/phases*q.PeriodMS)
		}
		high = q.Wall(burst, q.PeriodMS/2) + q.PeriodMS + high
	}
	type shift struct{ wait, processor, phase, weight float64 }
	var shifts []shift
	for _, n := range nodes {
		for _, phase := range starts {
			s := shift{n.wait, n.processor, phase, n.weight / float64(len(starts))}
			if !main.processor {
				s.wait += q.Wall(n.processor, phase)
			}
			shifts = append(shifts, s)
		}
	}
	cdf := func(x float64) (sum float64) {
		for _, s := range shifts {
			at := x - s.wait
			if main.processor {
				at = q.Supply(at, s.phase) - s.processor
			}
			sum += s.weight * main.distribution.CDF(at)
		}
		return min(1, sum)
	}
	return expectedTrimmedMean(cdf, low, high, paper.Runs, paper.Trim)
}

// throttled tells whether a burst of the parts exceeds the budget when each is z
// standard deviations above its middle, and how long it is.
func throttled(q Quota, parts []part, z float64) (burst float64, limited bool) {
	for _, p := range parts {
		if p.processor {
			burst += p.distribution.at(z)
		}
	}
	return burst, !q.unlimited() && burst > q.BudgetMS
}

// largest is the index of the reported part that expected keeps whole: the one
// with the largest spread, among processor time where that can be throttled. At
// single points of processor time the wall time jumps by a whole wait for the
// next refill, and with it would the expectation.
func (l law) largest(q Quota) (index int) {
	parts := l.reportedParts()
	_, processorOnly := throttled(q, parts, 3) // rarer ones are mostly trimmed
	for i, p := range parts {
		if (p.processor || !processorOnly) && p.distribution.variance() > parts[index].distribution.variance() {
			index = i
		}
	}
	return index
}

// span is how many standard deviations of a part are looked at.
const span = 8.0

// reportedParts are the summands of the reported time.
func (l law) reportedParts() []part {
	parts := []part{
		{l.startup, true},
		{l.initialise, true},
		{l.work, true},
		{l.access.Scaled(l.accesses), true},
		{l.storage, false},
		{l.network, false},
	}
	if l.startMetered {
		parts = append(parts, part{l.provision, false}, part{l.runtime, false})
	}
	return parts
}

// variance is taken without the tail, whose own may be infinite: it ranks parts.
func (d Distribution) variance() float64 {
	s := d.Sigma * d.Sigma
	return d.Median * d.Median * math.Exp(s) * math.Expm1(s)
}

// spread joins a part to the nodes: many points where its spread matters, its
// mean where it does not.
func spread(nodes []node, p part, total float64) []node {
	d := p.distribution
	share := 0.0
	if total > 0 {
		share = d.variance() / total
	}
	type point struct{ value, weight float64 }
	points := []point{{d.Mean(), 1}}
	step := 0.0
	switch {
	case share > 0.1:
		step = 0.25
	case share > 0.02:
		step = 0.5
	case share > 1e-4:
		step = 1
	}
	if step > 0 {
		points = points[:0]
		for z := -5.0; z <= 5; z += step {
			points = append(points, point{d.at(z), step * normalDensity(z)})
		}
	}
	out := make([]node, 0, len(nodes)*len(points))
	for _, n := range nodes {
		for _, q := range points {
			m := n
			if p.processor {
				m.processor += q.value
			} else {
				m.wait += q.value
			}
			if m.weight *= q.weight; m.weight > 1e-9 {
				out = append(out, m)
			}
		}
	}
	return out
}

// averageWall is the wall time of a burst over all phases.
func averageWall(q Quota, work float64) float64 {
	sum := 0.0
	for i := range phases {
		sum += q.Wall(work, (float64(i)+0.5)/phases*q.PeriodMS)
	}
	return sum / phases
}

// merged joins nodes that lie in one cell of a grid, at their mean. A grid much
// finer than the spread of the part that is kept whole changes nothing that
// shows.
func merged(nodes []node, width float64) []node {
	if width <= 0 || len(nodes) < 64 {
		return nodes
	}
	type cell struct{ processor, wait int64 }
	at := map[cell]int{}
	var out []node
	for _, n := range nodes {
		c := cell{int64(n.processor / width), int64(n.wait / width)}
		i, ok := at[c]
		if !ok {
			i = len(out)
			at[c] = i
			out = append(out, node{})
		}
		o := &out[i]
		weight := o.weight + n.weight
		o.processor += (n.processor - o.processor) * n.weight / weight
		o.wait += (n.wait - o.wait) * n.weight / weight
		o.weight = weight
	}
	return out
}
