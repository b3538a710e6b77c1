package report

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dtbench/dtbench/report/internal/layout"
	"github.com/dtbench/dtbench/results"
)

func TestNoLineIsLongerThanTheWidth(t *testing.T) {
	t.Parallel()
	long := single(t)
	long.Experiment.Scenarios = []string{"a-scenario-with-a-name-that-nobody-would-want-to-read-in-a-table-of-80-columns-or-more"}
	long.Experiment.Variants[1] = "optimized-with-a-very-long-suffix-that-does-not-fit"
	for i := range long.Cells {
		long.Cells[i].Scenario = long.Experiment.Scenarios[0]
		if long.Cells[i].Variant == "optimized" {
			long.Cells[i].Variant = long.Experiment.Variants[1]
		}
	}
	check := func(name string, a *analysis, width, limit int) {
		t.Helper()
		for line := range strings.Lines(a.text(width)) {
			line = strings.TrimSuffix(line, "\n")
			if n := utf8.RuneCountInString(line); n > limit {
				t.Errorf("%s at width %d: %d characters: %s", name, width, n, line)
			}
			if strings.TrimRight(line, " ") != line {
				t.Errorf("%s at width %d: trailing space: %q", name, width, line)
			}
		}
	}
	builds := maps.Clone(files)
	builds["long names"] = func(testing.TB) *results.File { return long }
	for name, build := range builds {
		a, err := analyse(build(t), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, width := range []int{40, 57, 66, 80, 81, 90, 100, 120} {
			check(name, a, width, width)
		}
		check(name, a, 5, layout.LeastWidth)
	}
}

// However narrow, the figures are all there.
func TestNarrowTextHoldsTheSameFigures(t *testing.T) {
	words := func(width int) []string {
		return strings.Fields(string(render(t, Text, normal(t), Options{Width: width})))
	}
	narrow := words(40)
	for _, figure := range []string{"3.86", "6.17", "0.183", "+2.30", "+51.3", "<0.001,", "slower,", "equivalent,", "7.87"} {
		if !slices.Contains(narrow, figure) {
			t.Errorf("width 40 lacks %s", figure)
		}
	}
}

func TestUnlimitedWidthWrapsNothing(t *testing.T) {
	text := string(render(t, Text, interrupted(t), Options{}))
	if !strings.Contains(text, "- network benchmark hot has 3 of 15 samples, stopped: 5 attempts in a row had the wrong temperature; too few for a trimmed mean.\n") {
		t.Errorf("%s", text)
	}
}

func TestTextOfAFileCannotDriveATerminal(t *testing.T) {
	f := single(t)
	f.Experiment.Platform = "local\x1b[2J"
	f.Warnings = []string{"first line\nsecond \x07line"}
	text := string(render(t, Text, f, Options{Width: 80}))
	for _, r := range text {
		if r != '\n' && r < ' ' || r == 0x7f {
			t.Fatalf("control character %q in the text", r)
		}
	}
	if !strings.Contains(text, "- Warning in the file: first line second line\n") {
		t.Error("the warning is not on one line")
	}
}

func TestWrap(t *testing.T) {
	check := func(s string, width int, want ...string) {
		t.Helper()
		if got := layout.Wrap(s, width, width == 0); !slices.Equal(got, want) {
			t.Errorf("Wrap(%q, %d) = %q, want %q", s, width, got, want)
		}
	}
	check("one two three", 7, "one two", "three")
	check("one two three", 0, "one two three")
	check("abcdefghij k", 4, "abcd", "efgh", "ij k")
	check("", 10, "")
	check("éé éé", 5, "éé éé")
}
