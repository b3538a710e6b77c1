// Package attack shows what an attack suite found: the matrix of attacks and
// variants, grouped by the paper's dimensions and properties, what deviates from
// the expected matrix, the quantities, and the mapping to the OWASP Serverless Top
// 10. It reads results/attack and runs nothing.
//
// Wherever outcomes are shown it says that nobody stops root and that no scheme
// inside one process stops code that executes there.
package attack

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	results "github.com/dtbench/dtbench/results/attack"
)

// Options are how to write.
type Options struct {
	Width   int  // columns of a text; 0 is unlimited
	Details bool // a text with what happened in each cell; the other formats always have it
}

// Formats lists what Write knows.
func Formats() []string { return []string{"text", "markdown", "json", "html"} }

// Write writes f to w: incidents where there are any, and else attacks.
func Write(w io.Writer, format string, f *results.File, o Options) error {
	if len(f.Incidents) > 0 && format != "json" {
		return writeIncidents(w, format, f, o)
	}
	switch format {
	case "text":
		return writeText(w, f, o)
	case "markdown":
		return writeMarkdown(w, f)
	case "html":
		return writeHTML(w, f)
	case "json":
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(explicit(f))
	}
	return fmt.Errorf("attack report: no format is called %q", format)
}

// explicit is f with an empty list wherever there is none: readers of JSON expect
// [] and no null.
func explicit(f *results.File) *results.File {
	whole := *f
	whole.Limits, whole.Variants, whole.Quantities = list(f.Limits), list(f.Variants), list(f.Quantities)
	whole.Attacks, whole.Cells = slices.Clone(list(f.Attacks)), slices.Clone(list(f.Cells))
	for i := range whole.Attacks {
		a := &whole.Attacks[i]
		a.Dimensions, a.Properties = list(a.Dimensions), list(a.Properties)
	}
	for i := range whole.Cells {
		whole.Cells[i].Evidence = list(whole.Cells[i].Evidence)
	}
	return &whole
}

func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}
