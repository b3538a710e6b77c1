package report

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dtbench/dtbench/results"
)

// inPython is the same experiment with functions in Python, of which the hello
// cells are left.
func inPython(t *testing.T) *results.File {
	f := normal(t)
	f.Experiment.Runtime, f.Tool.Python = "python", "CPython 3.11.7"
	f.Experiment.Scenarios, f.Cells = []string{"hello"}, f.Cells[:4]
	return f
}

func TestOverheadsByRuntime(t *testing.T) {
	inGo, python := normal(t), inPython(t)
	r, ok, err := NewRuntimes([]Source{{File: inGo}, {File: python}}, Options{})
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if want := "go (measured), python (measured)"; strings.Join(r.Names, ", ") != want {
		t.Errorf("%q, want %s", r.Names, want)
	}
	if len(r.Rows) != 12 {
		t.Fatalf("%d rows", len(r.Rows))
	}
	if err := Summarise(inGo, Options{}); err != nil {
		t.Fatal(err)
	}
	for _, row := range r.Rows {
		if (row.Overheads[1] != nil) != (row.Scenario == "hello") || row.Overheads[0] == nil {
			t.Errorf("%s %s: %v", row.Scenario, row.Start, row.Overheads)
		}
		for _, o := range inGo.Overheads {
			if o.Scenario == row.Scenario && o.Start == row.Start && o.Metric == row.Metric && o != *row.Overheads[0] {
				t.Errorf("%+v, in the file's own table %+v", *row.Overheads[0], o)
			}
		}
	}
}

func TestReportsOfSeveralLanguagesEndWithThemSideBySide(t *testing.T) {
	inGo, python := Source{Name: "go.json", File: normal(t)}, Source{Name: "python.json", File: inPython(t)}
	check := func(format string, width int, want bool, lines int, files ...Source) {
		t.Helper()
		text := string(document(t, format, Options{Width: width}, files...))
		_, table, ok := strings.Cut(text, runtimesTitle+"\n")
		if ok != want {
			t.Errorf("%s, width %d, %d files: table %v", format, width, len(files), ok)
		}
		if got := strings.Count(table, "hello") + strings.Count(table, "storage") + strings.Count(table, "network"); ok && got != lines {
			t.Errorf("%s, width %d: %d rows, want %d:\n%s", format, width, got, lines, table)
		}
		for line := range strings.Lines(table) {
			if width > 0 && utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > width {
				t.Errorf("%s: longer than %d: %s", format, width, line)
			}
		}
	}
	check("text", 0, true, 12, inGo, python)
	check("text", 80, true, 12, inGo, python)
	check("markdown", 0, true, 12, inGo, python)
	check("text", 0, false, 0, inGo)
	check("text", 0, false, 0, inGo, inGo)
	check("text", 0, false, 0, inGo, python, inGo)
	check("latex", 0, false, 0, inGo, python)

	if _, _, err := NewRuntimes([]Source{inGo, python}, Options{Time: "weather"}); err == nil || !strings.HasPrefix(err.Error(), "go.json: ") {
		t.Errorf("got %v", err)
	}
}
