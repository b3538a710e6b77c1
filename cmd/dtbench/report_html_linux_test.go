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

// realReport makes a result on this machine, changes it where change is given,
// and returns its path and its page.
func realReport(t *testing.T, change func(*results.File)) (path string, page []byte) {
	t.Helper()
	dir := t.TempDir()
	path = filepath.Join(dir, "r.json")
	if out, err := command(t, "run", "--platform", "local", "--runs", "5", "--vcpu", "0", "--quiet", "--out", path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if change != nil {
		f := readResult(t, path)
		change(f)
		if err := results.WriteFile(path, f); err != nil {
			t.Fatal(err)
		}
	}
	html := filepath.Join(dir, "r.html")
	if out, err := command(t, "report", path, "--format", "html", "--out", html).CombinedOutput(); err != nil || len(out) != 0 {
		t.Fatalf("%v\n%s", err, out)
	}
	page, err := os.ReadFile(html)
	if err != nil {
		t.Fatal(err)
	}
	return path, page
}

func looksWell(t *testing.T, page []byte, tables, charts int) {
	t.Helper()
	for _, f := range browser.Look(t, page, 360, 768, 1280) {
		for _, p := range f.Problems {
			t.Errorf("at %d px: %s", f.Width, p)
		}
		// Two tables sort: 11 columns of overheads and 10 of samples, both ways.
		if f.Tables != tables || f.Charts != charts || f.Sorted != 42 || f.Filtered != 2 {
			t.Errorf("at %d px: %+v", f.Width, f)
		}
	}
}

// A real result, in a real browser, on a phone, a tablet and a desktop.
func TestTheReportOfARealRunInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	_, page := realReport(t, nil)
	// 3 paper tables, overheads, samples, binaries and one per chart: Fig. 4, 6
	// distributions, 2 splits, 6 drifts.
	looksWell(t, page, 3+1+1+1+15, 15)
}

// What a file names stays text, in every browser context.
func TestAHostileReportInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	names := []string{
		`<script>window.injected=1</script><img src=x onerror="window.injected=1">`,
		`"></title></style></script><svg onload=injected=1> {{.}} & a-name-without-any-place-to-break-that-is-wider-than-a-phone-` + strings.Repeat("x", 200),
	}
	_, page := realReport(t, func(f *results.File) {
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
	})
	looksWell(t, page, 3+1+1+1+15, 15)
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

// The command that the page gives runs the experiment of the file.
func TestTheReportsCommandIsTheRuns(t *testing.T) {
	path, page := realReport(t, nil)
	line := regexp.MustCompile(`(?m)^\./dtbench run (.*)$`).FindSubmatch(page)
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
