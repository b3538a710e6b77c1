package gate

import (
	"fmt"
	"io"
	"strings"

	"github.com/dtbench/dtbench/report/internal/layout"
)

// Markdown writes the comparison in GitHub's Markdown, for a comment or a step
// summary: the same content as the text, regressions and open cells first.
func (c *Comparison) Markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n**%s**\n", layout.Escape(c.title()), layout.Escape(c.Summary()))
	var rows [][]string
	for _, v := range []Verdict{Regression, NotComparable, Inconclusive, OK} {
		for _, cell := range c.with(v) {
			f := cell.fields()
			for i, unit := range map[int]string{1: unit(cell.Metric), 2: unit(cell.Metric), 3: "%", 4: "%", 7: "%"} {
				if f[i] != absent {
					f[i] += " " + unit
				}
			}
			rows = append(rows, append([]string{cell.Scenario, cell.Variant, string(cell.Start), metricWord(cell.Metric), f[6]}, f[1], f[2], f[3], f[4], f[5], f[7], f[8]))
		}
	}
	if rows != nil {
		b.WriteString("\n")
		layout.MarkdownTable(&b, []string{"Scenario", "Variant", "Start", "Metric", "Verdict", "Base", "Head", "Change", "95 % interval", "p (Holm)", "Detectable", "Runs"}, 5, rows)
		fmt.Fprintf(&b, "\n%s\n", layout.Escape(c.legend(true)))
	}
	b.WriteString("\n")
	for _, s := range c.preamble() {
		fmt.Fprintf(&b, "- %s\n", layout.Escape(s))
	}
	if len(c.Notices) > 0 {
		b.WriteString("\n## Notices\n\n")
		for _, n := range c.Notices {
			fmt.Fprintf(&b, "- %s\n", layout.Escape(n))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
