package report

import (
	"fmt"
	"strings"

	"github.com/dtbench/dtbench/report/html"
	"github.com/dtbench/dtbench/report/internal/figure"
	"github.com/dtbench/dtbench/report/stats"
	"github.com/dtbench/dtbench/results"
)

// changeFigures draw the paper's Fig. 4, one figure per variant, all on one
// scale.
func (a *analysis) changeFigures() []html.Figure {
	overheads := a.of(results.MetricTime)
	if len(overheads) == 0 {
		return nil
	}
	scale := changeScale(overheads)
	axis, at := changeAxis(scale)
	var figures []html.Figure
	for _, variant := range a.variants {
		if variant == Baseline {
			continue
		}
		chart := html.Bars{Axis: axis, Zero: at(0)}
		caption := fmt.Sprintf("The paper's Fig. 4, with 95 %% intervals of the ratio of trimmed means. Time: %s, %s.", a.metric, a.metric.Description())
		if scale.SymmetricLog {
			chart.Shade = [2]float64{at(-figure.LinearWithin), at(figure.LinearWithin)}
			caption += fmt.Sprintf(" The scale is linear within ±%g %% (shaded) and logarithmic beyond.", figure.LinearWithin)
		}
		if s := a.apart("change"); s != "" {
			caption += " " + s + "."
		}
		data := &html.Table{
			Caption: a.marked("Change in time of " + clean(variant)), Fold: "Figures behind this chart",
			Columns: columns(2, "Scenario", "Start", "Change (%)", "95 % interval (%)", "Verdict"),
		}
		var said []string
		for _, scenario := range a.scenarios {
			g := html.BarGroup{Name: clean(scenario)}
			for i, start := range starts {
				// Colours that no variant of the first few has.
				b := html.Bar{Name: string(start), Series: 5 - i, Missing: true}
				if o := a.overhead(scenario, variant, start, results.MetricTime); o != nil {
					b.Missing, b.At, b.Low, b.High = false, at(o.Percent), at(o.CI95[0]), at(o.CI95[1])
					b.Number = percentage(o.Percent) + " %"
					data.Rows = append(data.Rows, cells([]string{g.Name, string(start), percentage(o.Percent), interval(o.CI95), verdict(*o)}))
					said = append(said, fmt.Sprintf("%s %s %s %%", g.Name, start, percentage(o.Percent)))
				}
				g.Bars = append(g.Bars, b)
			}
			chart.Groups = append(chart.Groups, g)
		}
		figures = append(figures, html.Figure{
			Title:       a.marked(clean(fmt.Sprintf("Change in time by scenario: %s over %s", variant, Baseline))),
			Description: "Horizontal bars from zero, one for cold and one for hot start of each scenario: " + strings.Join(said, ", ") + ".",
			Chart:       chart, Caption: clean(caption) + " " + a.source(), Data: data,
		})
	}
	return figures
}

// panel is what is drawn together: the cells of one scenario and start.
type panel struct {
	scenario string
	start    results.Start
	cells    []*cell // those with times, the baseline first
	series   []int   // parallel: which variant it is
}

func (p panel) name() string { return clean(p.scenario) + ", " + string(p.start) + " start" }

func (a *analysis) panels() []panel {
	var out []panel
	for _, scenario := range a.scenarios {
		for _, start := range starts {
			p := panel{scenario: scenario, start: start}
			for i, variant := range a.variants {
				if c := a.find(scenario, variant, start); c != nil && len(c.times) > 0 {
					p.cells, p.series = append(p.cells, c), append(p.series, i)
				}
			}
			if p.cells != nil {
				out = append(out, p)
			}
		}
	}
	return out
}

func (p panel) scale() timeScale {
	var all []float64
	for _, c := range p.cells {
		all = append(all, c.times...)
		if c.timeMS != nil {
			all = append(all, c.timeMS.CI95[1])
		}
	}
	return newTimeScale(all)
}

// mostSamples is how many samples the page lists; all of them are drawn.
const mostSamples = 3000

func (a *analysis) distributionBlocks() []html.Block {
	panels := a.panels()
	if panels == nil {
		return nil
	}
	intro := fmt.Sprintf("Every sample of the time (%s) is a mark. The vertical line is the trimmed mean, the bar below it its 95 %% interval.", a.metric)
	if g := a.file.Experiment.Trim; g > 0 {
		intro += fmt.Sprintf(" A cross is a sample that the trimmed mean drops: the %d smallest and the %d largest of each cell.", g, g)
	}
	intro += " Axes start at zero unless they say that they are logarithmic."
	var figures []html.Figure
	for _, p := range panels {
		figures = append(figures, a.distribution(p))
	}
	blocks := []html.Block{{Text: []string{intro}, Figures: figures}}
	samples := 0
	for _, c := range a.cells {
		samples += len(c.Samples)
	}
	if samples > mostSamples {
		return append(blocks, html.Block{Text: []string{fmt.Sprintf("The %d samples are too many to list here; dtbench report --format csv writes them all.", samples)}})
	}
	return append(blocks, html.Block{Table: a.samplesTable(samples)})
}

func (a *analysis) distribution(p panel) html.Figure {
	scale := p.scale()
	chart := html.Strip{Axis: scale.axis("Time (ms)")}
	data := &html.Table{
		Caption: a.marked("Time of " + p.name() + ", ms"), Fold: "Figures behind this chart",
		Columns: columns(1, "Variant", "Samples", "Trimmed mean", "95 % interval", "Median", "Mean", "SD", "Least", "Most"),
	}
	var said []string
	for i, c := range p.cells {
		row := html.StripRow{Name: label(c.Variant), Series: p.series[i], Note: "too few for a mean"}
		for _, s := range a.observations(c) {
			switch {
			case s.timed && s.trimmed:
				row.Cut = append(row.Cut, scale.at(s.time))
			case s.timed:
				row.Kept = append(row.Kept, scale.at(s.time))
			}
		}
		if t := c.timeMS; t != nil {
			row.HasMean, row.Mean, row.Low, row.High = true, scale.at(t.TrimmedMean), scale.at(t.CI95[0]), scale.at(t.CI95[1])
			row.Note = "trimmed mean " + quantity(t.TrimmedMean) + " ms"
			data.Rows = append(data.Rows, []html.Cell{
				{Text: label(c.Variant)},
				{Text: fmt.Sprint(len(c.times))},
				number(t.TrimmedMean),
				{Text: quantity(t.CI95[0]) + " to " + quantity(t.CI95[1])},
				number(t.Median), number(t.Mean), number(t.SD), number(t.Min), number(t.Max),
			})
			said = append(said, fmt.Sprintf("%s: %d samples between %s and %s ms, trimmed mean %s ms", clean(c.Variant), len(c.times), quantity(t.Min), quantity(t.Max), quantity(t.TrimmedMean)))
		} else {
			row := cells([]string{label(c.Variant), fmt.Sprint(len(c.times)), absent, absent, absent, absent, absent, absent, absent})
			if d, err := stats.Describe(c.times); err == nil {
				row[4], row[7], row[8] = number(d.Median), number(d.Min), number(d.Max)
			}
			data.Rows = append(data.Rows, row)
			said = append(said, fmt.Sprintf("%s: %s, too few for a mean", clean(c.Variant), count(len(c.times), "sample")))
		}
		chart.Rows = append(chart.Rows, row)
	}
	return html.Figure{
		Title: a.marked(p.name()), Description: "A row of marks for each variant. " + strings.Join(said, "; ") + ".",
		Chart: chart, Caption: a.source(), Data: data,
	}
}

func (a *analysis) samplesTable(samples int) *html.Table {
	t := &html.Table{
		Caption: a.marked("All samples, times in ms"), Fold: fmt.Sprintf("List all %s", count(samples, "sample")), Tools: true,
		Columns: columns(4, "Order", "Scenario", "Variant", "Start", "Time ("+string(a.metric)+")", "Handler", "Secrets", "Throttled", "Memory (MB)", "Trimmed"),
	}
	for i := range a.cells {
		c := &a.cells[i]
		for _, s := range a.observations(c) {
			row := cells([]string{fmt.Sprint(s.Order), clean(c.Scenario), clean(c.Variant), string(c.Start), absent, absent, absent, absent, absent, ""})
			if s.timed {
				row[4] = number(s.time)
			}
			if a.parted() {
				row[5], row[6] = number(s.HandlerMS), number(s.SecretsMS)
			}
			if s.ThrottledMS != nil {
				row[7] = number(*s.ThrottledMS)
			}
			if s.MemoryBytes > 0 {
				row[8] = number(float64(s.MemoryBytes) / 1e6)
			}
			if s.trimmed {
				row[9].Text = "trimmed"
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}
