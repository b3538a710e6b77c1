package attack

import (
	"fmt"
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
	if rows := risks(f); len(rows) > 0 {
		add("owasp", "OWASP Serverless Top 10", html.Block{Table: &html.Table{
			Caption: "The paper's own mapping beside that of the attacks and incidents here", Columns: columns(riskHeader...), Rows: plainRows(rows),
		}})
	}
	add("details", "Attacks in detail", detailBlocks(f)...)
	add("environment", "Environment and provenance", facts(f))
	return html.Write(w, html.Page{Title: r.Headline, Reports: []html.Report{r}})
}

// pageOfIncidents has a section for each incident, in the order of the file.
func pageOfIncidents(w io.Writer, f *results.File) error {
	r := html.Report{Headline: "dtbench attack: " + headline(f), Badge: layout.Clean(string(f.Provenance)), Lead: append(lead(f), legend)}
	for n, i := range f.Incidents {
		tale := html.Block{Text: []string{layout.Clean("In the paper: " + i.Source + "."), layout.Clean(i.Story)}}
		blocks := []html.Block{tale}
		if i.OutOfScope != "" {
			blocks[0].Text = append(blocks[0].Text, layout.Clean("Out of scope, because "+i.OutOfScope))
		} else {
			blocks = append(blocks, endings(f, i.Name)...)
			blocks = append(blocks, html.Block{Text: []string{layout.Clean(i.Lesson)}})
		}
		r.Sections = append(r.Sections, html.Section{ID: fmt.Sprintf("incident-%d", n+1), Title: layout.Clean(i.Title), Blocks: blocks})
	}
	r.Sections = append(r.Sections, html.Section{ID: "environment", Title: "Environment and provenance", Blocks: []html.Block{facts(f)}})
	return html.Write(w, html.Page{Title: r.Headline, Reports: []html.Report{r}})
}

// endings are what became of an attack or an incident on each variant, and below,
// folded, the evidence, a fact a row.
func endings(f *results.File, name string) []html.Block {
	ended := &html.Table{Caption: name + ": what happened", Columns: columns(detailHeader...)}
	found := &html.Table{Caption: name + ": evidence", Columns: columns("Variant", "Fact"), Fold: "Evidence of " + name}
	for _, v := range f.Variants {
		c, ok := f.Find(name, v)
		if !ok {
			continue
		}
		row := plainRow(detailRow(c))
		row[1] = outcome(f, name, v)
		ended.Rows = append(ended.Rows, row)
		for _, line := range c.Evidence {
			found.Rows = append(found.Rows, plainRow([]string{v, line}))
		}
	}
	blocks := []html.Block{{Table: ended}}
	if len(found.Rows) > 0 {
		blocks = append(blocks, html.Block{Table: found})
	}
	return blocks
}

func facts(f *results.File) html.Block {
	var block html.Block
	for _, fact := range environment(f) {
		block.Facts = append(block.Facts, html.Fact{Term: fact[0], Value: fact[1]})
	}
	return block
}

func matrixBlocks(f *results.File) []html.Block {
	var blocks []html.Block
	for _, d := range results.Dimensions() {
		attacks := under(f, d)
		if len(attacks) == 0 {
			continue
		}
		t := &html.Table{Caption: capital(string(d)), Columns: columns(matrixHeader(f)...), Stacked: true}
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
	return html.Block{Text: []string{tallyNote}, Table: t}
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
		for i := range text {
			text[i] = layout.Clean(text[i])
		}
		blocks = append(blocks, html.Block{Heading: a.ID + " " + layout.Clean(a.Title), Text: text})
		blocks = append(blocks, endings(f, a.ID)...)
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
