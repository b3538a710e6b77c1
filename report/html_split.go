package report

import (
	"fmt"
	"strings"

	"github.com/dtbench/dtbench/report/html"
	"github.com/dtbench/dtbench/results"
)

// The parts that a total is made of, in the order in which they happen. Where a
// platform does not tell the moments between, what lies outside the function is
// one part.
var (
	fineParts   = []string{"start", "init", "delivery", "handler", "secrets", "answer"}
	coarseParts = []string{"outside", "init", "handler", "secrets"}
)

const splitWords = "start: from just before fork to the first request for an event, without init; init: from the first statement of main to ready; " +
	"delivery: until the handler's first statement; handler: without its secret access; secrets: inside secret access; answer: from the end of the handler to the answer read in full."

// parts splits the total of a sample, fine where every moment is known. The
// parts add up to the total; ok is false when there is none.
func (s observation) parts(start results.Start) (fine, coarse []float64, ok bool) {
	if s.TotalMS == 0 {
		return nil, nil, false
	}
	handler := s.HandlerMS - s.SecretsMS
	init := 0.0
	if s.InitMS != nil {
		init = *s.InitMS
	}
	coarse = []float64{s.TotalMS - init - s.HandlerMS, init, handler, s.SecretsMS}
	if s.ToHandlerMS == nil || start == results.Cold && (s.StartMS == nil || s.InitMS == nil) {
		return nil, coarse, true
	}
	begin, before := 0.0, 0.0
	if start == results.Cold {
		begin, before = *s.StartMS-init, *s.StartMS
	}
	return []float64{begin, init, *s.ToHandlerMS - before, handler, s.SecretsMS, s.TotalMS - *s.ToHandlerMS - s.HandlerMS}, coarse, true
}

// split is the mean split of a cell's samples that its trimmed mean keeps.
type split struct {
	variant string
	means   []float64
	total   float64
	samples int
}

// splits returns the splits of a start by scenario, and whether they are fine,
// which all are or none.
func (a *analysis) splits(start results.Start) (byScenario map[string][]split, fine bool) {
	type pair struct{ fine, coarse [][]float64 }
	fine = true
	kept := map[*cell]pair{}
	for i := range a.cells {
		c := &a.cells[i]
		if c.Start != start {
			continue
		}
		var p pair
		for _, s := range a.observations(c) {
			f, coarse, ok := s.parts(start)
			if !ok || s.trimmed {
				continue
			}
			fine = fine && f != nil
			p.fine, p.coarse = append(p.fine, f), append(p.coarse, coarse)
		}
		kept[c] = p
	}
	byScenario = map[string][]split{}
	for _, scenario := range a.scenarios {
		for _, variant := range a.variants {
			c := a.find(scenario, variant, start)
			if c == nil || len(kept[c].coarse) == 0 {
				continue
			}
			rows := kept[c].coarse
			if fine {
				rows = kept[c].fine
			}
			s := split{variant: variant, means: make([]float64, len(rows[0])), samples: len(rows)}
			for _, row := range rows {
				for i, v := range row {
					s.means[i] += v / float64(len(rows))
					s.total += v / float64(len(rows))
				}
			}
			byScenario[scenario] = append(byScenario[scenario], s)
		}
	}
	return byScenario, fine
}

func (a *analysis) splitBlocks() []html.Block {
	if !a.parted() {
		return nil
	}
	var figures []html.Figure
	fineAnywhere := false
	for _, start := range starts {
		splits, fine := a.splits(start)
		if len(splits) == 0 {
			continue
		}
		fineAnywhere = fineAnywhere || fine
		figures = append(figures, a.splitFigure(start, splits, fine))
	}
	if figures == nil {
		return nil
	}
	words := "Means over the samples that the trimmed mean keeps; the parts add up to the mean total of these samples."
	if fineAnywhere {
		words += " " + capital(splitWords)
	} else {
		words += " Outside is what the function's own clock does not see."
	}
	return []html.Block{{Text: []string{words}, Figures: figures}}
}

func (a *analysis) splitFigure(start results.Start, splits map[string][]split, fine bool) html.Figure {
	parts := coarseParts
	if fine {
		parts = fineParts
	}
	var totals []float64
	for _, list := range splits {
		for _, s := range list {
			totals = append(totals, s.total)
		}
	}
	scale := timeScale{high: newTimeScale(append(totals, 0)).high} // parts of a whole: linear, from 0
	chart := html.Stack{Axis: scale.axis("Mean time (ms)"), Parts: parts}
	data := &html.Table{
		Caption: a.marked("Mean parts of the total, " + string(start) + " start, ms"), Fold: "Figures behind this chart",
		Columns: columns(2, append(append([]string{"Scenario", "Variant"}, parts...), "total", "samples")...),
	}
	var said []string
	negative := false
	for _, scenario := range a.scenarios {
		if splits[scenario] == nil {
			continue
		}
		g := html.StackGroup{Name: clean(scenario)}
		for _, s := range splits[scenario] {
			r := html.StackRow{Name: label(s.variant), Number: quantity(s.total) + " ms"}
			row := cells([]string{clean(scenario), clean(s.variant)})
			largest := 0
			for i, v := range s.means {
				negative = negative || v < 0
				if v > s.means[largest] {
					largest = i
				}
				r.Lengths = append(r.Lengths, scale.at(v))
				row = append(row, number(v))
			}
			data.Rows = append(data.Rows, append(row, number(s.total), html.Cell{Text: fmt.Sprint(s.samples)}))
			said = append(said, fmt.Sprintf("%s %s: %s ms, most of it %s", clean(scenario), clean(s.variant), quantity(s.total), parts[largest]))
			g.Rows = append(g.Rows, r)
		}
		chart.Groups = append(chart.Groups, g)
	}
	caption := a.source()
	if negative {
		caption = "A mean below zero (two clocks that disagree) is not drawn; the table has it. " + caption
	}
	return html.Figure{
		Title: a.marked(capital(string(start)) + " start by part"), Chart: chart, Caption: caption, Data: data,
		Description: "A bar per scenario and variant, cut into " + strings.Join(parts, ", ") + ". " + strings.Join(said, "; ") + ".",
	}
}
