package figure

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
)

// LinearWithin is where a symmetric log axis turns from linear to logarithmic,
// in percent.
const LinearWithin = 10.0

// Scale is an axis of changes in percent, linear or symmetric logarithmic, over
// the range from Low to High, which includes 0. It is both the scale and the
// tick marker of a plot.Axis.
type Scale struct {
	SymmetricLog bool
	Low, High    float64
}

// ChangeScale is the scale for changes from low to high, of which least is the
// smallest in magnitude: linear unless one bar of 3000 % stands beside one of
// 2 %.
func ChangeScale(low, high, least float64) Scale {
	s := Scale{Low: min(0, low), High: max(0, high)}
	s.SymmetricLog = max(-s.Low, s.High) > 100 && max(-s.Low, s.High) > 20*math.Abs(least)
	return s
}

// Transform maps a percentage to a length: v / T within the linear part, and a
// decade beyond it as long as the way from 0 to T.
func (s Scale) Transform(v float64) float64 {
	if !s.SymmetricLog || math.Abs(v) <= LinearWithin {
		return v / LinearWithin
	}
	return math.Copysign(1+math.Log10(math.Abs(v)/LinearWithin), v)
}

func (s Scale) inverse(u float64) float64 {
	if !s.SymmetricLog || math.Abs(u) <= 1 {
		return u * LinearWithin
	}
	return math.Copysign(LinearWithin*math.Pow(10, math.Abs(u)-1), u)
}

// Normalize implements plot.Normalizer.
func (s Scale) Normalize(min, max, x float64) float64 {
	return (s.Transform(x) - s.Transform(min)) / (s.Transform(max) - s.Transform(min))
}

// Padded widens the range, on each side that has data, by a share of the
// axis's length: room for the numbers on the bars.
func (s Scale) Padded(share float64) (low, high float64) {
	a, b := s.Transform(s.Low), s.Transform(s.High)
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
func (s Scale) Ticks(min, max float64) []plot.Tick {
	if s.SymmetricLog {
		return logTicks(min, max)
	}
	return LinearTicks(min, max)
}

// LinearTicks labels multiples of 1, 2 or 5 times a power of ten.
func LinearTicks(min, max float64) []plot.Tick {
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
		ticks = append(ticks, plot.Tick{Value: v, Label: TickLabel(v)})
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
				name = TickLabel(sign * v)
			}
			add(sign*v, name)
			for m := 2.0; m <= 9 && every == 1; m++ {
				add(sign*m*v, "")
			}
		}
	}
	return ticks
}

// TickLabel writes the value of a tick.
func TickLabel(v float64) string {
	if math.Abs(v) >= 1e6 {
		return fmt.Sprintf("%.0e", v)
	}
	return fmt.Sprintf("%g", math.Round(v*1e6)/1e6)
}
