package attack

import (
	"strings"
	"testing"
	"unicode/utf8"

	base "github.com/dtbench/dtbench/results"
	results "github.com/dtbench/dtbench/results/attack"
)

func replayed() *results.File {
	return &results.File{
		Schema: results.Schema, Status: base.Complete, Provenance: base.Measured, Platform: "local", User: "ordinary", Limits: results.Limits,
		Variants: []string{"benchmark", "broker"},
		Incidents: []results.Incident{
			{Name: "tale", Title: "A tale", Source: "section 1", Story: "It | happens.", Lesson: "Take care."},
			{Name: "mail", Title: "A mail", Source: "section 2", Story: "It comes.", OutOfScope: "nobody reads it."},
		},
		Cells: []results.Cell{
			{Attack: "tale", Variant: "benchmark", Outcome: results.Leak, Expected: results.Leak, Detail: "it got out", Evidence: []string{"sha256 of KEY: 00"}},
			{Attack: "tale", Variant: "broker", Outcome: results.Leak, Expected: results.Hold, Detail: "it got out \x1b[31mtoo", Evidence: []string{"act 1"}},
		},
	}
}

func TestIncidentsSayHowTheyEndedAndWhatWasExpected(t *testing.T) {
	check := func(format string, width int, want ...string) {
		t.Helper()
		var b strings.Builder
		if err := Write(&b, format, replayed(), Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("%s lacks %q:\n%s", format, w, b.String())
			}
		}
		if strings.Contains(b.String(), "\x1b") {
			t.Errorf("%s holds a control character", format)
		}
		for line := range strings.Lines(b.String()) {
			if width > 0 && utf8.RuneCountInString(strings.TrimRight(line, "\n")) > width {
				t.Errorf("longer than %d: %q", width, line)
			}
		}
	}
	common := []string{"r: rests on our reading", "2 incidents (1 out of scope) on 2 variants: 1 of 2 cells as expected, 1 not", "Provenance: measured", "Out of scope, because nobody reads it."}
	check("text", 0, append(common, results.Limits[0], "tale: A tale", "benchmark: leak: it got out", "broker: !leak (expected hold): ", "    - act 1", "Take care.")...)
	check("text", 60, "  benchmark: leak: it got out")
	check("markdown", 0, append(common, results.Limits[1], "## A tale", `It \| happens.`, "!leak (expected hold): it got out")...)
	check("json", 0, `"incidents"`, `"out_of_scope": "nobody reads it."`)
	check("html", 0, "2 incidents (1 out of scope)", results.Limits[0], `id="incident-1"`, "It | happens.", "!leak", "it got out", "sha256 of KEY: 00", "Take care.", "Out of scope, because nobody reads it.")
	if err := Write(&strings.Builder{}, "pdf", replayed(), Options{}); err == nil {
		t.Error("pdf of incidents")
	}
}

// Where every incident is out of scope nothing is claimed of attacks.
func TestNothingRan(t *testing.T) {
	f := replayed()
	f.Incidents, f.Cells = f.Incidents[1:], nil
	for _, format := range []string{"text", "markdown", "html"} {
		var b strings.Builder
		if err := Write(&b, format, f, Options{}); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		if !strings.Contains(text, "on 2 variants: nothing ran") || !strings.Contains(text, "Provenance: measured; but nothing ran") {
			t.Errorf("%s does not say that nothing ran:\n%s", format, text)
		}
		if strings.Contains(text, "Every outcome") || strings.Contains(text, "as expected\n") {
			t.Errorf("%s speaks of outcomes:\n%s", format, text)
		}
	}
}
