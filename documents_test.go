package dtbench_test

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/dtbench/dtbench/internal/needs"
	"github.com/dtbench/dtbench/report"
	"github.com/dtbench/dtbench/report/stats"
	"github.com/dtbench/dtbench/results"
)

var update = flag.Bool("update", false, "rewrite the generated parts of the documents")

const (
	referenceFile = "results/reference/local.json"
	chartFile     = "docs/fig4.svg"
	blockBegin    = "<!-- begin: tables of " + referenceFile + ", written by make reference -->\n"
	blockEnd      = "<!-- end -->\n"
)

// The figures in the README are those of the stored run, never typed in.
func TestDocumentsShowTheReference(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		needs.Missing(t, "amd64", "the last digits of a chart's coordinates depend on the processor")
	}
	f, err := results.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	if f.Status != results.Complete || f.Tool.Commit == "" || f.Tool.Dirty || len(f.Warnings) > 0 {
		t.Errorf("%s is no reference: status %s, commit %q, dirty %v, warnings %q", referenceFile, f.Status, f.Tool.Commit, f.Tool.Dirty, f.Warnings)
	}
	holds(t, chartFile, func(string) string {
		var chart bytes.Buffer
		if err := report.SVG(&chart, f, report.Options{}); err != nil {
			t.Fatal(err)
		}
		return chart.String()
	})
	holds(t, "README.md", func(old string) string {
		before, rest, ok := strings.Cut(old, blockBegin)
		_, after, ok2 := strings.Cut(rest, blockEnd)
		if !ok || !ok2 {
			t.Fatalf("README.md has lost the lines around its tables")
		}
		return before + blockBegin + tables(t, f) + blockEnd + after
	})
}

// The table of runs needed in docs/ci.md comes from report/stats.
func TestDocumentsShowRunsNeeded(t *testing.T) {
	const begin, end = "<!-- begin: runs needed, written by go test -run TestDocuments . -update -->\n", "<!-- end -->\n"
	holds(t, "docs/ci.md", func(old string) string {
		before, rest, ok := strings.Cut(old, begin)
		_, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatal("docs/ci.md has lost the lines around its table")
		}
		table := "\n| coefficient of variation | 15 runs detect | 60 runs detect | runs to detect 10 % | runs to detect 5 % |\n|---:|---:|---:|---:|---:|\n"
		for _, cv := range []float64{0.01, 0.03, 0.05, 0.10, 0.20, 0.30, 0.50} {
			table += fmt.Sprintf("| %.0f %% | %.1f %% | %.1f %% | %d | %d |\n", 100*cv,
				detectable(t, cv, 15), detectable(t, cv, 60), runsNeeded(t, cv, 0.10), runsNeeded(t, cv, 0.05))
		}
		return before + begin + table + "\n" + end + after
	})
}

// typical is a lognormal sample of n values with coefficient of variation cv
// and no luck in it: the quantiles at (i − ½)/n.
func typical(t *testing.T, cv float64, n int) stats.Trimmed {
	t.Helper()
	d := distuv.LogNormal{Sigma: math.Sqrt(math.Log(1 + cv*cv))}
	xs := make([]float64, n)
	for i := range xs {
		xs[i] = d.Quantile((float64(i) + 0.5) / float64(n))
	}
	trimmed, err := stats.Trim(xs, 1)
	if err != nil {
		t.Fatal(err)
	}
	return trimmed
}

func detectable(t *testing.T, cv float64, n int) (percent float64) {
	t.Helper()
	r, err := stats.NewRatio(typical(t, cv, n), typical(t, cv, n))
	if err != nil {
		t.Fatal(err)
	}
	return 100 * r.MinimumDetectable(0.05, 0.80)
}

func runsNeeded(t *testing.T, cv, target float64) int {
	t.Helper()
	n, err := stats.RunsNeeded(typical(t, cv, 60), typical(t, cv, 60), target, 0.05, 0.80)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// holds checks that the file is what make gives, or makes it so with -update.
func holds(t *testing.T, path string, make func(old string) string) {
	t.Helper()
	old, err := os.ReadFile(path)
	if err != nil && !*update {
		t.Fatal(err)
	}
	want := make(string(old))
	switch {
	case string(old) == want:
	case *update:
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s does not show %s: run make reference, or go test -run TestDocuments . -update", path, referenceFile)
	}
}

// tables are those of dtbench report --format markdown, without its preamble
// and its explanations.
func tables(t *testing.T, f *results.File) string {
	t.Helper()
	var md bytes.Buffer
	if err := report.Markdown(&md, f, report.Options{}); err != nil {
		t.Fatal(err)
	}
	_, body, ok := strings.Cut(md.String(), "\n## ")
	body, _, ok2 := strings.Cut(body, "\nChange compares ")
	if !ok || !ok2 {
		t.Fatal("the Markdown report has another form")
	}
	e := f.Environment
	return strings.ReplaceAll("\n## "+body, "\n## ", "\n### ") + fmt.Sprintf(
		"\nMeasured with `make reference` at commit `%s` on %s, %d processors, Linux %s, functions built with %s.\n\n",
		f.Tool.Commit[:12], e.CPU, e.CPUs, e.Kernel, f.Tool.Go)
}

// Links between documents lead somewhere.
func TestDocumentsLinkToWhatExists(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)
	documents, err := listDocuments()
	if err != nil || len(documents) < 4 {
		t.Fatalf("documents: %v, %v", documents, err)
	}
	links := 0
	for _, path := range documents {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		dir := ""
		if i := strings.LastIndexByte(path, '/'); i >= 0 {
			dir = path[:i+1]
		}
		for _, m := range link.FindAllStringSubmatch(string(data), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			links++
			if _, err := os.Stat(dir + m[1]); err != nil {
				t.Errorf("%s links to %s: %v", path, m[1], err)
			}
		}
	}
	if links < 5 {
		t.Errorf("only %d links were checked", links)
	}
}

func listDocuments() ([]string, error) {
	documents := []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md"}
	entries, err := os.ReadDir("docs")
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".md") {
			documents = append(documents, "docs/"+e.Name())
		}
	}
	return documents, err
}
