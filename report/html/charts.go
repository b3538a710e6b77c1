package html

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Axis is the scale of a chart: its label with the unit, and where its ticks
// are between 0 and 1. A tick without a label is a minor one.
type Axis struct {
	Label string
	Ticks []Tick
}

// Tick is a mark on an axis.
type Tick struct {
	At    float64
	Label string
}

// Bars is a chart of changes with intervals: groups of horizontal bars that
// start at Zero. Shade is the linear part of a symmetric log axis, equal ends
// for none.
type Bars struct {
	Axis   Axis
	Zero   float64
	Shade  [2]float64
	Groups []BarGroup
}

// BarGroup is the bars under one name.
type BarGroup struct {
	Name string
	Bars []Bar
}

// Bar ends at At; Number is written beside it. A missing bar has only its name.
type Bar struct {
	Name          string
	Series        int
	At, Low, High float64
	Number        string
	Missing       bool
}

func (c Bars) draw() *drawing {
	const left, right, row = 36.0, 62.0, 18.0
	width := chartWidth - left - right
	d := &drawing{}
	bottom := 4.0
	for _, g := range c.Groups {
		bottom += lineHeight + 4 + row*float64(len(g.Bars)) + 6
	}
	if c.Shade[1] > c.Shade[0] {
		d.rect(left+c.Shade[0]*width, 4, (c.Shade[1]-c.Shade[0])*width, bottom-4, "shade")
	}
	d.height = d.axis(c.Axis, left, width, 4, bottom)
	y := 4.0
	for _, g := range c.Groups {
		y += lineHeight
		d.text(2, y-3, "bold", shorten(g.Name, chartWidth))
		y += 4
		for _, b := range g.Bars {
			d.text(2, y+row-5, "faint", b.Name)
			if b.Missing {
				d.text(left+c.Zero*width+4, y+row-5, "faint", "no data")
			} else {
				from, to := min(c.Zero, b.At), max(c.Zero, b.At)
				d.rect(left+from*width, y+3, (to-from)*width, row-6, "bar "+class("f", b.Series)+" "+class("s", b.Series))
				d.whisker(left+b.Low*width, left+b.High*width, y+row/2, "whisker")
				d.text(chartWidth, y+row-5, "end", b.Number)
			}
			y += row
		}
		y += 6
	}
	d.line(left+c.Zero*width, 4, left+c.Zero*width, bottom, "axis")
	return d
}

// Strip is a chart of single values: a row per series with every sample, those
// that were cut crossed, and below them the mean with its interval.
type Strip struct {
	Axis Axis
	Rows []StripRow
}

// StripRow is the samples of one cell. Without a mean, Note says why.
type StripRow struct {
	Name, Note      string
	Series          int
	Kept, Cut       []float64
	HasMean         bool
	Mean, Low, High float64
}

func (c Strip) draw() *drawing {
	const left, lane = 8.0, 30.0
	const width = chartWidth - 2*left
	d := &drawing{}
	bottom := 2 + float64(len(c.Rows))*(lineHeight+lane+16)
	d.height = d.axis(c.Axis, left, width, 2, bottom)
	y := 2.0
	for _, r := range c.Rows {
		y += lineHeight
		d.text(2, y-3, "bold", shorten(r.Name, 180))
		d.text(chartWidth, y-3, "end faint", r.Note)
		middle := y + lane/2
		if r.HasMean {
			d.line(left+r.Mean*width, y, left+r.Mean*width, y+lane+10, "mean "+class("s", r.Series))
			d.whisker(left+r.Low*width, left+r.High*width, y+lane+6, "whisker")
		}
		d.swarm(r, left, width, middle, lane)
		y += lane + 16
	}
	return d
}

// swarm places the samples of a row so that few hide another: each goes to the
// lane nearest to the middle that is free there.
func (d *drawing) swarm(r StripRow, left, width, middle, lane float64) {
	radius := 3.5
	if n := len(r.Kept) + len(r.Cut); n > 60 {
		radius = 2
	}
	type point struct {
		x   float64
		cut bool
	}
	var points []point
	for _, v := range r.Kept {
		points = append(points, point{left + v*width, false})
	}
	for _, v := range r.Cut {
		points = append(points, point{left + v*width, true})
	}
	slices.SortStableFunc(points, func(a, b point) int { return cmp.Compare(a.x, b.x) })
	lanes := max(1, int(lane/(2*radius)))
	taken := make([]float64, lanes) // the last x in each lane
	for i := range taken {
		taken[i] = -chartWidth
	}
	var kept, cut strings.Builder
	for _, p := range points {
		best := 0
		for i := range lanes {
			if p.x-taken[i] >= 2*radius {
				best = i
				break
			}
			if taken[i] < taken[best] {
				best = i
			}
		}
		taken[best] = p.x
		// 0, +1, −1, +2, …
		offset := float64((best + 1) / 2)
		if best%2 == 0 {
			offset = -offset
		}
		at := "M" + num(p.x) + " " + num(middle+offset*2*radius*0.95)
		if p.cut {
			cut.WriteString(at + cross(radius))
		} else {
			kept.WriteString(at + marker(r.Series, radius))
		}
	}
	d.path("dots "+class("f", r.Series), kept.String())
	d.path("cut "+class("s", r.Series), cut.String())
}

// Stack is a chart of parts of a whole: groups of horizontal bars from 0.
type Stack struct {
	Axis   Axis
	Parts  []string // names, in the order of Lengths
	Groups []StackGroup
}

// StackGroup is the bars under one name.
type StackGroup struct {
	Name string
	Rows []StackRow
}

// StackRow is one bar; its parts lie behind each other.
type StackRow struct {
	Name, Number string
	Lengths      []float64
}

func (c Stack) draw() *drawing {
	const left, bar = 2.0, 14.0
	const width = chartWidth - left - 12
	d := &drawing{}
	// The legend, as many entries to a line as fit.
	x, y := 0.0, 12.0
	for i, name := range c.Parts {
		need := 18 + 6.6*float64(len(name)) + 10
		if x > 0 && x+need > chartWidth {
			x, y = 0, y+lineHeight
		}
		d.rect(x, y-9, 10, 10, class("f", i))
		d.text(x+14, y, "", name)
		x += need
	}
	top := y + 10
	bottom := top
	for _, g := range c.Groups {
		bottom += lineHeight + float64(len(g.Rows))*(lineHeight+bar+4) + 6
	}
	d.height = d.axis(c.Axis, left, width, top, bottom)
	y = top
	for _, g := range c.Groups {
		y += lineHeight
		d.text(2, y-2, "bold", shorten(g.Name, chartWidth))
		for _, r := range g.Rows {
			y += lineHeight
			d.text(left+2, y-3, "", shorten(r.Name, 200))
			d.text(chartWidth, y-3, "end", r.Number)
			at := left
			for i, length := range r.Lengths {
				d.rect(at, y, length*width, bar, "part "+class("f", i))
				at += length * width
			}
			y += bar + 4
		}
		y += 6
	}
	return d
}

// Scatter is a chart of values over their order: a mark per sample, those that
// were cut crossed, and a line at the mean of each series.
type Scatter struct {
	X, Y   Axis
	Series []ScatterSeries
}

// ScatterSeries is the samples of one cell, each at x, y.
type ScatterSeries struct {
	Name      string
	Series    int
	Kept, Cut [][2]float64
	HasMean   bool
	Mean      float64
}

func (c Scatter) draw() *drawing {
	const height = 150.0
	d := &drawing{}
	x, y := 0.0, 12.0
	for _, s := range c.Series {
		name := shorten(s.Name, 150)
		need := 16 + 6.8*float64(len([]rune(name))) + 14
		if x > 0 && x+need > chartWidth {
			x, y = 0, y+lineHeight
		}
		d.path(class("f", s.Series), "M"+num(x+5)+" "+num(y-4)+marker(s.Series, 4))
		d.text(x+14, y, "", name)
		x += need
	}
	y += lineHeight + 2
	d.text(2, y, "faint", c.Y.Label)
	top := y + 10
	left := 14.0
	for _, t := range c.Y.Ticks {
		left = max(left, 8+7*float64(len(t.Label)))
	}
	width := chartWidth - left - 8
	bottom := top + height
	d.height = d.axis(c.X, left, width, bottom, bottom)
	for _, t := range c.Y.Ticks {
		at := bottom - t.At*height
		if t.Label != "" {
			d.line(left, at, left+width, at, "grid")
			d.text(left-6, at+4, "end", t.Label)
		}
	}
	d.line(left, top, left, bottom, "axis")
	radius := 3.0
	for _, s := range c.Series {
		if len(s.Kept) > 60 {
			radius = 2
		}
	}
	for _, s := range c.Series {
		if s.HasMean {
			at := bottom - s.Mean*height
			d.path("mean "+class("s", s.Series), fmt.Sprintf("M%s %sh%s", num(left), num(at), num(width)))
		}
		var kept, cut strings.Builder
		for _, p := range s.Kept {
			kept.WriteString("M" + num(left+p[0]*width) + " " + num(bottom-p[1]*height) + marker(s.Series, radius))
		}
		for _, p := range s.Cut {
			cut.WriteString("M" + num(left+p[0]*width) + " " + num(bottom-p[1]*height) + cross(radius))
		}
		d.path("dots "+class("f", s.Series), kept.String())
		d.path("cut "+class("s", s.Series), cut.String())
	}
	return d
}

func class(prefix string, series int) string { return fmt.Sprintf("%s%d", prefix, series%colours) }
