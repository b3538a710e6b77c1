package dtbench_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/report"
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
		"overlap, written by make reference": overlapTable(samples), "runtimes, written by make reference": runtimesTable(t),
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

func overlapTable(s *profiles.Samples) string {
	loaded := map[string]string{
		profiles.Bare: "nothing", profiles.Runtime: "the frame of a function", profiles.HTTP: "`http.client`",
		"hello": "the benchmark function hello", "storage": "the benchmark function storage", "network": "the benchmark function network",
	}
	builds := map[string]string{profiles.Cached: "source and compiled", profiles.Binary: "compiled only"}
	text := "| build | loaded before | process (MB) | import (CPU-ms) | quartiles | import (MB) | ω, time | 95 % interval | ω, memory | 95 % interval |\n" +
		"|---|---|---:|---:|---:|---:|---:|---:|---:|---:|\n"
	n := 0
	for _, r := range profiles.Overlaps(s) {
		n = r.ImportMS.N
		text += fmt.Sprintf("| %s | %s | %.2f | %.2f | %.2f to %.2f | %.2f |", builds[r.Build], loaded[r.Context],
			r.ProcessBytes.Median/1e6, r.ImportMS.Median, r.ImportMS.Q1, r.ImportMS.Q3, r.ImportBytes.Median/1e6)
		if r.Context == profiles.Bare {
			text += " 0 | | 0 | |\n"
			continue
		}
		for _, w := range []profiles.Share{r.Time, r.Memory} {
			text += fmt.Sprintf(" %.3f | %.3f to %.3f |", w.Value, w.Interval[0], w.Interval[1])
		}
		text += "\n"
	}
	e := s.Environment
	return text + fmt.Sprintf("\nMedians of %d processes each, measured with `%s` at commit `%s` on %s, %d processors, Linux %s, %s, %s.\n",
		n, s.Command, s.Tool.Commit[:min(12, len(s.Tool.Commit))], e.CPU, e.CPUs, e.Kernel, s.Tool.Python, e.Started.UTC().Format("2006-01-02"))
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
	if err := report.Write(&md, "markdown", sources, report.Options{}); err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(md.String(), "\n## Overhead over benchmark by runtime\n\n")
	if !ok {
		t.Fatal("the report has no table by runtime")
	}
	f := sources[1].File
	table += fmt.Sprintf("\nThe columns of Go are those of the README; Python: `dtbench run --platform local --runtime python` at commit `%s` on %s, %d processors, %s.",
		f.Tool.Commit[:min(12, len(f.Tool.Commit))], f.Environment.CPU, f.Environment.CPUs, f.Tool.Python)
	for _, w := range f.Warnings {
		table += " Warning: " + w + "."
	}
	return table + "\n"
}
