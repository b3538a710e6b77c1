package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/dtbench/dtbench/report/html"
	"github.com/dtbench/dtbench/results"
)

// writeHTML writes one page for browsers that holds all files; see the package
// report/html for what it is made of.
func writeHTML(w io.Writer, files []Source, o Options) error {
	p := html.Page{Title: "dtbench reports: " + count(len(files), "file")}
	for _, s := range files {
		a, err := s.analyse(o)
		if err != nil {
			return err
		}
		r := a.page(s.Name)
		if len(files) == 1 {
			p.Title = a.headline()
		} else if s.Name != "" {
			r.Name = clean(s.Name)
			r.Headline += ", " + r.Name
		}
		p.Reports = append(p.Reports, r)
	}
	return html.Write(w, p)
}

func (a *analysis) page(name string) html.Report {
	r := html.Report{Headline: clean("dtbench report: " + a.file.Experiment.Platform), Badge: clean(string(a.file.Experiment.Provenance)), Lead: a.preamble()}
	if a.file.Status != results.Complete {
		r.Badge += ", " + clean(string(a.file.Status))
	}
	add := func(id, title string, blocks ...html.Block) {
		r.Sections = append(r.Sections, html.Section{ID: id, Title: title, Blocks: blocks})
	}
	add("summary", "Summary", a.summaryBlocks()...)
	add("tables", "Times and memory", a.paperBlocks()...)
	if len(a.overheads) > 0 {
		add("overhead", "Overhead", a.overheadBlocks()...)
	}
	if blocks := a.distributionBlocks(); blocks != nil {
		add("samples", "Samples", blocks...)
	}
	if blocks := a.splitBlocks(); blocks != nil {
		add("split", "Where the time goes", blocks...)
	}
	if blocks := a.driftBlocks(); blocks != nil {
		add("drift", "Drift over the run", blocks...)
	}
	add("environment", "Environment and provenance", a.environmentBlocks()...)
	add("reproduce", "How to reproduce", a.reproduceBlocks(name)...)
	return r
}

// marks are the verdicts as the page shows them.
var marks = map[results.Verdict]html.Mark{
	results.Slower: html.Worse, results.Faster: html.Better, results.Equivalent: html.Same, results.Inconclusive: html.Open,
}

func (a *analysis) summaryBlocks() []html.Block {
	blocks := []html.Block{{Notices: a.notices()}}
	if len(a.overheads) == 0 {
		return append(blocks, html.Block{Text: []string{"There is no overhead to judge: it takes samples of " + Baseline + " and of another variant."}})
	}
	// What was shown first, then what was not; within that, time before memory.
	order := []results.Verdict{results.Slower, results.Faster, results.Inconclusive, results.Equivalent}
	for _, metric := range []string{results.MetricTime, results.MetricMemory} {
		b := html.Block{Heading: capital(a.metricName(metric))}
		if tally := a.tally(metric); tally != "" {
			b.Text = []string{tally}
		}
		overheads := a.of(metric)
		slices.SortStableFunc(overheads, func(x, y results.Overhead) int {
			return cmp.Compare(slices.Index(order, x.Verdict), slices.Index(order, y.Verdict))
		})
		for _, o := range overheads {
			b.Points = append(b.Points, html.Point{Mark: marks[o.Verdict], Text: a.sentence(o)})
		}
		if len(overheads) > 0 {
			blocks = append(blocks, b)
		}
	}
	return blocks
}

func (a *analysis) paperBlocks() []html.Block {
	var blocks []html.Block
	for _, scenario := range a.scenarios {
		t := &html.Table{
			Caption: a.title(scenario) + ". " + a.samplesSentence(scenario),
			Groups:  []html.Group{{Span: 1}, {Title: "Cold start", Span: 2}, {Title: "Hot start", Span: 2}},
			Columns: columns(1, "Type", "Time (ms)", "Memory (MB)", "Time (ms)", "Memory (MB)"),
		}
		for _, row := range a.paperRows(scenario) {
			t.Rows = append(t.Rows, cells(row))
		}
		blocks = append(blocks, html.Block{Table: t})
	}
	rows, held := a.throttleRows()
	switch {
	case held:
		header := []string{"Cell"}
		for _, v := range a.variants {
			header = append(header, label(v))
		}
		t := &html.Table{Caption: a.marked("Throttled share of the total time (samples held back by the CPU quota)"), Columns: columns(1, header...)}
		for _, row := range rows {
			t.Rows = append(t.Rows, cells(row))
		}
		blocks = append(blocks, html.Block{Table: t})
	case rows != nil:
		blocks = append(blocks, html.Block{Text: []string{"Throttled share: 0 % in every cell; the CPU quota held no invocation back."}})
	}
	return blocks
}

func (a *analysis) overheadBlocks() []html.Block {
	t := &html.Table{
		Caption: fmt.Sprintf("Overhead over %s, %s", Baseline, a.title("all scenarios")),
		Columns: columns(5, overheadHeader...), Tools: true,
	}
	for _, o := range a.overheads {
		row := cells(a.overheadRow(o))
		row[4].Mark = marks[o.Verdict]
		for i, v := range map[int]float64{5: o.Difference, 6: o.Percent, 7: o.CI95[0], 8: o.PHolm, 9: o.MinimumDetectablePercent} {
			row[i].Sort = plainNumber(v)
		}
		t.Rows = append(t.Rows, row)
	}
	var blocks []html.Block
	if figures := a.changeFigures(); figures != nil {
		blocks = append(blocks, html.Block{Heading: "Change in time", Figures: figures})
	}
	return append(blocks, html.Block{Heading: "All overheads", Table: t}, html.Block{Text: []string{a.legend(true)}})
}

// columns makes headers of which the first left are set left.
func columns(left int, titles ...string) []html.Column {
	var out []html.Column
	for i, t := range titles {
		out = append(out, html.Column{Title: t, Number: i >= left})
	}
	return out
}

func cells(texts []string) []html.Cell {
	var out []html.Cell
	for _, t := range texts {
		out = append(out, html.Cell{Text: t})
	}
	return out
}

// plainNumber is a value to sort by.
func plainNumber(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// number is a cell that shows a quantity and sorts by its value.
func number(v float64) html.Cell { return html.Cell{Text: quantity(v), Sort: plainNumber(v)} }
