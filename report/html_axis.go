package report

import (
	"math"

	"github.com/dtbench/dtbench/report/html"
	"github.com/dtbench/dtbench/report/internal/figure"
)

// logFrom is the ratio of the largest to the smallest value from which an axis
// of times is logarithmic.
const logFrom = 20

// timeScale maps values to positions between 0 and 1: from 0 on a linear axis,
// or from below the smallest on a logarithmic one, which its label names.
type timeScale struct {
	log       bool
	low, high float64
}

func newTimeScale(values []float64) timeScale {
	low, high := math.Inf(1), 0.0
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	if high == 0 {
		return timeScale{high: 1}
	}
	if low > 0 && high > logFrom*low {
		return timeScale{log: true, low: low / 1.2, high: high * 1.2}
	}
	return timeScale{high: high * 1.05}
}

func (s timeScale) at(v float64) float64 {
	p := v / s.high
	if s.log {
		p = math.Log(max(v, s.low)/s.low) / math.Log(s.high/s.low)
	}
	return min(1, max(0, p))
}

// axis labels at most about six ticks.
func (s timeScale) axis(label string) html.Axis {
	a := html.Axis{Label: label}
	if !s.log {
		for _, t := range figure.LinearTicks(0, s.high) {
			a.Ticks = append(a.Ticks, html.Tick{At: s.at(t.Value), Label: t.Label})
		}
		return a
	}
	a.Label += ", logarithmic scale"
	steps := []float64{1, 2, 5}
	decades := math.Log10(s.high / s.low)
	if decades > 2 {
		steps = steps[:1]
	}
	for d := math.Floor(math.Log10(s.low)); math.Pow(10, d) <= s.high; d++ {
		for m := 1.0; m <= 9; m++ {
			v := m * math.Pow(10, d)
			if v < s.low || v > s.high {
				continue
			}
			t := html.Tick{At: s.at(v)}
			for _, labelled := range steps {
				if m == labelled {
					t.Label = figure.TickLabel(v)
				}
			}
			a.Ticks = append(a.Ticks, t)
		}
	}
	return a
}

// changeAxis is the axis of percentages that the chart files use, too.
func changeAxis(s figure.Scale) (axis html.Axis, at func(float64) float64) {
	low, high := s.Padded(0.03)
	at = func(v float64) float64 { return min(1, max(0, s.Normalize(low, high, v))) }
	axis.Label = "Change in time (% of " + Baseline + ")"
	if s.SymmetricLog {
		axis.Label += ", symmetric log scale"
	}
	for _, t := range s.Ticks(low, high) {
		axis.Ticks = append(axis.Ticks, html.Tick{At: at(t.Value), Label: t.Label})
	}
	return axis, at
}
