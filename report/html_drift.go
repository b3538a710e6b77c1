package report

import (
	"fmt"
	"strings"

	"github.com/dtbench/dtbench/report/html"
	"github.com/dtbench/dtbench/report/stats"
)

func (a *analysis) driftBlocks() []html.Block {
	panels := a.panels()
	if panels == nil {
		return nil
	}
	last := 1
	for _, c := range a.cells {
		for _, s := range c.Samples {
			last = max(last, s.Order)
		}
	}
	words := "Each sample at its place in the run. The line is the trimmed mean of its variant, a cross a sample that it drops. " + a.drifting()
	var figures []html.Figure
	for _, p := range panels {
		figures = append(figures, a.drift(p, last))
	}
	return []html.Block{{Text: []string{words}, Figures: figures}}
}

func (a *analysis) drift(p panel, last int) html.Figure {
	scale := p.scale()
	order := timeScale{high: float64(last) * 1.02}
	chart := html.Scatter{X: order.axis("Place in the run"), Y: scale.axis("Time (ms)")}
	data := &html.Table{
		Caption: a.marked("Median time in the first and in the second half of the samples, " + p.name() + ", ms"), Fold: "Figures behind this chart",
		Columns: columns(1, "Variant", "First half", "Second half", "Change (%)"),
	}
	var said []string
	for i, c := range p.cells {
		s := html.ScatterSeries{Name: label(c.Variant), Series: p.series[i]}
		if c.timeMS != nil {
			s.HasMean, s.Mean = true, scale.at(c.timeMS.TrimmedMean)
		}
		for _, o := range a.observations(c) {
			if !o.timed {
				continue
			}
			at := [2]float64{order.at(float64(o.Order)), scale.at(o.time)}
			if o.trimmed {
				s.Cut = append(s.Cut, at)
			} else {
				s.Kept = append(s.Kept, at)
			}
		}
		chart.Series = append(chart.Series, s)
		first, second, ok := a.halves(c)
		if !ok {
			data.Rows = append(data.Rows, cells([]string{label(c.Variant), absent, absent, absent}))
			said = append(said, clean(c.Variant)+": "+count(len(c.times), "sample"))
			continue
		}
		change := absent
		if first > 0 {
			change = percentage(100 * (second/first - 1))
		}
		data.Rows = append(data.Rows, []html.Cell{{Text: label(c.Variant)}, number(first), number(second), {Text: change}})
		said = append(said, fmt.Sprintf("%s: median %s ms in the first half, %s ms in the second", clean(c.Variant), quantity(first), quantity(second)))
	}
	return html.Figure{
		Title: a.marked(p.name()), Chart: chart, Caption: a.source(), Data: data,
		Description: "Time of each sample over its place in the run. " + strings.Join(said, "; ") + ".",
	}
}

// halves are the medians of the first and of the second half of a cell's
// samples by their place in the run; false with fewer than two.
func (a *analysis) halves(c *cell) (first, second float64, ok bool) {
	observations := a.observations(c)
	byOrder(observations)
	var times []float64
	for _, o := range observations {
		if o.timed {
			times = append(times, o.time)
		}
	}
	x, err := stats.Describe(times[:len(times)/2])
	if err != nil {
		return 0, 0, false
	}
	y, err := stats.Describe(times[len(times)/2:])
	return x.Median, y.Median, err == nil
}
