package dtbench_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/report"
	"github.com/dtbench/dtbench/report/reproduction"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/profiles"
)

// The figures about the Python functions in docs/measuring.md come from the
// stored measurements.
func TestDocumentsShowThePythonFunctions(t *testing.T) {
	samples, err := profiles.LoadSamples(profiles.PaperPython)
	if err != nil {
		t.Fatal(err)
	}
	if samples.Tool.Commit == "" || samples.Tool.Dirty {
		t.Errorf("the samples of %s are no reference: commit %q, dirty %v", profiles.PaperPython, samples.Tool.Commit, samples.Tool.Dirty)
	}
	for what, text := range map[string]string{
		"overlap, written by make reference": overlapTable(t, samples), "runtimes, written by make reference": runtimesTable(t),
	} {
		begin, end := "<!-- begin: "+what+" -->\n", "<!-- end -->\n"
		holds(t, "docs/measuring.md", func(old string) string {
			before, rest, ok := strings.Cut(old, begin)
			_, after, ok2 := strings.Cut(rest, end)
			if !ok || !ok2 {
				t.Fatalf("docs/measuring.md has lost the lines around its table of %s", what)
			}
			return before + begin + "\n" + text + "\n" + end + after
		})
	}
}

func overlapTable(t *testing.T, s *profiles.Samples) string {
	t.Helper()
	var md bytes.Buffer
	if err := reproduction.OverlapTable(&md, s); err != nil {
		t.Fatal(err)
	}
	return md.String()
}

func runtimesTable(t *testing.T) string {
	t.Helper()
	var sources []report.Source
	for _, name := range []string{referenceFile, "results/reference/python.json"} {
		f, err := results.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, report.Source{Name: name, File: f})
	}
	var md bytes.Buffer
	if err := report.RuntimesTable(&md, sources, report.Options{}); err != nil {
		t.Fatal(err)
	}
	f := sources[1].File
	text := fmt.Sprintf("\nThe columns of Go are those of the README; Python: `dtbench run --platform local --runtime python` at commit `%.12s` on %s, %d processors, %s.",
		f.Tool.Commit, f.Environment.CPU, f.Environment.CPUs, f.Tool.Python)
	for _, w := range f.Warnings {
		text += " Warning: " + w + "."
	}
	return md.String() + text + "\n"
}
