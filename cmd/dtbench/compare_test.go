package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/results"
)

// crafted is a complete file of two scenarios, two variants and both starts,
// with 15 runs of lognormal times.
func crafted(seed uint64, cv float64, level func(results.CellKey) float64) *results.File {
	rng := rand.New(rand.NewPCG(seed, 5))
	f := &results.File{
		Schema: results.Schema, Status: results.Complete, Tool: results.Tool{Name: "dtbench", Version: "(devel)", Go: "go1.26.0"},
		Environment: results.Environment{OS: "linux", Arch: "amd64", CPUs: 2},
		Experiment: results.Experiment{
			Platform: "local", Provenance: results.Measured, Contract: "lambda", Runtime: "go",
			Scenarios: []string{"hello", "storage"}, Variants: []string{"benchmark", "optimized"}, Runs: 15, Trim: 1, Seed: seed,
			TimeoutS: 10, Limits: "none", SecretAccesses: map[string]int{"hello": 1, "storage": 2}, Latency: "none", Store: "embedded", Target: "embedded", Interleaved: true,
		},
		Arms: []results.Arm{},
	}
	sigma := math.Sqrt(math.Log1p(cv * cv))
	order := 0
	for _, scenario := range f.Experiment.Scenarios {
		for _, variant := range f.Experiment.Variants {
			for _, start := range []results.Start{results.Cold, results.Hot} {
				invocation := 1
				if start == results.Hot {
					invocation = 3
				}
				c := results.Cell{Scenario: scenario, Variant: variant, Start: start}
				for k := range f.Experiment.Runs {
					order++
					c.Samples = append(c.Samples, results.Sample{
						Order: order, Instance: fmt.Sprint(seed, scenario, variant, k), Invocation: invocation,
						TotalMS: 5 * level(c.Key()) * math.Exp(sigma*rng.NormFloat64()), MemoryBytes: 6 << 20,
					})
				}
				f.Cells = append(f.Cells, c)
			}
		}
	}
	return f
}

func flat(results.CellKey) float64 { return 1 }

// slowed is f where storage/optimized answers hot, and 1 elsewhere.
func slowed(f float64) func(results.CellKey) float64 {
	return func(k results.CellKey) float64 {
		if k == (results.CellKey{Scenario: "storage", Variant: "optimized", Start: results.Hot}) {
			return f
		}
		return 1
	}
}

// call is one run of the command line.
type call struct {
	code           int
	stdout, stderr string
}

func runCompare(t *testing.T, env map[string]string, args ...string) call {
	t.Helper()
	var stdout, stderr bytes.Buffer
	a := &app{stdout: &stdout, stderr: &stderr, getenv: func(k string) string { return env[k] }, workDir: t.TempDir(), now: time.Now}
	code := execute(a, append([]string{"compare"}, args...))
	return call{code, stdout.String(), stderr.String()}
}

func store(t *testing.T, f *results.File) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "r.json")
	if err := results.WriteFile(path, f); err != nil {
		t.Fatal(err)
	}
	return path
}

// edited is the file with one piece of its JSON replaced, which no writer of
// results would do.
func edited(t *testing.T, f *results.File, edit func(string) string) string {
	t.Helper()
	path := store(t, f)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(edit(string(data))), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCompareExitCodes(t *testing.T) {
	base := store(t, crafted(1, 0.02, flat))
	check := func(want int, stderr string, args ...string) call {
		t.Helper()
		c := runCompare(t, nil, args...)
		if c.code != want || !strings.Contains(c.stderr, stderr) {
			t.Errorf("%v: exit code %d, want %d with %q\n%s%s", args, c.code, want, stderr, c.stdout, c.stderr)
		}
		if (want == 2) != (c.stdout == "") {
			t.Errorf("%v: exit code %d with output %q", args, c.code, c.stdout)
		}
		return c
	}
	if c := check(0, "", base, store(t, crafted(2, 0.02, flat))); c.stderr != "" || !strings.Contains(c.stdout, "all 16 cells are ok") {
		t.Errorf("no change: %q\n%s", c.stderr, c.stdout)
	}
	slower := store(t, crafted(3, 0.02, slowed(1.3)))
	c := check(1, "dtbench: regression in 1 of 16 cells\n", base, slower)
	if !strings.Contains(c.stdout, "hot storage/optimized got ") {
		t.Errorf("+30 %%:\n%s", c.stdout)
	}
	check(0, "", base, slower, "--threshold", "40%")
	check(0, "", slower, base)

	wide, wilder := store(t, crafted(14, 0.9, flat)), store(t, crafted(15, 0.9, slowed(1.3)))
	c = check(3, "dtbench: inconclusive in 8 of 16 cells\ndtbench: hint: take more runs", wide, wilder)
	if !strings.Contains(c.stdout, " runs a side to detect a change of 10 %") {
		t.Errorf("huge spread:\n%s", c.stdout)
	}
	if passed := check(0, "", wide, wilder, "--inconclusive", "pass"); passed.stdout != c.stdout {
		t.Errorf("--inconclusive pass changes the words:\n%s", passed.stdout)
	}

	lost := crafted(6, 0.02, slowed(2))
	lost.Cells = append(lost.Cells[:1], lost.Cells[2:]...)                                          // hello benchmark hot
	check(4, "dtbench: not comparable: missing in HEAD: hello benchmark hot", base, store(t, lost)) // a regression is there too: 4 goes before 1
	check(1, "dtbench: regression", base, store(t, lost), "--force")
	other := crafted(7, 0.02, flat)
	other.Experiment.Platform = "aliyun"
	check(4, `not comparable: platform is "local" in BASE and "aliyun" in HEAD`+"\ndtbench: hint: --force", base, store(t, other))
	if c := check(0, "", base, store(t, other), "--force"); !strings.Contains(c.stdout, `Compared by force although platform is "local" in BASE`) {
		t.Errorf("--force does not say so:\n%s", c.stdout)
	}

	link := filepath.Join(t.TempDir(), "link.json")
	if err := os.Symlink(base, link); err != nil {
		t.Fatal(err)
	}
	for _, same := range []string{base, link} {
		check(4, "not comparable: BASE and HEAD hold the same samples", base, same)
		check(0, "", base, same, "--force")
	}

	// 2 goes before everything.
	good := crafted(8, 0.02, flat)
	check(2, "malformed JSON", base, edited(t, good, func(s string) string { return s[:len(s)/2] }))
	check(2, "malformed JSON", edited(t, good, func(s string) string { return s[:len(s)/2] }), store(t, other))
	replaceTime := func(value string) func(string) string {
		return func(s string) string {
			i := strings.Index(s, `"total_ms": `) + len(`"total_ms": `)
			return s[:i] + value + s[i+strings.Index(s[i:], ","):]
		}
	}
	check(2, "cells[0].samples[0].total_ms: negative value -5", base, edited(t, good, replaceTime("-5")))
	check(2, "malformed JSON", base, edited(t, good, replaceTime("NaN")))
	check(2, "no such file", base, filepath.Join(t.TempDir(), "nowhere.json"))
	check(2, "not 1", base)
}

func TestCompareThresholdsFile(t *testing.T) {
	base, head := store(t, crafted(1, 0.02, flat)), store(t, crafted(3, 0.02, slowed(1.3)))
	check := func(content string, want int, stderr string) call {
		t.Helper()
		path := filepath.Join(t.TempDir(), "thresholds.json")
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		c := runCompare(t, nil, base, head, "--thresholds", path)
		if c.code != want || !strings.Contains(c.stderr, stderr) {
			t.Errorf("%s: exit code %d, want %d with %q\n%s", content, c.code, want, stderr, c.stderr)
		}
		return c
	}
	c := check(`{"exceptions": [{"scenario": "storage", "variant": "optimized", "start": "hot", "threshold": "50%", "reason": "the store moved"}]}`, 0, "")
	if !strings.Contains(c.stdout, `Threshold 50 % because "the store moved": hot storage/optimized`) {
		t.Errorf("the reason is not shown:\n%s", c.stdout)
	}
	check(`{"exceptions": [{"scenario": "storage", "threshold": "50%"}]}`, 2, "thresholds.json: not valid thresholds: exceptions[0]: reason is missing\n")
	check(`{"exceptions": [{"scenario": "stroage", "threshold": "50%", "reason": "r"}]}`, 2, "exceptions[0] (stroage) matches no cell")
	check(`{"exceptions": [{"treshold": "50%"}]}`, 2, `unknown field "treshold"`)
}

func TestCompareJSON(t *testing.T) {
	c := runCompare(t, nil, store(t, crafted(1, 0.02, flat)), store(t, crafted(2, 0.02, slowed(1.3))), "--format", "json")
	var doc struct {
		Verdict string
		Cells   []struct{ Verdict string }
	}
	if err := json.Unmarshal([]byte(c.stdout), &doc); err != nil || c.code != 1 || doc.Verdict != "regression" || len(doc.Cells) != 16 {
		t.Errorf("exit code %d, %v: %+v", c.code, err, doc)
	}
}

func TestCompareAppendsToTheStepSummary(t *testing.T) {
	base, head := store(t, crafted(1, 0.02, flat)), store(t, crafted(3, 0.02, slowed(1.3)))
	summary := filepath.Join(t.TempDir(), "summary.md")
	if err := os.WriteFile(summary, []byte("earlier\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := runCompare(t, map[string]string{envStepSummary: summary}, base, head)
	text, err := os.ReadFile(summary)
	if err != nil || c.code != 1 || !strings.HasPrefix(string(text), "earlier\n# dtbench compare: regression") {
		t.Errorf("exit code %d, %v:\n%s", c.code, err, text)
	}
	// A summary that cannot be written changes no verdict.
	c = runCompare(t, map[string]string{envStepSummary: t.TempDir()}, base, head)
	if c.code != 1 || !strings.Contains(c.stderr, "step summary") {
		t.Errorf("exit code %d: %s", c.code, c.stderr)
	}
}

// The rates of report/gate hold for the command too.
func TestCompareRates(t *testing.T) {
	if testing.Short() {
		t.Skip("compares 60 pairs of files")
	}
	count := func(cv float64, level func(results.CellKey) float64, want int) (n int) {
		for i := range uint64(20) {
			if runCompare(t, nil, store(t, crafted(100+2*i, cv, flat)), store(t, crafted(101+2*i, cv, level))).code == want {
				n++
			}
		}
		return n
	}
	alarms, found, clear := count(0.25, flat, 1), count(0.05, slowed(1.2), 1), count(0.03, flat, 0)
	t.Logf("of 20: %d false alarms at CV 0.25, %d of +20 %% found at CV 0.05, %d all clear at CV 0.03", alarms, found, clear)
	if alarms > 1 || found < 19 || clear < 19 {
		t.Errorf("of 20: %d false alarms, %d found, %d clear", alarms, found, clear)
	}
}
