package attack

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dtbench/dtbench/report/internal/layout"
	results "github.com/dtbench/dtbench/results/attack"
)

func writeMarkdown(w io.Writer, f *results.File) error {
	var b strings.Builder
	heading := func(level int, s string) {
		fmt.Fprintf(&b, "%s %s\n\n", strings.Repeat("#", level), layout.Escape(s))
	}
	paragraph := func(s string) { b.WriteString(layout.Escape(s) + "\n\n") }
	list := func(items []string) {
		for _, item := range items {
			b.WriteString("- " + layout.Escape(item) + "\n")
		}
		b.WriteByte('\n')
	}
	table := func(header []string, left int, rows [][]string) {
		layout.MarkdownTable(&b, header, left, rows)
		b.WriteByte('\n')
	}
	heading(1, headline(f))
	for _, line := range lead(f) {
		paragraph(line)
	}
	heading(2, "Matrix")
	for _, d := range results.Dimensions() {
		if attacks := under(f, d); len(attacks) > 0 {
			heading(3, capital(string(d)))
			table(matrixHeader(f), len(matrixHeader(f)), matrixRows(f, attacks))
		}
	}
	paragraph(legend)
	list(adversaries(f))
	if cells := f.Deviations(); len(cells) > 0 {
		heading(2, "Not as expected")
		list(lines(cells, deviation))
	}
	if cells := f.NotRun(); len(cells) > 0 {
		heading(2, "Could not run")
		list(lines(cells, notRun))
	}
	heading(2, tallyTitle)
	paragraph(tallyNote)
	var rows [][]string
	for _, l := range tallies(f) {
		rows = append(rows, append([]string{l.kind, l.name}, l.texts()...))
	}
	table(append([]string{"", "Name"}, f.Variants...), 2+len(f.Variants), rows)
	if all := quantities(f); len(all) > 0 {
		heading(2, "Quantities")
		rows = nil
		var notes []string
		for _, q := range all {
			rows = append(rows, append([]string{q.title, q.unit, q.source}, q.cells...))
			if len(q.details) > 0 {
				notes = append(notes, q.title+": "+strings.Join(q.details, "; "))
			}
		}
		table(append([]string{"Quantity", "Unit", "Source"}, f.Variants...), 3, rows)
		list(notes)
	}
	if rows := risks(f); len(rows) > 0 {
		heading(2, "OWASP Serverless Top 10")
		table(riskHeader, len(riskHeader), rows)
	}
	heading(2, "Attacks in detail")
	for _, a := range f.Attacks {
		heading(3, a.ID+" "+a.Title)
		paragraph(byWhom(a))
		if p := properties(a); p != "" {
			paragraph("Properties: " + p + ".")
		}
		for _, p := range strings.Split(a.Explain, "\n\n") {
			paragraph(p)
		}
		rows = nil
		for _, v := range f.Variants {
			if c, ok := f.Find(a.ID, v); ok {
				rows = append(rows, detailRow(c))
			}
		}
		table(detailHeader, len(detailHeader), rows)
		markdownEvidence(&b, f, a.ID)
	}
	heading(2, "Environment")
	for _, fact := range environment(f) {
		b.WriteString("- " + layout.Escape(fact[0]+": "+fact[1]) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// markdownEvidence lists what each variant gave, below a table that has no room for
// it.
func markdownEvidence(b *strings.Builder, f *results.File, attack string) {
	found := false
	for _, v := range f.Variants {
		c, ok := f.Find(attack, v)
		if !ok || len(c.Evidence) == 0 {
			continue
		}
		if !found {
			b.WriteString("Evidence:\n\n")
		}
		found = true
		b.WriteString("- " + layout.Escape(v) + "\n")
		for _, line := range c.Evidence {
			b.WriteString("  - " + layout.Escape(line) + "\n")
		}
	}
	if found {
		b.WriteByte('\n')
	}
}

func lines(cells []results.Cell, text func(results.Cell) string) []string {
	var all []string
	for _, c := range cells {
		all = append(all, text(c))
	}
	return all
}

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
