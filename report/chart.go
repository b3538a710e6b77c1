package report

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/dtbench/dtbench/report/internal/figure"
	"github.com/dtbench/dtbench/results"
)

// ErrNoChart: the file holds no time overhead, so there is nothing to draw.
var ErrNoChart = errors.New("nothing to draw")

// Measures of the chart, in points (1/72 inch).
const (
	pairGap       = 12.0 // between the variants of a scenario
	groupGap      = 40.0 // between scenarios
	leastPlot     = 400.0
	headRoom      = 58.0 // above the data: title and legend
	labelRoom     = 16.0 // left of the tick labels
	axisRoom      = 62.0 // left of the data: ticks and label
	margin        = 14.0
	plotHeight    = 250.0
	numberPadding = 14.0 // above and below the data, for the numbers on the bars
)

// chart is the paper's Fig. 4: the percentage change in time by scenario, cold
// and hot, with 95 % intervals.
type chart struct {
	title, subtitle string
	caption         []string // lines
	bars            []bar
	pairs           []mark  // a variant's name below its two bars; nil when there is one variant
	groups          []mark  // a scenario's name below its bars
	slots           float64 // width that the bars take
	barWidth        float64
	numberSize      float64 // of the numbers on the bars
	width, height   vg.Length
	scale           figure.Scale
}

// bar is one overhead. x and width are in points of the data area.
type bar struct {
	x       float64 // left edge
	start   results.Start
	missing bool
	percent float64
	ci      [2]float64
}

// mark is a name centred at x with room to each side.
type mark struct {
	x, room float64
	name    string
}

func newChart(f *results.File, o Options) (*chart, error) {
	a, err := analyse(f, o)
	if err != nil {
		return nil, err
	}
	overheads := a.of(results.MetricTime)
	if len(overheads) == 0 {
		return nil, fmt.Errorf("%w: no variant can be compared with %s", ErrNoChart, Baseline)
	}
	c := &chart{barWidth: 34, numberSize: 8.5}
	var variants []string
	for _, v := range a.variants {
		if v != Baseline {
			variants = append(variants, v)
		}
	}
	if len(a.scenarios)*len(variants)*len(starts) > 12 {
		c.barWidth, c.numberSize = 28, 7.5
	}
	c.layOut(a, variants)

	who := "variants"
	if len(variants) == 1 {
		who = clean(variants[0])
	}
	e := f.Experiment
	c.title = a.marked(fmt.Sprintf("Change in time by scenario: %s over %s", who, Baseline))
	c.subtitle = clean(fmt.Sprintf("%s, %s", e.Platform, e.Provenance))
	if f.Status != results.Complete {
		c.subtitle += clean(fmt.Sprintf(" (%s)", f.Status))
	}
	lines := []string{
		a.source(),
		a.samplesSentence(""),
		fmt.Sprintf("Time: %s, %s.", a.metric, a.metric.Description()),
		"Error bars: 95 % intervals of the ratio of trimmed means.",
	}
	c.scale = changeScale(overheads)
	if c.scale.SymmetricLog {
		lines = append(lines, fmt.Sprintf("Vertical scale: linear within ±%g %% (shaded), logarithmic beyond.", figure.LinearWithin))
	}
	if s := a.apart("change"); s != "" {
		lines = append(lines, s+".")
	}
	c.width = vg.Length(axisRoom+2*margin) + vg.Length(max(leastPlot, c.slots))
	for _, l := range lines {
		// A seventh less than there is: a reader's own font may be wider.
		c.caption = append(c.caption, figure.FitLines(l, figure.Caption(), (c.width-2*margin)*6/7)...)
	}
	c.height = headRoom + plotHeight + c.footRoom()
	return c, nil
}

// layOut places the bars from left to right.
func (c *chart) layOut(a *analysis, variants []string) {
	x := groupGap / 2
	for _, scenario := range a.scenarios {
		left := x
		for i, variant := range variants {
			if i > 0 {
				x += pairGap
			}
			if len(variants) > 1 {
				c.pairs = append(c.pairs, mark{x: x + c.barWidth, room: 2*c.barWidth + pairGap - 4, name: clean(variant)})
			}
			for _, start := range starts {
				b := bar{x: x, start: start, missing: true}
				if o := a.overhead(scenario, variant, start, results.MetricTime); o != nil {
					b.missing, b.percent, b.ci = false, o.Percent, o.CI95
				}
				c.bars = append(c.bars, b)
				x += c.barWidth
			}
		}
		c.groups = append(c.groups, mark{x: (left + x) / 2, room: x - left + groupGap - 6, name: clean(scenario)})
		x += groupGap
	}
	c.slots = x - groupGap/2
}

func (c *chart) footRoom() vg.Length {
	room := vg.Length(10 + 18 + 10 + margin)
	if c.pairs != nil {
		room += 14
	}
	return room + vg.Length(len(c.caption))*11
}

// draw paints the whole chart on a canvas of its own size.
func (c *chart) draw(canvas vg.Canvas) {
	dc := draw.NewCanvas(canvas, c.width, c.height)
	dc.SetColor(color.White)
	dc.Fill(dc.Path())

	left, top := dc.Min.X+margin, dc.Max.Y-margin
	dc.FillText(figure.Style(13, figure.Ink, text.XLeft, text.YTop), vg.Point{X: left, Y: top}, c.title)
	dc.FillText(figure.Style(10, figure.Faint, text.XLeft, text.YTop), vg.Point{X: left, Y: top - 18}, c.subtitle)
	c.drawLegend(dc, vg.Point{X: dc.Max.X - margin, Y: top - 19})

	p := plot.New()
	p.BackgroundColor = nil
	p.HideX()
	p.X.Min, p.X.Max, p.X.Padding = 0, max(c.slots, leastPlot), 0
	low, high := c.scale.Padded(numberPadding / plotHeight)
	p.Y.Min, p.Y.Max, p.Y.Padding = low, high, 0
	p.Y.Scale, p.Y.Tick.Marker = c.scale, c.scale
	p.Y.Tick.Label = figure.Style(8.5, figure.Ink, text.XRight, text.YCenter)
	p.Y.Tick.Length, p.Y.Tick.Color, p.Y.Color = 4, figure.Ink, figure.Ink
	p.Add(c)
	area := draw.Crop(dc, margin+labelRoom, -margin, c.footRoom(), -headRoom)
	p.Draw(area)

	data := p.DataCanvas(area)
	// plot.Plot would reserve room for its own axis label as if the scale were
	// linear, so the label is drawn here.
	label := figure.Style(9, figure.Ink, text.XCenter, text.YTop)
	label.Rotation = math.Pi / 2
	name := "Change in time (% of " + Baseline + ")"
	if c.scale.SymmetricLog {
		name = "Change in time (%), symmetric log scale"
	}
	dc.FillText(label, vg.Point{X: left, Y: data.Center().Y}, name)
	trX, _ := p.Transforms(&data)
	y := data.Min.Y - 8
	if c.pairs != nil {
		drawMarks(dc, c.pairs, figure.Style(8.5, figure.Ink, text.XCenter, text.YTop), y, c.shift(), trX)
		y -= 14
	}
	drawMarks(dc, c.groups, figure.Style(10.5, figure.Ink, text.XCenter, text.YTop), y, c.shift(), trX)
	y -= 26
	for _, l := range c.caption {
		dc.FillText(figure.Caption(), vg.Point{X: left, Y: y}, l)
		y -= 11
	}
}

// shift centres few bars in a plot that is wider than they need.
func (c *chart) shift() float64 { return max(0, leastPlot-c.slots) / 2 }

func drawMarks(dc draw.Canvas, marks []mark, s text.Style, y vg.Length, shift float64, trX func(float64) vg.Length) {
	for _, m := range marks {
		room := trX(m.room) - trX(0)
		dc.FillText(s, vg.Point{X: trX(m.x + shift), Y: y}, figure.Shorten(m.name, s, room))
	}
}

// drawLegend writes the legend right-aligned, its top right corner at pt.
func (c *chart) drawLegend(dc draw.Canvas, pt vg.Point) {
	s := figure.Style(9, figure.Ink, text.XLeft, text.YTop)
	const box = 9
	entries := []struct {
		name   string
		colour color.Color
	}{{"cold start", figure.Cold}, {"hot start", figure.Hot}}
	x := pt.X
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		x -= s.Width(e.name)
		dc.FillText(s, vg.Point{X: x, Y: pt.Y}, e.name)
		x -= box + 4
		dc.FillPolygon(e.colour, figure.Rectangle(x, pt.Y-box-1, x+box, pt.Y-1))
		x -= 14
	}
}

// Plot draws band, grid, bars, intervals and numbers; it implements
// plot.Plotter.
func (c *chart) Plot(dc draw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&dc)
	zero := trY(0)
	if c.scale.SymmetricLog {
		dc.FillPolygon(figure.Band, figure.Rectangle(dc.Min.X, trY(max(p.Y.Min, -figure.LinearWithin)), dc.Max.X, trY(min(p.Y.Max, figure.LinearWithin))))
	}
	thin := draw.LineStyle{Color: figure.Grid, Width: 0.5}
	for _, t := range c.scale.Ticks(p.Y.Min, p.Y.Max) {
		if !t.IsMinor() {
			dc.StrokeLine2(thin, dc.Min.X, trY(t.Value), dc.Max.X, trY(t.Value))
		}
	}
	for _, b := range c.bars {
		left, right := trX(b.x+c.shift())+1, trX(b.x+c.barWidth+c.shift())-1
		middle := (left + right) / 2
		if b.missing {
			dc.FillText(figure.Style(c.numberSize, figure.Faint, text.XCenter, text.YBottom), vg.Point{X: middle, Y: zero + 3}, "no data")
			continue
		}
		fill, edge := figure.Cold, figure.Cold
		if b.start == results.Hot {
			fill, edge = figure.Hot, figure.HotEdge
		}
		outline := figure.Rectangle(left, min(zero, trY(b.percent)), right, max(zero, trY(b.percent)))
		dc.FillPolygon(fill, outline)
		dc.StrokeLines(draw.LineStyle{Color: edge, Width: 0.8}, append(outline, outline[0]))
		low, high := trY(b.ci[0]), trY(b.ci[1])
		whisker := draw.LineStyle{Color: figure.Ink, Width: 1}
		dc.StrokeLine2(whisker, middle, low, middle, high)
		const cap = 4
		dc.StrokeLine2(whisker, middle-cap, low, middle+cap, low)
		dc.StrokeLine2(whisker, middle-cap, high, middle+cap, high)

		number := strings.ReplaceAll(percentage(b.percent), " ", "") + "%"
		if b.percent >= 0 {
			dc.FillText(figure.Style(c.numberSize, figure.Ink, text.XCenter, text.YBottom), vg.Point{X: middle, Y: max(high, zero) + 3}, number)
		} else {
			dc.FillText(figure.Style(c.numberSize, figure.Ink, text.XCenter, text.YTop), vg.Point{X: middle, Y: min(low, zero) - 3}, number)
		}
	}
	dc.StrokeLine2(draw.LineStyle{Color: figure.Ink, Width: 0.8}, dc.Min.X, zero, dc.Max.X, zero)
}

// changeScale is the scale for the overheads and their intervals.
func changeScale(overheads []results.Overhead) figure.Scale {
	low, high, least := 0.0, 0.0, math.Inf(1)
	for _, o := range overheads {
		low, high = min(low, o.CI95[0], o.Percent), max(high, o.CI95[1], o.Percent)
		least = min(least, math.Abs(o.Percent))
	}
	return figure.ChangeScale(low, high, least)
}
