package dtbench_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	attackreport "github.com/dtbench/dtbench/report/attack"
	"github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/results/reference"
	suite "github.com/dtbench/dtbench/runner/attack"
)

// variants in the order in which documents show them.
var variants = []string{"benchmark", "literal", "optimized", "broker"}

// The matrix in docs/security.md is the expected one of the repository, which
// dtbench attack holds every cell against.
func TestDocumentsShowTheExpectedMatrix(t *testing.T) {
	const begin, end = "<!-- begin: expected matrix, written by go test -run TestDocuments . -update -->\n", "<!-- end -->\n"
	expected, err := attack.Expected()
	if err != nil {
		t.Fatal(err)
	}
	table := "\n| | Attack | By | " + strings.Join(variants, " | ") + " |\n|---|---|---|---|---|---|---|\n"
	attacks := suite.All()
	if len(attacks) < 25 {
		t.Errorf("only %d attacks", len(attacks))
	}
	for _, a := range attacks {
		row := []string{a.ID, a.Title, string(a.Adversary)}
		for _, v := range variants {
			e, ok := expected.Find(a.ID, v)
			if !ok {
				t.Fatalf("nothing is expected of %s on %s", a.ID, v)
			}
			cell := string(e.Outcome)
			if e.Outcome == attack.NotApplicable {
				cell = "–"
			}
			if e.Basis == attack.OurReading && e.Outcome != attack.NotApplicable {
				cell += " r"
			}
			row = append(row, cell)
		}
		table += fmt.Sprintf("| %s |\n", strings.Join(row, " | "))
	}
	holdsBetween(t, "docs/security.md", begin, end, table)
}

// The figures in docs/security.md are those of the stored attacks.
func TestDocumentsShowTheQuantities(t *testing.T) {
	const begin, end = "<!-- begin: quantities of results/reference/attacks.json, written by go test -run TestDocuments . -update -->\n", "<!-- end -->\n"
	stored, err := reference.Attacks()
	if err != nil {
		t.Fatal(err)
	}
	var md strings.Builder
	if err := attackreport.Write(&md, "markdown", stored, attackreport.Options{}); err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(md.String(), "\n## Quantities\n")
	table, _, ok2 := strings.Cut(rest, "\n\n- ")
	if !ok || !ok2 || strings.Count(table, "\n|") < 8 {
		t.Fatal("the report has another form")
	}
	e := stored.Environment
	table += fmt.Sprintf("\n\nMeasured at commit `%s` on %s, %d processors, %s.\n", stored.Tool.Commit[:12], e.CPU, e.CPUs, e.Started.UTC().Format(time.DateOnly))
	holdsBetween(t, "docs/security.md", begin, end, table)
}

// The tests of the broker that docs/security.md names are there.
func TestDocumentsNameTestsThatExist(t *testing.T) {
	document, err := os.ReadFile("docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	var sources strings.Builder
	paths, err := filepath.Glob("core/broker/*_test.go")
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sources.Write(data)
	}
	names := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(string(document), -1)
	if err != nil || len(names) < 5 {
		t.Fatalf("%d names, %v", len(names), err)
	}
	for _, name := range names {
		if !strings.Contains(sources.String(), "\nfunc "+name[1]+"(t *testing.T)") {
			t.Errorf("there is no %s in core/broker", name[1])
		}
	}
}

// The picture of the threat model has every attack, T1 to T25, once, beside its
// adversary.
func TestThePictureNamesEveryAttack(t *testing.T) {
	svg, err := os.ReadFile("docs/threat-model.svg")
	if err != nil {
		t.Fatal(err)
	}
	group := regexp.MustCompile(`(?s)<g data-by="(A\d)">(.*?)</g>`)
	mark := regexp.MustCompile(`<[^>]*>|\s+`)
	numbers := regexp.MustCompile(`T(\d+)( to T(\d+))?`)
	by := map[string]string{}
	for _, g := range group.FindAllStringSubmatch(string(svg), -1) {
		for _, m := range numbers.FindAllStringSubmatch(mark.ReplaceAllString(g[2], " "), -1) {
			first, _ := strconv.Atoi(m[1])
			last := first
			if m[3] != "" {
				last, _ = strconv.Atoi(m[3])
			}
			for n := first; n <= last; n++ {
				id := "T" + strconv.Itoa(n)
				if by[id] != "" {
					t.Errorf("the picture has %s twice", id)
				}
				by[id] = g[1]
			}
		}
	}
	for _, a := range suite.All() {
		if strings.HasPrefix(a.ID, "T") && by[a.ID] != string(a.Adversary) {
			t.Errorf("%s is by %s, the picture says %q", a.ID, a.Adversary, by[a.ID])
		}
	}
}

// holdsBetween checks the part of a document between two lines.
func holdsBetween(t *testing.T, path, begin, end, part string) {
	t.Helper()
	holds(t, path, func(old string) string {
		before, rest, ok := strings.Cut(old, begin)
		_, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("%s has lost the lines around what is generated", path)
		}
		return before + begin + part + "\n" + end + after
	})
}

// The stories in docs/incidents.md, and how they are expected to end, are those
// that dtbench attack --incident replays.
func TestDocumentsTellTheIncidents(t *testing.T) {
	const begin, end = "<!-- begin: incidents, written by go test -run TestDocuments . -update -->\n", "<!-- end -->\n"
	var stories strings.Builder
	for _, i := range suite.Incidents() {
		fmt.Fprintf(&stories, "\n## %s: `%s`\n\nIn the paper: %s.\n\n%s\n\n", i.Title, i.Name, i.Source, i.Story)
		if i.OutOfScope != "" {
			fmt.Fprintf(&stories, "Out of scope, because %s\n", i.OutOfScope)
			continue
		}
		fmt.Fprintf(&stories, "    dtbench attack --incident %s\n\n", i.Name)
		fmt.Fprintf(&stories, "| %s |\n|%s\n|", strings.Join(variants, " | "), strings.Repeat("---|", len(variants)))
		for _, v := range variants {
			if i.Expected[v] == "" {
				t.Errorf("%s: nothing is expected of %s", i.Name, v)
			}
			fmt.Fprintf(&stories, " %s |", i.Expected[v])
		}
		fmt.Fprintf(&stories, "\n\n%s\n", i.Lesson)
	}
	holdsBetween(t, "docs/incidents.md", begin, end, stories.String())
}
