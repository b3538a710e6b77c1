package attack

import (
	"io"

	"github.com/dtbench/dtbench/report/internal/layout"
	results "github.com/dtbench/dtbench/results/attack"
)

func writeText(w io.Writer, f *results.File, o Options) error {
	t := layout.NewText(o.Width)
	t.Paragraph(headline(f))
	t.Blank()
	for _, line := range lead(f) {
		t.Paragraph(line)
	}
	for _, d := range results.Dimensions() {
		attacks := under(f, d)
		if len(attacks) == 0 {
			continue
		}
		t.Blank()
		t.Paragraph(capital(string(d)))
		textMatrix(t, f, attacks)
	}
	t.Blank()
	t.Paragraph(legend)
	for _, a := range adversaries(f) {
		t.Hanging("  ", a)
	}
	if cells := f.Deviations(); len(cells) > 0 {
		t.Blank()
		t.Paragraph("Not as expected")
		for _, c := range cells {
			t.Hanging("! ", layout.Clean(deviation(c)))
		}
	}
	if cells := f.NotRun(); len(cells) > 0 {
		t.Blank()
		t.Paragraph("Could not run")
		for _, c := range cells {
			t.Hanging("- ", layout.Clean(notRun(c)))
		}
	}
	if o.Details {
		textDetails(t, f)
	}
	t.Blank()
	t.Paragraph(tallyTitle)
	var rows [][]string
	for _, l := range tallies(f) {
		rows = append(rows, append([]string{l.name}, l.cells...))
	}
	textTable(t, append([]string{""}, f.Variants...), rows)
	if all := quantities(f); len(all) > 0 {
		t.Blank()
		t.Paragraph("Quantities")
		rows = nil
		for _, q := range all {
			rows = append(rows, append([]string{layout.Clean(q.title), q.unit}, append(q.cells, q.source)...))
		}
		textTable(t, append([]string{"", "Unit"}, append(f.Variants[:len(f.Variants):len(f.Variants)], "Source")...), rows)
	}
	t.Blank()
	t.Paragraph("OWASP Serverless Top 10 (2018)")
	for _, r := range risks() {
		t.Hanging("  ", r[0]+" "+r[1]+". The paper: "+r[2]+". Here: "+r[3]+".")
	}
	_, err := io.WriteString(w, t.String())
	return err
}

// textMatrix writes the matrix with the titles in it, or below it where it is too
// wide.
func textMatrix(t *layout.Text, f *results.File, attacks []results.Description) {
	var wide, narrow [][]string
	for _, row := range matrixRows(f, attacks) {
		title := layout.Clean(row[0] + " " + row[1])
		wide = append(wide, append([]string{title}, row[2:]...))
		narrow = append(narrow, append([]string{row[0]}, row[2:]...))
	}
	header := append([]string{"Attack"}, matrixHeader(f)[2:]...)
	if table := layout.NewTable(nil, header, wide); t.Fits(table) {
		t.Table(table)
		return
	}
	textTable(t, header, narrow)
	for _, a := range attacks {
		t.Hanging("  "+a.ID+" ", layout.Clean(a.Title))
	}
}

// textTable writes a table, or, where it is too wide, a list of what its rows say.
func textTable(t *layout.Text, header []string, rows [][]string) {
	table := layout.NewTable(nil, header, rows)
	if t.Fits(table) {
		t.Table(table)
		return
	}
	for _, row := range rows {
		line := row[0]
		for i, cell := range row[1:] {
			if name := header[i+1]; name != "" && name != "Attack" {
				cell = name + " " + cell
			}
			line += "; " + cell
		}
		t.Hanging("  ", line)
	}
}

func textDetails(t *layout.Text, f *results.File) {
	for _, a := range f.Attacks {
		t.Blank()
		t.Paragraph(a.ID + " " + layout.Clean(a.Title))
		t.Paragraph(layout.Clean(byWhom(a)))
		for _, v := range f.Variants {
			c, ok := f.Find(a.ID, v)
			if !ok {
				continue
			}
			t.Hanging("  ", v+": "+word(c)+": "+layout.Clean(c.Detail))
			for _, line := range c.Evidence {
				t.Hanging("    - ", layout.Clean(line))
			}
		}
	}
}
