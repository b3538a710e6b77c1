package power

import (
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/dtbench/dtbench/report/internal/figure"
	"github.com/dtbench/dtbench/report/internal/layout"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
)

// ErrNothing: no spread is known, so there is nothing to hold the published
// changes against.
var ErrNothing = errors.New("no preset to draw the power from")

// Title of the figure.
const Title = "What 15 runs can show (bands: simulated) and what the paper reports"

// Measures of the figure, in points.
const (
	width     = 640.0
	margin    = 14.0
	head      = 84.0 // title, subtitle and legend
	rowHeight = 30.0
	bandTall  = 18.0
	nameWidth = 150.0
	axisTall  = 30.0
)

// Greys of the bands, from the widest preset to the narrowest.
var greys = []color.RGBA{
	{R: 0xE6, G: 0xE6, B: 0xE6, A: 0xFF},
	{R: 0xC9, G: 0xC9, B: 0xC9, A: 0xFF},
	{R: 0xA6, G: 0xA6, B: 0xA6, A: 0xFF},
}

// SVG draws the published changes in time over the bands that 15 runs cannot
// see into. It returns ErrNothing when no preset is known.
func (a *Analysis) SVG(w io.Writer) error {
	f, err := a.figure()
	if err != nil {
		return err
	}
	return f.SVG(w)
}

// PNG is SVG as a bitmap.
func (a *Analysis) PNG(w io.Writer) error {
	f, err := a.figure()
	if err != nil {
		return err
	}
	return f.PNG(w)
}

// timed are the cells of the figure.
func (a *Analysis) timed() []Cell {
	var out []Cell
	for _, c := range a.Cells {
		if c.Metric == results.MetricTime && len(c.Detectable) > 0 {
			out = append(out, c)
		}
	}
	return out
}

func (a *Analysis) figure() (figure.Figure, error) {
	cells := a.timed()
	if len(cells) == 0 {
		return figure.Figure{}, ErrNothing
	}
	low, high, least := 0.0, 0.0, math.Inf(1)
	for _, c := range cells {
		low, high, least = min(low, c.Percent), max(high, c.Percent), min(least, math.Abs(c.Percent))
		for _, d := range c.Detectable {
			low, high = min(low, downwards(d.Percent)), max(high, d.Percent)
		}
	}
	scale := figure.ChangeScale(low, high, least)
	scale.Low, scale.High = scale.Padded(0.04)
	caption := figure.FitLines(a.caption(), figure.Caption(), vg.Length(width-2*margin)*6/7)
	f := figure.Figure{
		Width: width, Height: vg.Length(head + rowHeight*float64(len(cells)) + axisTall + 11*float64(len(caption)) + 2*margin),
		Title: Title,
	}
	f.Draw = func(canvas vg.Canvas) {
		dc := draw.NewCanvas(canvas, f.Width, f.Height)
		dc.SetColor(color.White)
		dc.Fill(dc.Path())
		d := drawing{dc, scale}
		d.head(cells)
		bottom := d.rows(cells)
		y := bottom - axisTall
		for _, l := range caption {
			dc.FillText(figure.Caption(), vg.Point{X: margin, Y: y}, l)
			y -= 11
		}
	}
	return f, nil
}

// downwards is the decrease as large as an increase on the log scale.
func downwards(percent float64) float64 { return 100 * (1/(1+percent/100) - 1) }

func (a *Analysis) caption() string {
	text := fmt.Sprintf("Bands: changes that %d runs, %d dropped at each end, would miss more often than one time in five at the 5 %% level, from the spread of the simulated platforms (the paper gives none), drift between batches included. "+
		"Horizontal scale: linear within ±%g %%, logarithmic beyond. ", paper.Runs, paper.Trim, figure.LinearWithin)
	for _, c := range a.Cells {
		if !c.PlatformNamed {
			text += fmt.Sprintf("The paper does not name the platform of Table %d; it is taken to be %s. ", c.Table, c.Platform)
			break
		}
	}
	for _, alarm := range a.Alarms {
		if alarm.Drift == driftOfTheCentralPreset {
			text += fmt.Sprintf("Arms measured one after the other on a platform that drifts by %.0f %% between batches give %.0f %% false alarms at a nominal 5 %% (CV %.2f).", 100*alarm.Drift, 100*alarm.Separate, WithinCV)
		}
	}
	return text
}

const driftOfTheCentralPreset = 0.07

type drawing struct {
	dc    draw.Canvas
	scale figure.Scale
}

// x is the place of a percentage.
func (d drawing) x(percent float64) vg.Length {
	left, right := vg.Length(margin+nameWidth), d.dc.Max.X-margin-40
	return left + vg.Length(d.scale.Normalize(d.scale.Low, d.scale.High, percent))*(right-left)
}

func (d drawing) head(cells []Cell) {
	top := d.dc.Max.Y - margin
	d.dc.FillText(figure.Style(13, figure.Ink, text.XLeft, text.YTop), vg.Point{X: margin, Y: top}, Title)
	d.dc.FillText(figure.Style(10, figure.Faint, text.XLeft, text.YTop), vg.Point{X: margin, Y: top - 18},
		"A dot inside a grey band is a change that 15 runs could hardly have told from none.")
	x, y := vg.Length(margin), top-38
	style := figure.Style(9, figure.Ink, text.XLeft, text.YTop)
	for _, start := range []results.Start{results.Cold, results.Hot} {
		d.dot(x+4, y-5, start)
		name := "published, " + string(start) + " start"
		d.dc.FillText(style, vg.Point{X: x + 12, Y: y}, name)
		x += 12 + style.Width(name) + 12
	}
	widest := cells[0].Detectable
	for i := range widest {
		grey, preset := shade(i, len(widest)), widest[len(widest)-1-i].Preset
		d.dc.FillPolygon(grey, figure.Rectangle(x, y-10, x+16, y))
		name := "hidden if spread is " + preset
		d.dc.FillText(style, vg.Point{X: x + 20, Y: y}, name)
		x += 20 + style.Width(name) + 10
	}
}

// shade is the grey of the i-th band of n from the widest one.
func shade(i, n int) color.Color { return greys[min(len(greys)-1, i+max(0, len(greys)-n))] }

func (d drawing) rows(cells []Cell) (bottom vg.Length) {
	top := d.dc.Max.Y - head
	bottom = top - vg.Length(rowHeight*float64(len(cells)))
	for _, t := range d.scale.Ticks(d.scale.Low, d.scale.High) {
		if t.Label == "" {
			continue
		}
		x := d.x(t.Value)
		d.dc.StrokeLine2(draw.LineStyle{Color: figure.Grid, Width: 0.5}, x, bottom, x, top)
		label := t.Label
		if t.Value > 0 {
			label = "+" + label
		}
		d.dc.FillText(figure.Style(8.5, figure.Ink, text.XCenter, text.YTop), vg.Point{X: x, Y: bottom - 4}, label+" %")
	}
	for i, c := range cells {
		middle := top - vg.Length((float64(i)+0.5)*rowHeight)
		name := figure.Style(9.5, figure.Ink, text.XLeft, text.YCenter)
		d.dc.FillText(name, vg.Point{X: margin, Y: middle}, figure.Shorten(c.Name(), name, nameWidth-4))
		for k := range c.Detectable {
			band := c.Detectable[len(c.Detectable)-1-k].Percent
			d.dc.FillPolygon(shade(k, len(c.Detectable)), figure.Rectangle(d.x(downwards(band)), middle-bandTall/2, d.x(band), middle+bandTall/2))
		}
	}
	zero := d.x(0)
	d.dc.StrokeLine2(draw.LineStyle{Color: figure.Ink, Width: 0.8}, zero, bottom, zero, top)
	for i, c := range cells {
		middle := top - vg.Length((float64(i)+0.5)*rowHeight)
		x := d.x(c.Percent)
		d.dot(x, middle, c.Start)
		number := strings.ReplaceAll(layout.Percentage(c.Percent), " ", "") + " %"
		if c.Percent < 0 {
			d.dc.FillText(figure.Style(8.5, figure.Ink, text.XRight, text.YCenter), vg.Point{X: x - 7, Y: middle}, number)
		} else {
			d.dc.FillText(figure.Style(8.5, figure.Ink, text.XLeft, text.YCenter), vg.Point{X: x + 7, Y: middle}, number)
		}
	}
	return bottom
}

func (d drawing) dot(x, y vg.Length, start results.Start) {
	fill, edge := figure.Cold, figure.Cold
	if start == results.Hot {
		fill, edge = figure.Hot, figure.HotEdge
	}
	const radius = 4.5
	d.dc.DrawGlyph(draw.GlyphStyle{Color: fill, Radius: radius, Shape: draw.CircleGlyph{}}, vg.Point{X: x, Y: y})
	d.dc.DrawGlyph(draw.GlyphStyle{Color: edge, Radius: radius, Shape: draw.RingGlyph{}}, vg.Point{X: x, Y: y})
}
