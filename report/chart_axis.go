package report

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"

	"github.com/dtbench/dtbench/results"
)

// linearWithin is where a symmetric log axis turns from linear to logarithmic,
// in percent.
const linearWithin = 10.0

// axisScale is the vertical axis of the chart, linear or symmetric logarithmic,
// over percentages from low to high, which include 0. It is both the scale and
// the tick marker of a plot.Axis.
type axisScale struct {
	symmetricLog bool
	low, high    float64
}

// changeScale is the scale for the overheads and their intervals: linear unless
// one bar of 3000 % stands beside one of 2 %.
func changeScale(overheads []results.Overhead) axisScale {
	s, least := axisScale{}, math.Inf(1)
	for _, o := range overheads {
		s.low, s.high = min(s.low, o.CI95[0], o.Percent), max(s.high, o.CI95[1], o.Percent)
		least = min(least, math.Abs(o.Percent))
	}
	s.symmetricLog = max(-s.low, s.high) > 100 && max(-s.low, s.high) > 20*least
	return s
}

// transform maps a percentage to a length: v / T within the linear part, and a
// decade beyond it as long as the way from 0 to T.
func (s axisScale) transform(v float64) float64 {
	if !s.symmetricLog || math.Abs(v) <= linearWithin {
		return v / linearWithin
	}
	return math.Copysign(1+math.Log10(math.Abs(v)/linearWithin), v)
}

func (s axisScale) inverse(u float64) float64 {
	if !s.symmetricLog || math.Abs(u) <= 1 {
		return u * linearWithin
	}
	return math.Copysign(linearWithin*math.Pow(10, math.Abs(u)-1), u)
}

// Normalize implements plot.Normalizer.
func (s axisScale) Normalize(min, max, x float64) float64 {
	return (s.transform(x) - s.transform(min)) / (s.transform(max) - s.transform(min))
}

// padded widens the range, on each side that has data, by a share of the
// axis's length: room for the numbers on the bars.
func (s axisScale) padded(share float64) (low, high float64) {
	a, b := s.transform(s.low), s.transform(s.high)
	if a == b { // nothing but zeros
		a, b = a-0.1, b+0.1
	}
	room := (b - a) * share * 1.5
	if a < 0 {
		a -= room
	}
	return s.inverse(a), s.inverse(b + room)
}

// Ticks implements plot.Ticker.
func (s axisScale) Ticks(min, max float64) []plot.Tick {
	if s.symmetricLog {
		return logTicks(min, max)
	}
	return linearTicks(min, max)
}

// linearTicks labels multiples of 1, 2 or 5 times a power of ten.
func linearTicks(min, max float64) []plot.Tick {
	rough := (max - min) / 6
	power := math.Pow(10, math.Floor(math.Log10(rough)))
	step := power
	for _, m := range []float64{2, 5, 10} {
		if step < rough {
			step = m * power
		}
	}
	var ticks []plot.Tick
	for i := math.Ceil(min / step); i*step <= max; i++ {
		v := i * step
		if i == 0 {
			v = 0 // not -0
		}
		ticks = append(ticks, plot.Tick{Value: v, Label: tickLabel(v)})
	}
	return ticks
}

// logTicks labels 0, ±10 and the decades beyond, and marks what lies between
// where it lies: every 2 % in the linear part, 2 to 9 times each decade.
func logTicks(min, max float64) []plot.Tick {
	ticks := []plot.Tick{{Value: 0, Label: "0"}}
	add := func(v float64, label string) {
		if v >= min && v <= max {
			ticks = append(ticks, plot.Tick{Value: v, Label: label})
		}
	}
	decades := int(math.Ceil(math.Log10(math.Max(math.Abs(min), math.Abs(max)))))
	every := 1 + (decades-2)/6 // label at most a handful
	for _, sign := range []float64{1, -1} {
		for _, v := range []float64{2, 4, 6, 8} {
			add(sign*v, "")
		}
		for d := 1; d <= decades; d++ {
			v, name := math.Pow10(d), ""
			if (d-1)%every == 0 {
				name = tickLabel(sign * v)
			}
			add(sign*v, name)
			for m := 2.0; m <= 9 && every == 1; m++ {
				add(sign*m*v, "")
			}
		}
	}
	return ticks
}

func tickLabel(v float64) string {
	if math.Abs(v) >= 1e6 {
		return fmt.Sprintf("%.0e", v)
	}
	return fmt.Sprintf("%g", math.Round(v*1e6)/1e6)
}
