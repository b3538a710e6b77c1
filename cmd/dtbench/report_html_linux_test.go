package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/dtbench/dtbench/internal/browser"
	"github.com/dtbench/dtbench/results"
)

// A real result: its page in a real browser, as it is and with names that are
// an attack, and the command that the page gives.
func TestTheReportOfARealRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.json")
	if out, err := command(t, "run", "--platform", "local", "--runs", "5", "--vcpu", "0", "--quiet", "--out", path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	page := pageOf(t, path)
	t.Run("its command is the run's", func(t *testing.T) { commandIsTheRuns(t, path, page) })
	t.Run("in a browser", func(t *testing.T) {
		if testing.Short() {
			t.Skip("starts a browser")
		}
		f := readResult(t, path)
		makeHostile(f)
		hostile := filepath.Join(t.TempDir(), "r.json")
		if err := results.WriteFile(hostile, f); err != nil {
			t.Fatal(err)
		}
		look(t, browser.Page{Name: "real", HTML: page}, browser.Page{Name: "hostile", HTML: pageOf(t, hostile)})
	})
}

func pageOf(t *testing.T, path string) []byte {
	t.Helper()
	html := filepath.Join(t.TempDir(), "r.html")
	if out, err := command(t, "report", path, "--format", "html", "--out", html).CombinedOutput(); err != nil || len(out) != 0 {
		t.Fatalf("%v\n%s", err, out)
	}
	page, err := os.ReadFile(html)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// look opens the pages on a phone, a tablet and a desktop, and on paper.
func look(t *testing.T, pages ...browser.Page) {
	t.Helper()
	// 3 paper tables, overheads, samples, binaries and one per chart: Fig. 4, 6
	// distributions, 2 splits, 6 drifts.
	const charts, tables = 15, 3 + 1 + 1 + 1 + 15
	found := browser.Look(t, pages, 360, 768, 1280)
	if len(found) != 4*len(pages) {
		t.Errorf("%d findings", len(found))
	}
	for _, f := range found {
		for _, p := range f.Problems {
			t.Errorf("%s: %s", f, p)
		}
		// Two tables sort: 11 columns of overheads and 10 of samples, both ways.
		if f.Tables != tables || f.Charts != charts || !f.Print && (f.Sorted != 42 || f.Filtered != 2) {
			t.Errorf("%s: %+v", f, f)
		}
	}
}

// makeHostile gives f names that are to stay text in every browser context.
func makeHostile(f *results.File) {
	names := []string{
		`<script>window.injected=1</script><img src=x onerror="window.injected=1">`,
		`"></title></style></script><svg onload=injected=1> {{.}} & a-name-without-any-place-to-break-that-is-wider-than-a-phone-` + strings.Repeat("x", 200),
	}
	rename := func(s *string, from, to string) {
		if *s == from {
			*s = to
		}
	}
	for i := range f.Experiment.Scenarios {
		rename(&f.Experiment.Scenarios[i], "hello", names[0])
	}
	for i := range f.Experiment.Variants {
		rename(&f.Experiment.Variants[i], "optimized", names[1])
	}
	for i := range f.Cells {
		rename(&f.Cells[i].Scenario, "hello", names[0])
		rename(&f.Cells[i].Variant, "optimized", names[1])
	}
	f.Environment.CPU, f.Tool.Version, f.Experiment.Store, f.Experiment.Platform = names[0], names[1], names[0], names[1]
	f.Warnings = append(f.Warnings, names...)
	f.Arms[0].Label = names[1]
}

func commandIsTheRuns(t *testing.T, path string, page []byte) {
	t.Helper()
	line := regexp.MustCompile(`(?m)(?:^|<code>)\./dtbench run (.*)$`).FindSubmatch(page)
	if line == nil {
		t.Fatalf("the page gives no command")
	}
	f := &runFlags{}
	cmd := &cobra.Command{}
	f.define(cmd)
	if err := cmd.ParseFlags(strings.Fields(string(line[1]))); err != nil {
		t.Fatalf("%s: %v", line[0], err)
	}
	f.out = filepath.Join(t.TempDir(), "again.json")
	p, err := (&app{getenv: func(string) string { return "" }}).check(f)
	if err != nil {
		t.Fatalf("%s: %v", line[0], err)
	}
	// What the machine decides is not in a command.
	want := readResult(t, path).Experiment
	got := p.experiment
	got.Provenance, got.Limits, got.Seed = want.Provenance, want.Limits, want.Seed
	if d := results.Differences(want, got); len(d) > 0 || f.seed != want.Seed {
		t.Errorf("%s: %v, seed %d", line[0], d, f.seed)
	}
}

// In a GitHub workflow a run shows its tables on the page of the workflow.
func TestARunWritesTheStepSummary(t *testing.T) {
	dir := t.TempDir()
	summary := filepath.Join(dir, "summary.md")
	cmd := command(t, "run", "--platform", "local", "--scenario", "hello", "--runs", "4", "--vcpu", "0", "--quiet", "--out", filepath.Join(dir, "r.json"))
	cmd.Env = append(os.Environ(), envStepSummary+"="+summary)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(summary)
	if err != nil || !strings.HasPrefix(string(text), "# dtbench report: local (measured)\n") || !strings.Contains(string(text), "| Optimized |") {
		t.Errorf("%v\n%s", err, text)
	}
}
