package report

import (
	"unicode"

	"github.com/dtbench/dtbench/report/internal/layout"
	"github.com/dtbench/dtbench/results"
)

// The forms of tables and figures, shared with report/gate.
type textTable = layout.Table

var (
	newTextTable          = layout.NewTable
	markdownTable, escape = layout.MarkdownTable, layout.Escape
	clean, count, span    = layout.Clean, layout.Count, layout.Span
	quantity, signed      = layout.Quantity, layout.Signed
	percentage, magnitude = layout.Percentage, layout.Magnitude
	interval, probability = layout.Interval, layout.Probability
)

// verdict is the word of the verdict for the metric: slower and faster make no
// sense of memory.
func verdict(o results.Overhead) string {
	if o.Metric == results.MetricMemory {
		switch o.Verdict {
		case results.Slower:
			return "more"
		case results.Faster:
			return "less"
		}
	}
	return string(o.Verdict)
}

// label is a variant as a row title.
func label(variant string) string {
	r := []rune(clean(variant))
	if len(r) > 0 {
		r[0] = unicode.ToUpper(r[0])
	}
	return string(r)
}
