package attack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/dtbench/dtbench/internal/golden"
	base "github.com/dtbench/dtbench/results"
	results "github.com/dtbench/dtbench/results/attack"
)

// example is a file with every outcome, a deviation, a cell that could not run,
// one that is missing, and text that is to stay text.
func example() *results.File {
	f := &results.File{
		Schema: results.Schema, Status: base.Complete, Provenance: base.Measured, Platform: "local", User: "ordinary", Seed: 7,
		Tool: base.Tool{Name: "dtbench", Version: "(devel)", Commit: "0123456789abcdef", Go: "go1.26.0"},
		Environment: base.Environment{
			OS: "linux", Arch: "amd64", Kernel: "6.1", CPU: "a processor", CPUs: 2,
			Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Finished: time.Date(2026, 1, 2, 3, 4, 47, 0, time.UTC),
		},
		Limits: results.Limits, Variants: []string{"benchmark", "literal", "optimized"},
	}
	attack := func(id, title string, by results.Adversary, d results.Dimension, p []results.Property, outcomes ...results.Outcome) {
		f.Attacks = append(f.Attacks, results.Description{
			ID: id, Title: title, Adversary: by, Dimensions: []results.Dimension{d}, Properties: p,
			Tries: "tries " + title, Explain: "What happens in " + id + ".\n\nBy hand: see for yourself.",
		})
		for i, o := range outcomes {
			f.Cells = append(f.Cells, results.Cell{
				Attack: id, Variant: f.Variants[i], Adversary: by, Outcome: o, Expected: o, Basis: results.Paper,
				Detail: "what became of " + id + " on " + f.Variants[i], Evidence: []string{"a fact", "another | fact"}, Duration: 12.5,
			})
		}
	}
	attack("T1", "dump <script>alert(1)</script> & the *environment*", results.A2, results.Confidentiality, nil, results.Leak, results.Hold, results.Hold)
	attack("T6", "call the library", results.A3, results.Confidentiality, []results.Property{results.ContextBinding}, results.Leak, results.Broken, results.Denied)
	attack("T7", "move a boundary", results.A0, results.Integrity, []results.Property{results.NonReusability}, results.NotApplicable, results.Broken, results.Hold)
	attack("T11", "flood", results.A0, results.Availability, []results.Property{results.NonReusability}, results.NotApplicable, results.Broken)
	attack("T19", "kill after a grant", results.A3, results.AntiForgery, nil, results.NotApplicable, results.Broken, results.CouldNotRun)
	f.Cells[7].Expected = results.Hold // T7 on literal: a deviation
	f.Cells[10].Basis = results.OurReading
	last := &f.Cells[len(f.Cells)-1]
	last.Expected, last.Detail, last.Evidence = results.Hold, "cannot run here: no \x1b[31mright", nil
	f.Quantities = []results.Quantity{
		{ID: "exposure", Attack: "T7", Variant: "benchmark", Title: "Exposure of a leaked token", Unit: "s", Unbounded: true, Source: results.Derived, Detail: "until it is changed"},
		{ID: "exposure", Attack: "T7", Variant: "optimized", Title: "Exposure of a leaked token", Value: 9.998, Unit: "s", Source: results.Measured, Detail: "clock: injected"},
		{ID: "replay", Attack: "T7", Variant: "literal", Title: "Accepted again", Value: 6.25, Unit: "%", Source: results.Measured, Detail: "125 of 2000"},
		{ID: "replay", Attack: "T7", Variant: "optimized", Title: "Accepted again", Value: 0, Unit: "%", Source: results.Measured, Detail: "0 of 2000"},
	}
	return f
}

func TestGolden(t *testing.T) {
	check := func(name, format string, o Options) {
		t.Helper()
		var b bytes.Buffer
		if err := Write(&b, format, example(), o); err != nil {
			t.Fatal(err)
		}
		golden.Check(t, filepath.Join("testdata", name), b.Bytes())
	}
	check("wide.txt", "text", Options{})
	check("narrow.txt", "text", Options{Width: 60, Details: true})
	check("example.md", "markdown", Options{})
	check("example.json", "json", Options{})
}

// Whoever sees outcomes sees what nobody stops, whatever the format.
func TestTheLimitsAreAlwaysSaid(t *testing.T) {
	for _, format := range Formats() {
		var b bytes.Buffer
		if err := Write(&b, format, example(), Options{}); err != nil {
			t.Fatal(err)
		}
		for _, limit := range results.Limits {
			if !strings.Contains(b.String(), limit) {
				t.Errorf("%s does not say: %s", format, limit)
			}
		}
		if !strings.Contains(b.String(), "measured") {
			t.Errorf("%s does not say the provenance", format)
		}
	}
	var b bytes.Buffer
	if err := Write(&b, "pdf", example(), Options{}); err == nil {
		t.Error("pdf is a format")
	}
}

func TestTextKeepsItsWidthAndIsHarmless(t *testing.T) {
	for _, width := range []int{40, 66, 80, 120} {
		var b bytes.Buffer
		if err := Write(&b, "text", example(), Options{Width: width, Details: true}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("at width %d: %d characters: %s", width, n, line)
			}
		}
		if strings.Contains(b.String(), "\x1b") {
			t.Errorf("an escape sequence of the file reaches the terminal")
		}
	}
}

// What ran as root besides is said, and only where something did.
func TestWhatRanAsRootIsSaid(t *testing.T) {
	check := func(harness string, names []string, want string) {
		t.Helper()
		f := &results.File{User: results.Ordinary, Harness: harness}
		for _, id := range []string{"T1", "T2", "T3"} {
			f.Attacks = append(f.Attacks, results.Description{ID: id, AsRoot: slices.Contains(names, id)})
		}
		if got := asRoot(f); got != want {
			t.Errorf("%s, %v: %q, want %q", harness, names, got, want)
		}
	}
	check(results.Root, nil, "")
	check(results.Root, []string{"T1"}, ", and with functions of root besides in T1")
	check(results.Root, []string{"T1", "T2", "T3"}, ", and with functions of root besides in T1, T2 and T3")
	check(results.Ordinary, []string{"T1"}, "")
	check("", []string{"T1"}, "")
}

// What is not as expected stands out, and what could not run counts as nothing.
func TestDeviationsStandOut(t *testing.T) {
	f := example()
	if got := headline(f); got != "5 attacks on 3 variants: 12 of 14 cells as expected, 1 not, 1 could not run" {
		t.Error(got)
	}
	c, _ := f.Find("T7", "literal")
	if word(c) != "!broken" || outcome(f, "T7", "literal").Mark != "alarm" {
		t.Errorf("%s, %s", word(c), outcome(f, "T7", "literal").Mark)
	}
	if got := outcome(f, "T19", "optimized"); got.Text != "not run" || got.Mark != "open" {
		t.Errorf("%+v", got)
	}
	if got := wordOf(f, "T11", "optimized"); got != "" {
		t.Errorf("a missing cell is shown as %q", got)
	}
	for _, l := range tallies(f) {
		if l.name == string(results.AntiForgery) && l.texts()[2] != "–: not run: T19" {
			t.Errorf("%v", l)
		}
	}
}

// The page is one file under its own policy, and no text of the file is markup.
func TestPage(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, "html", example(), Options{}); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	if !strings.Contains(page, "Content-Security-Policy") || strings.Contains(page, "<script>alert") || strings.Contains(page, "http://") {
		t.Error("the page is not self-contained, or takes text for markup")
	}
	for _, id := range []string{"matrix", "deviations", "not-run", "through", "quantities", "details", "environment"} {
		if !strings.Contains(page, `id="`+id+`"`) {
			t.Errorf("no section %s", id)
		}
	}
}

// The OWASP table names attacks and incidents, and stands where all of those
// attacks were run.
func TestRisksAreOfAWholeRun(t *testing.T) {
	whole := example()
	whole.Attacks = nil
	for n := 1; n <= 25; n++ {
		whole.Attacks = append(whole.Attacks, results.Description{ID: fmt.Sprintf("T%d", n)})
	}
	part := *whole
	part.Attacks = whole.Attacks[1:]
	for _, format := range []string{"text", "markdown", "html"} {
		var all, some bytes.Buffer
		if err := errors.Join(Write(&all, format, whole, Options{}), Write(&some, format, &part, Options{})); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Insecure Deserialization", "incident deserialization", "T6 T16; incident webide", "incidents webide, temporary-file"} {
			if !strings.Contains(all.String(), want) {
				t.Errorf("%s lacks %q", format, want)
			}
		}
		if strings.Contains(some.String(), "OWASP") {
			t.Errorf("%s maps attacks that did not run", format)
		}
	}
}

// A quantity that is missing says why.
func TestWhereAQuantityHasNoFigure(t *testing.T) {
	f := &results.File{
		Variants:   []string{"benchmark", "literal", "optimized", "broker", "later"},
		Quantities: []results.Quantity{{ID: "kept", Attack: "T13", Variant: "literal", Title: "Nonces kept", Value: 2000}},
		Cells: []results.Cell{
			{Attack: "T13", Variant: "benchmark", Outcome: results.NotApplicable},
			{Attack: "T13", Variant: "literal", Outcome: results.Hold},
			{Attack: "T13", Variant: "optimized", Outcome: results.CouldNotRun},
			{Attack: "T13", Variant: "broker", Outcome: results.Hold},
		},
	}
	if got, want := quantities(f)[0].cells, []string{"–", "2000", "not run", "not measured", ""}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestWarningsAreOfTheRun(t *testing.T) {
	f := example()
	f.Warnings = []string{"the machine was busy"}
	if lines := lead(f); !slices.Contains(lines, "Warning: the machine was busy") {
		t.Errorf("%q", lines)
	}
}

func TestJSONIsReadAgain(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, "json", example(), Options{}); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	f, err := results.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, "null") {
		t.Error("a list is null, not []")
	}
	want, _ := json.Marshal(explicit(example()))
	if got, _ := json.Marshal(f); !bytes.Equal(got, want) {
		t.Error("a file is another after it was written and read")
	}
}

func TestExplain(t *testing.T) {
	expected, err := results.Expected()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Explain(&b, example().Attacks[2], expected, 72); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"T7 move a boundary\n", "By      A0, who holds a leaked token\n", "Breaks  non-reusability\n", "\n  literal    broken\n", "dtbench attack --attack T7\n", results.Limits[0]} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the explanation lacks %q:\n%s", want, b.String())
		}
	}
}
