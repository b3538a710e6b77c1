package attack

import (
	"io"
	"strconv"
	"strings"

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
	if !o.Details {
		t.Paragraph(whereEvidence)
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
	t.Paragraph(tallyNote)
	textTallies(t, f)
	if all := quantities(f); len(all) > 0 {
		t.Blank()
		t.Paragraph("Quantities")
		var titles []string
		var rows [][]string
		for _, q := range all {
			titles = append(titles, layout.Clean(q.title))
			rows = append(rows, append([]string{q.unit}, append(q.cells, q.source)...))
		}
		titled(t, "Figure", nil, titles, append([]string{"Unit"}, append(f.Variants[:len(f.Variants):len(f.Variants)], "Source")...), rows)
	}
	if rows := risks(f); len(rows) > 0 {
		t.Blank()
		t.Paragraph("OWASP Serverless Top 10 (2018), with attacks and incidents (--incident NAME) here")
		for _, r := range rows {
			t.Hanging("  ", r[0]+" "+r[1]+". The paper: "+r[2]+". Here: "+r[3]+".")
		}
	}
	_, err := io.WriteString(w, t.String())
	return err
}

func textMatrix(t *layout.Text, f *results.File, attacks []results.Description) {
	var ids, titles []string
	var rows [][]string
	for _, row := range matrixRows(f, attacks) {
		ids, titles, rows = append(ids, row[0]), append(titles, layout.Clean(row[1])), append(rows, row[2:])
	}
	titled(t, "Attack", ids, titles, matrixHeader(f)[2:], rows)
}

// textTallies writes how much got through, and below it what.
func textTallies(t *layout.Text, f *results.File) {
	var names []string
	var rows [][]string
	for _, l := range tallies(f) {
		names = append(names, l.name)
		var counts []string
		for _, c := range l.cells {
			counts = append(counts, c.count())
		}
		rows = append(rows, counts)
	}
	titled(t, "About", nil, names, f.Variants, rows)
	for _, l := range tallies(f) {
		var which []string
		for i, c := range l.cells {
			if text := c.which(); text != "" {
				which = append(which, f.Variants[i]+" "+text)
			}
		}
		if len(which) > 0 {
			t.Hanging("  ", l.name+": "+strings.Join(which, "; "))
		}
	}
}

// titled writes a table whose rows have titles in front, or, where that is too
// wide, below. ids are what the rows are called; nil numbers them where a name is
// needed.
func titled(t *layout.Text, what string, ids, titles, header []string, rows [][]string) {
	header = append([]string{what}, header...)
	var wide, narrow [][]string
	var marks []string
	for i, row := range rows {
		title, mark := titles[i], strconv.Itoa(i+1)
		if ids != nil {
			mark = ids[i]
			title = mark + " " + title
		}
		wide = append(wide, append([]string{title}, row...))
		narrow = append(narrow, append([]string{mark}, row...))
		marks = append(marks, mark)
	}
	if table := layout.NewTable(nil, header, wide); t.Fits(table) {
		t.Table(table)
		return
	}
	if table := layout.NewTable(nil, header, narrow); t.Fits(table) {
		t.Table(table)
	} else {
		textList(t, header, narrow)
	}
	for i, mark := range marks {
		t.Hanging("  "+mark+" ", titles[i])
	}
}

// textList writes what the rows of a table say where there is no room for one.
func textList(t *layout.Text, header []string, rows [][]string) {
	for _, row := range rows {
		line := row[0]
		for i, cell := range row[1:] {
			line += "; " + header[i+1] + " " + cell
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
