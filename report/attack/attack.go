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

	results "github.com/dtbench/dtbench/results/attack"
)

// Options are how to write.
type Options struct {
	Width   int  // columns of a text; 0 is unlimited
	Details bool // a text with what happened in each cell; the other formats always have it
}

// Formats lists what Write knows.
func Formats() []string { return []string{"text", "markdown", "json", "html"} }

// IncidentFormats lists what Write knows of a file with incidents.
func IncidentFormats() []string { return []string{"text", "markdown", "json"} }

// Write writes f to w.
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
		return e.Encode(f)
	}
	return fmt.Errorf("attack report: no format is called %q", format)
}
