package attack

import (
	"fmt"
	"io"
	"strings"

	"github.com/dtbench/dtbench/report/internal/layout"
	results "github.com/dtbench/dtbench/results/attack"
)

// writeIncidents tells the incidents of f and how each ended on every variant.
func writeIncidents(w io.Writer, format string, f *results.File, o Options) error {
	switch format {
	case "text":
		return textIncidents(w, f, o)
	case "markdown":
		return markdownIncidents(w, f)
	case "html":
		return pageOfIncidents(w, f)
	}
	return fmt.Errorf("attack report: no format of incidents is called %q", format)
}

func textIncidents(w io.Writer, f *results.File, o Options) error {
	t := layout.NewText(o.Width)
	t.Paragraph(headline(f))
	t.Blank()
	for _, line := range append(lead(f), legend) {
		t.Paragraph(line)
	}
	for _, i := range f.Incidents {
		t.Blank()
		t.Paragraph(layout.Clean(i.Name + ": " + i.Title))
		t.Paragraph(layout.Clean("In the paper: " + i.Source + "."))
		t.Blank()
		t.Hanging("  ", layout.Clean(i.Story))
		t.Blank()
		if i.OutOfScope != "" {
			t.Hanging("  ", layout.Clean("Out of scope, because "+i.OutOfScope))
			continue
		}
		for _, v := range f.Variants {
			c, ok := f.Find(i.Name, v)
			if !ok {
				continue
			}
			t.Hanging("  ", v+": "+ending(c))
			for _, line := range c.Evidence {
				t.Hanging("    - ", layout.Clean(line))
			}
		}
		t.Blank()
		t.Hanging("  ", layout.Clean(i.Lesson))
	}
	_, err := io.WriteString(w, t.String())
	return err
}

// ending is how an incident ended on a variant.
func ending(c results.Cell) string {
	s := word(c)
	if !c.AsExpected() {
		s += fmt.Sprintf(" (expected %s)", c.Expected)
	}
	return s + ": " + layout.Clean(c.Detail)
}

func markdownIncidents(w io.Writer, f *results.File) error {
	var b strings.Builder
	paragraph := func(s string) { b.WriteString(layout.Escape(s) + "\n\n") }
	fmt.Fprintf(&b, "# %s\n\n", layout.Escape(headline(f)))
	for _, line := range append(lead(f), legend) {
		paragraph(line)
	}
	for _, i := range f.Incidents {
		fmt.Fprintf(&b, "## %s\n\n", layout.Escape(i.Title))
		paragraph("In the paper: " + i.Source + ".")
		paragraph(i.Story)
		if i.OutOfScope != "" {
			paragraph("Out of scope, because " + i.OutOfScope)
			continue
		}
		var rows [][]string
		for _, v := range f.Variants {
			if c, ok := f.Find(i.Name, v); ok {
				rows = append(rows, []string{v, ending(c)})
			}
		}
		layout.MarkdownTable(&b, []string{"Variant", "Ending"}, 2, rows)
		b.WriteByte('\n')
		markdownEvidence(&b, f, i.Name)
		paragraph(i.Lesson)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
