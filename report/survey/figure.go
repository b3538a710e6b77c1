package survey

import (
	"errors"
	"fmt"
	"image/color"
	"io"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/dtbench/dtbench/report/internal/figure"
	"github.com/dtbench/dtbench/results/paper"
)

// ErrNothing: the survey has no answer to draw.
var ErrNothing = errors.New("the survey has no answer to draw")

// Measures of the figure, in points.
const (
	width     = 640.0
	margin    = 14.0
	head      = 52.0 // title and subtitle
	rowHeight = 40.0
	barHeight = 15.0
	barLeft   = margin
	barWidth  = 400.0 // of 100 %
)

var track = color.RGBA{R: 0xEC, G: 0xEC, B: 0xEC, A: 0xFF}

// SVG draws Fig. 5 again from the text.
func SVG(w io.Writer, s paper.Survey) error {
	f, err := newFigure(s)
	if err != nil {
		return err
	}
	return f.SVG(w)
}

// PNG is SVG as a bitmap.
func PNG(w io.Writer, s paper.Survey) error {
	f, err := newFigure(s)
	if err != nil {
		return err
	}
	return f.PNG(w)
}

func newFigure(s paper.Survey) (figure.Figure, error) {
	rows := ofTheFigure(s)
	if len(rows) == 0 {
		return figure.Figure{}, ErrNothing
	}
	caption := fmt.Sprintf("Source: Liu et al., PeerJ Computer Science 11:e3029, 2025, Table %d and section \"User convenience survey\". "+
		"Orange: no whole number of people in the stated group gives the percentage as printed, so it has another base, which the paper does not state. "+
		"The image itself is not read.", s.Table)
	lines := figure.FitLines(caption, figure.Caption(), vg.Length(width-2*margin)*6/7)
	f := figure.Figure{
		Width: width, Height: vg.Length(head + rowHeight*float64(len(rows)) + 11*float64(len(lines)) + 2*margin),
		Title: fmt.Sprintf("The user survey, Fig. 5 drawn again (%s)", Source),
	}
	f.Draw = func(canvas vg.Canvas) { drawSurvey(draw.NewCanvas(canvas, f.Width, f.Height), f.Title, s, rows, lines) }
	return f, nil
}

func drawSurvey(dc draw.Canvas, title string, s paper.Survey, rows []Row, caption []string) {
	dc.SetColor(color.White)
	dc.Fill(dc.Path())
	top := dc.Max.Y - margin
	dc.FillText(figure.Style(13, figure.Ink, text.XLeft, text.YTop), vg.Point{X: margin, Y: top}, title)
	dc.FillText(figure.Style(10, figure.Faint, text.XLeft, text.YTop), vg.Point{X: margin, Y: top - 18},
		fmt.Sprintf("%d respondents; percentages as printed, with the counts that can stand behind them", s.Respondents))
	y := dc.Max.Y - head
	for _, r := range rows {
		fill, ink := figure.Cold, figure.Ink
		if len(r.Counts) == 0 {
			fill, ink = figure.Hot, figure.HotEdge
		}
		group := "Of all respondents"
		if r.Group == paper.GroupAttacked {
			group = "Of those who were attacked"
		}
		dc.FillText(figure.Style(9.5, figure.Ink, text.XLeft, text.YTop), vg.Point{X: margin, Y: y}, fmt.Sprintf("Question %d. %s: %s", r.Question, group, r.Answer))
		high := y - 14
		bar := func(share float64, c color.Color) {
			dc.FillPolygon(c, figure.Rectangle(barLeft, high-barHeight, barLeft+vg.Length(share*barWidth), high))
		}
		bar(1, track)
		bar(r.Percent/100, fill)
		x := vg.Length(barLeft + barWidth + 8)
		number := figure.Style(10.5, figure.Ink, text.XLeft, text.YCenter)
		middle := high - barHeight/2
		dc.FillText(number, vg.Point{X: x, Y: middle}, r.Printed())
		note := figure.Style(8.5, ink, text.XLeft, text.YCenter)
		x += 60
		dc.FillText(note, vg.Point{X: x, Y: middle}, figure.Shorten(short(r), note, dc.Max.X-x-4))
		y -= rowHeight
	}
	y -= 4
	for _, l := range caption {
		dc.FillText(figure.Caption(), vg.Point{X: margin, Y: y}, l)
		y -= 11
	}
}

// short is Possible for the room beside a bar.
func short(r Row) string {
	if len(r.Counts) > 0 {
		return r.Possible()
	}
	n := 0
	if len(r.Sizes) > 0 {
		n = r.Sizes[0]
	}
	return fmt.Sprintf("no count of %d; %d/%d would", n, r.LeastCount, r.LeastBase)
}
