package attack

import (
	"io"
	"strings"

	"github.com/dtbench/dtbench/report/internal/layout"
	results "github.com/dtbench/dtbench/results/attack"
)

// Explain writes what an attack does, why it works or does not, and what is
// expected of it.
func Explain(w io.Writer, a results.Description, expected results.Matrix, width int) error {
	t := layout.NewText(width)
	t.Paragraph(a.ID + " " + a.Title)
	t.Blank()
	t.Hanging("By      ", string(a.Adversary)+", who "+who(a.Adversary))
	var about []string
	for _, d := range a.Dimensions {
		about = append(about, string(d))
	}
	t.Hanging("About   ", strings.Join(about, ", "))
	if p := properties(a); p != "" {
		t.Hanging("Breaks  ", p)
	}
	t.Hanging("Tries   ", "It "+a.Tries+".")
	for _, p := range strings.Split(a.Explain, "\n\n") {
		t.Blank()
		t.Paragraph(p)
	}
	t.Blank()
	t.Paragraph("Expected")
	for _, v := range expected.Variants() {
		e, ok := expected.Find(a.ID, v)
		if !ok {
			continue
		}
		line := word(results.Cell{Outcome: e.Outcome, Expected: e.Outcome, Basis: e.Basis})
		if e.Note != "" {
			line += ": " + e.Note
		}
		t.Hanging("  "+v+strings.Repeat(" ", max(1, 11-len(v))), line)
	}
	t.Blank()
	t.Paragraph(strings.Join(results.Limits, " "))
	t.Paragraph("Run it: dtbench attack --attack " + a.ID)
	t.Paragraph("A function to try it on by hand: docs/security.md, \"By hand\"")
	_, err := io.WriteString(w, t.String())
	return err
}

// who continues "who …": the texts of adversaries are verbs or nouns.
func who(a results.Adversary) string {
	text := a.Text()
	if strings.HasPrefix(text, "holds ") {
		return text
	}
	return "is " + text
}
