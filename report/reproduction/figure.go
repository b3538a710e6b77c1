package reproduction

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/dtbench/dtbench/report/internal/figure"
	"github.com/dtbench/dtbench/report/internal/layout"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/reproduction"
)

// SVG draws the paper's Fig. 4, the change in time by scenario, as published and
// as reproduced, in a panel for cold and one for hot starts. Errors: ErrIncomplete
// when there is no change to draw, and those of w.
func SVG(w io.Writer, d *Document) error {
	c, err := newChart(d)
	if err != nil {
		return err
	}
	return c.figure().SVG(w)
}

// PNG is SVG as a bitmap.
func PNG(w io.Writer, d *Document) error {
	c, err := newChart(d)
	if err != nil {
		return err
	}
	return c.figure().PNG(w)
}

// Measures of the chart, in points.
const (
	chartMargin = 14.0
	headRoom    = 66.0 // title, subtitle, legend
	panelHeight = 185.0
	panelGap    = 30.0 // below a panel: names of the groups
	axisRoom    = 66.0
	barWidth    = 36.0
	groupGap    = 30.0
	nameRoom    = 122.0 // of the longest name of a group
	lineHeight  = 11.0
	numberSize  = 8.0
)

// chart is Fig. 4 with several bars for each scenario.
type chart struct {
	title, subtitle string
	caption         []string
	series          []series
	panels          []panel
	scale           figure.Scale
	width, height   vg.Length
}

// series is a kind of bar: where its figures come from.
type series struct {
	name       string
	fill, edge color.Color
}

// panel is one start.
type panel struct {
	start  results.Start
	groups []group
}

type group struct {
	name string
	bars []bar // parallel to chart.series
}

type bar struct {
	missing  bool
	percent  float64
	interval *[2]float64 // nil where there is none
}

// Colours of the series, from Okabe and Ito's palette, with darker edges.
var seriesColours = []series{
	{fill: color.RGBA{R: 0x55, G: 0x55, B: 0x55, A: 0xFF}, edge: figure.Ink},
	{fill: color.RGBA{R: 0x00, G: 0x9E, B: 0x73, A: 0xFF}, edge: color.RGBA{R: 0x00, G: 0x5A, B: 0x42, A: 0xFF}},
	{fill: color.RGBA{R: 0xCC, G: 0x79, B: 0xA7, A: 0xFF}, edge: color.RGBA{R: 0x7A, G: 0x3D, B: 0x60, A: 0xFF}},
}

func newChart(d *Document) (*chart, error) {
	profiles := d.changeProfiles()
	if len(profiles) == 0 {
		return nil, fmt.Errorf("%w: no change to draw", ErrIncomplete)
	}
	c := &chart{
		title:    "Change in time by scenario, as published and as reproduced",
		subtitle: "optimized over benchmark; published beside " + d.provenance(),
	}
	names := []string{"published (paper, Fig. 4)"}
	for _, p := range profiles {
		names = append(names, d.seriesName(p))
	}
	if len(names) > len(seriesColours) {
		return nil, fmt.Errorf("%w: %d profiles, and colours for %d", ErrIncomplete, len(profiles), len(seriesColours)-1)
	}
	for i, name := range names {
		s := seriesColours[i]
		s.name = name
		c.series = append(c.series, s)
	}
	low, high, least := 0.0, 0.0, math.Inf(1)
	for _, start := range starts {
		p := panel{start: start}
		for _, t := range d.Published.Tables {
			percent, ok := t.Percent(start, results.MetricTime)
			g := group{name: t.Scenario + ", " + t.Platform, bars: []bar{{missing: !ok, percent: percent}}}
			if !t.PlatformNamed {
				g.name = t.Scenario + ", platform not named"
			}
			for _, profile := range profiles {
				b := bar{missing: true}
				if change, ok := d.shownChange(t.Number, start, profile); ok {
					b = bar{percent: change.Percent.Median}
					if change.Percent.Low95 != change.Percent.High95 {
						b.interval = &[2]float64{change.Percent.Low95, change.Percent.High95}
					}
				}
				g.bars = append(g.bars, b)
			}
			for _, b := range g.bars {
				if b.missing {
					continue
				}
				low, high, least = min(low, b.percent), max(high, b.percent), min(least, math.Abs(b.percent))
				if b.interval != nil {
					low, high = min(low, b.interval[0]), max(high, b.interval[1])
				}
			}
			p.groups = append(p.groups, g)
		}
		c.panels = append(c.panels, p)
	}
	c.scale = figure.ChangeScale(low, high, least)
	c.width = vg.Length(axisRoom+2*chartMargin) + vg.Length(c.slots())
	for _, l := range d.captionLines(c) {
		c.caption = append(c.caption, figure.FitLines(l, figure.Caption(), (c.width-2*chartMargin)*6/7)...)
	}
	c.height = vg.Length(headRoom+2*chartMargin+float64(len(c.panels))*(panelHeight+panelGap)+lineHeight*float64(len(c.caption))) - chartMargin
	return c, nil
}

// changeProfiles lists the profiles that the chart shows, in order.
func (d *Document) changeProfiles() (list []string) {
	seen := map[string]bool{}
	for _, c := range d.Changes {
		if (c.Preset == "" || c.Preset == d.Preset) && !seen[c.Profile] {
			seen[c.Profile] = true
			list = append(list, c.Profile)
		}
	}
	return list
}

// shownChange is the change under the preset that is shown, or of data without
// presets.
func (d *Document) shownChange(table int, start results.Start, profile string) (reproduction.Change, bool) {
	if c, ok := d.change(table, start, profile, d.Preset); ok {
		return c, true
	}
	return d.change(table, start, profile, "")
}

func (d *Document) seriesName(profile string) string {
	switch d.Method {
	case Measured:
		return "measured, functions in " + profile
	case ReplayFree, ReplayPinned:
		return "replayed"
	}
	return "predicted, cost profile " + profile
}

func (d *Document) captionLines(c *chart) []string {
	lines := []string{"Published: computed from the paper's Tables 3 to 6."}
	switch d.Method {
	case Measured:
		lines = append(lines, "Measured on a local machine, not on the paper's platforms: compare shapes and directions; a run stands beside each table of its scenario. Error bars: 95 % intervals of the ratio of trimmed means.")
	case ReplayFree:
		lines = append(lines, "Replayed: 15 draws from laws fitted to all published cells; no support for any claim. Error bars: 95 % intervals of the ratio of trimmed means.")
	case ReplayPinned:
		lines = append(lines, "Replayed: 15 draws rescaled to the published cells, equal by construction; no support for any claim. Error bars: 95 % intervals of the ratio of trimmed means.")
	default:
		lines = append(lines, fmt.Sprintf("Predicted by a model calibrated on the benchmark rows alone, preset %s: medians of %d draws, error bars their central 95 %%.", d.Preset, d.Draws))
	}
	if c.scale.SymmetricLog {
		lines = append(lines, fmt.Sprintf("Vertical scale: linear within ±%g %% (shaded), logarithmic beyond.", figure.LinearWithin))
	}
	return append(lines, "Table 3's cold starts may compare two different quantities: see the note on metering in the report.")
}

// slots is the width that the groups take, in points.
func (c *chart) slots() float64 {
	return float64(len(c.panels[0].groups)) * (c.gap() + barWidth*float64(len(c.series)))
}

// gap is the room between two groups: enough for their names too.
func (c *chart) gap() float64 {
	return max(groupGap, nameRoom-barWidth*float64(len(c.series)))
}

func (c *chart) figure() figure.Figure {
	return figure.Figure{Width: c.width, Height: c.height, Title: c.title + " (" + c.subtitle + ")", Draw: c.draw}
}

func (c *chart) draw(canvas vg.Canvas) {
	dc := draw.NewCanvas(canvas, c.width, c.height)
	dc.SetColor(color.White)
	dc.Fill(dc.Path())
	left, top := dc.Min.X+chartMargin, dc.Max.Y-chartMargin
	dc.FillText(figure.Style(13, figure.Ink, text.XLeft, text.YTop), vg.Point{X: left, Y: top}, c.title)
	dc.FillText(figure.Style(10, figure.Faint, text.XLeft, text.YTop), vg.Point{X: left, Y: top - 18}, c.subtitle)
	c.drawLegend(dc, vg.Point{X: left, Y: top - 36})

	low, high := c.scale.Padded(numberSize * 2 / panelHeight)
	y := dc.Max.Y - headRoom
	for _, p := range c.panels {
		area := draw.Crop(dc, chartMargin+axisRoom/4, -chartMargin, 0, 0)
		area.Max.Y, area.Min.Y = y, y-panelHeight
		c.drawPanel(dc, area, p, low, high)
		y -= panelHeight + panelGap
	}
	for _, l := range c.caption {
		dc.FillText(figure.Caption(), vg.Point{X: left, Y: y}, l)
		y -= lineHeight
	}
}

func (c *chart) drawLegend(dc draw.Canvas, pt vg.Point) {
	s := figure.Style(9, figure.Ink, text.XLeft, text.YTop)
	const box = 9
	for _, e := range c.series {
		dc.FillPolygon(e.fill, figure.Rectangle(pt.X, pt.Y-box-1, pt.X+box, pt.Y-1))
		pt.X += box + 4
		dc.FillText(s, pt, e.name)
		pt.X += s.Width(e.name) + 16
	}
}

func (c *chart) drawPanel(dc, area draw.Canvas, p panel, low, high float64) {
	pl := plot.New()
	pl.BackgroundColor = nil
	pl.HideX()
	pl.X.Min, pl.X.Max, pl.X.Padding = 0, c.slots(), 0
	pl.Y.Min, pl.Y.Max, pl.Y.Padding = low, high, 0
	pl.Y.Scale, pl.Y.Tick.Marker = c.scale, c.scale
	pl.Y.Tick.Label = figure.Style(8, figure.Ink, text.XRight, text.YCenter)
	pl.Y.Tick.Length, pl.Y.Tick.Color, pl.Y.Color = 4, figure.Ink, figure.Ink
	pl.Add(panelPlotter{c, p})
	pl.Draw(area)
	data := pl.DataCanvas(area)
	label := figure.Style(9, figure.Ink, text.XCenter, text.YTop)
	label.Rotation = math.Pi / 2
	dc.FillText(label, vg.Point{X: dc.Min.X + chartMargin, Y: data.Center().Y}, strings.ToUpper(string(p.start[0]))+string(p.start[1:])+" start, change (%)")
	trX, _ := pl.Transforms(&data)
	s := figure.Style(9, figure.Ink, text.XCenter, text.YTop)
	width := c.slots() / float64(len(p.groups))
	for i, g := range p.groups {
		room := trX(width) - trX(0)
		dc.FillText(s, vg.Point{X: trX((float64(i) + 0.5) * width), Y: data.Min.Y - 7}, figure.Shorten(g.name, s, room))
	}
}

// panelPlotter draws band, grid, bars, intervals and numbers of a panel.
type panelPlotter struct {
	*chart
	panel
}

// Plot implements plot.Plotter.
func (c panelPlotter) Plot(dc draw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&dc)
	zero := trY(0)
	if c.scale.SymmetricLog {
		dc.FillPolygon(figure.Band, figure.Rectangle(dc.Min.X, trY(max(p.Y.Min, -figure.LinearWithin)), dc.Max.X, trY(min(p.Y.Max, figure.LinearWithin))))
	}
	for _, t := range c.scale.Ticks(p.Y.Min, p.Y.Max) {
		if !t.IsMinor() {
			dc.StrokeLine2(draw.LineStyle{Color: figure.Grid, Width: 0.5}, dc.Min.X, trY(t.Value), dc.Max.X, trY(t.Value))
		}
	}
	x := 0.0
	for _, g := range c.groups {
		x += c.gap() / 2
		for i, b := range g.bars {
			c.drawBar(dc, c.series[i], b, trX(x)+1, trX(x+barWidth)-1, zero, trY)
			x += barWidth
		}
		x += c.gap() / 2
	}
	dc.StrokeLine2(draw.LineStyle{Color: figure.Ink, Width: 0.8}, dc.Min.X, zero, dc.Max.X, zero)
}

func (c panelPlotter) drawBar(dc draw.Canvas, s series, b bar, left, right, zero vg.Length, trY func(float64) vg.Length) {
	middle := (left + right) / 2
	if b.missing {
		dc.FillText(figure.Style(numberSize, figure.Faint, text.XCenter, text.YBottom), vg.Point{X: middle, Y: zero + 3}, "no data")
		return
	}
	end := trY(b.percent)
	outline := figure.Rectangle(left, min(zero, end), right, max(zero, end))
	dc.FillPolygon(s.fill, outline)
	dc.StrokeLines(draw.LineStyle{Color: s.edge, Width: 0.8}, append(outline, outline[0]))
	low, high := end, end
	if b.interval != nil {
		low, high = trY(b.interval[0]), trY(b.interval[1])
		whisker := draw.LineStyle{Color: figure.Ink, Width: 1}
		const cap = 4
		dc.StrokeLine2(whisker, middle, low, middle, high)
		dc.StrokeLine2(whisker, middle-cap, low, middle+cap, low)
		dc.StrokeLine2(whisker, middle-cap, high, middle+cap, high)
	}
	number := layout.Percentage(b.percent) + "%"
	if b.percent >= 0 {
		dc.FillText(figure.Style(numberSize, figure.Ink, text.XCenter, text.YBottom), vg.Point{X: middle, Y: max(high, zero) + 3}, number)
	} else {
		dc.FillText(figure.Style(numberSize, figure.Ink, text.XCenter, text.YTop), vg.Point{X: middle, Y: min(low, zero) - 3}, number)
	}
}
