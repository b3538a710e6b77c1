package attack

import (
	"io"
	"strings"

	"github.com/dtbench/dtbench/report/html"
	"github.com/dtbench/dtbench/report/internal/layout"
	results "github.com/dtbench/dtbench/results/attack"
)

func writeHTML(w io.Writer, f *results.File) error {
	r := html.Report{Headline: "dtbench attack: " + headline(f), Badge: layout.Clean(string(f.Provenance)), Lead: lead(f)}
	add := func(id, title string, blocks ...html.Block) {
		r.Sections = append(r.Sections, html.Section{ID: id, Title: title, Blocks: blocks})
	}
	add("matrix", "Matrix", matrixBlocks(f)...)
	if cells := f.Deviations(); len(cells) > 0 {
		add("deviations", "Not as expected", html.Block{Points: points(cells, html.Alarm, deviation)})
	}
	if cells := f.NotRun(); len(cells) > 0 {
		add("not-run", "Could not run", html.Block{Points: points(cells, html.Open, notRun)})
	}
	add("through", "By dimension and property", tallyBlock(f))
	if all := quantities(f); len(all) > 0 {
		add("quantities", "Quantities", quantityBlocks(f, all)...)
	}
	add("owasp", "OWASP Serverless Top 10", html.Block{Table: &html.Table{
		Caption: "The paper's own mapping beside that of the attacks here", Columns: columns(riskHeader...), Rows: plainRows(risks()),
	}})
	add("details", "Attacks in detail", detailBlocks(f)...)
	facts := html.Block{}
	for _, fact := range environment(f) {
		facts.Facts = append(facts.Facts, html.Fact{Term: fact[0], Value: fact[1]})
	}
	add("environment", "Environment and provenance", facts)
	return html.Write(w, html.Page{Title: r.Headline, Reports: []html.Report{r}})
}

func matrixBlocks(f *results.File) []html.Block {
	var blocks []html.Block
	for _, d := range results.Dimensions() {
		attacks := under(f, d)
		if len(attacks) == 0 {
			continue
		}
		t := &html.Table{Caption: capital(string(d)), Columns: columns(matrixHeader(f)...)}
		for _, a := range attacks {
			row := []html.Cell{{Text: a.ID}, {Text: layout.Clean(a.Title)}, {Text: string(a.Adversary)}}
			for _, v := range f.Variants {
				row = append(row, outcome(f, a.ID, v))
			}
			t.Rows = append(t.Rows, row)
		}
		blocks = append(blocks, html.Block{Table: t})
	}
	return append(blocks, html.Block{Text: []string{legend, strings.Join(adversaries(f), "; ") + "."}})
}

// outcome is the cell of the matrix, marked by who won.
func outcome(f *results.File, attack, variant string) html.Cell {
	c, ok := f.Find(attack, variant)
	if !ok {
		return html.Cell{}
	}
	marks := map[results.Outcome]html.Mark{
		results.Leak: html.Failed, results.Broken: html.Failed, results.Hold: html.Passed, results.Denied: html.Passed, results.CouldNotRun: html.Open,
	}
	mark := marks[c.Outcome]
	if c.Outcome != results.CouldNotRun && !c.AsExpected() {
		mark = html.Alarm
	}
	return html.Cell{Text: word(c), Mark: mark}
}

func tallyBlock(f *results.File) html.Block {
	t := &html.Table{Caption: tallyTitle, Columns: columns(append([]string{"", "Name"}, f.Variants...)...)}
	for _, l := range tallies(f) {
		t.Rows = append(t.Rows, plainRow(append([]string{l.kind, l.name}, l.texts()...)))
	}
	t.Columns[0].Title = "Kind"
	return html.Block{Table: t}
}

func quantityBlocks(f *results.File, all []quantity) []html.Block {
	t := &html.Table{Caption: "Figures that the attacks gave beside their outcomes", Columns: columns("Quantity", "Unit", "Source")}
	for _, v := range f.Variants {
		t.Columns = append(t.Columns, html.Column{Title: layout.Clean(v), Number: true})
	}
	notes := &html.Table{Caption: "What the figures rest on", Columns: columns("Quantity", "Detail"), Fold: "Details of the quantities"}
	for _, q := range all {
		t.Rows = append(t.Rows, plainRow(append([]string{q.title, q.unit, q.source}, q.cells...)))
		for _, d := range q.details {
			notes.Rows = append(notes.Rows, plainRow([]string{q.title, d}))
		}
	}
	return []html.Block{{Table: t}, {Table: notes}}
}

func detailBlocks(f *results.File) []html.Block {
	var blocks []html.Block
	for _, a := range f.Attacks {
		text := []string{byWhom(a)}
		if p := properties(a); p != "" {
			text = append(text, "Properties: "+p+".")
		}
		text = append(text, strings.Split(a.Explain, "\n\n")...)
		t := &html.Table{
			Caption: a.ID + ": what happened", Columns: columns(detailHeader...),
			Fold: a.ID + ": outcomes and evidence",
		}
		for _, v := range f.Variants {
			c, ok := f.Find(a.ID, v)
			if !ok {
				continue
			}
			row := plainRow(detailRow(c))
			row[1] = outcome(f, a.ID, v)
			t.Rows = append(t.Rows, row)
		}
		for i := range text {
			text[i] = layout.Clean(text[i])
		}
		blocks = append(blocks, html.Block{Heading: a.ID + " " + layout.Clean(a.Title), Text: text, Table: t})
	}
	return blocks
}

func points(cells []results.Cell, mark html.Mark, text func(results.Cell) string) []html.Point {
	var all []html.Point
	for _, c := range cells {
		all = append(all, html.Point{Mark: mark, Text: layout.Clean(text(c))})
	}
	return all
}

func columns(titles ...string) []html.Column {
	var all []html.Column
	for _, title := range titles {
		all = append(all, html.Column{Title: layout.Clean(title)})
	}
	return all
}

func plainRow(texts []string) []html.Cell {
	var row []html.Cell
	for _, text := range texts {
		row = append(row, html.Cell{Text: layout.Clean(text)})
	}
	return row
}

func plainRows(rows [][]string) [][]html.Cell {
	var all [][]html.Cell
	for _, row := range rows {
		all = append(all, plainRow(row))
	}
	return all
}
