package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/internal/needs"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/python"
)

// With the default limits, every Python function in every variant gives proven
// samples, and the file names the interpreter and all scripts.
func TestRunGivesProvenSamplesOfThePythonFunctions(t *testing.T) {
	needs.Python(t)
	out := filepath.Join(t.TempDir(), "python.json")
	if text, err := command(t, "run", "--platform", "local", "--runtime", "python", "--runs", "4", "--quiet", "--out", out).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	f := readResult(t, out)
	proven(t, f)
	if len(f.Cells) != 2*len(scenarios.All())*len(python.Variants()) || f.Experiment.Runtime != "python" || !strings.HasPrefix(f.Tool.Python, "CPython 3.") {
		t.Errorf("%d cells, runtime %q, interpreter %q", len(f.Cells), f.Experiment.Runtime, f.Tool.Python)
	}
	for _, arm := range f.Arms {
		for _, s := range scenarios.All() {
			want, err := python.Files(s.Name, arm.Variant)
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range want {
				if !slices.Contains(arm.Functions, results.Function{Scenario: s.Name, File: file.Name, SHA256: file.SHA256, Bytes: file.Bytes}) {
					t.Errorf("%s does not list %s of %s", arm.Label, file.Name, s.Name)
				}
			}
		}
	}
}

// Samples of two interpreters are not one measurement.
func TestARunDoesNotGoOnWithAnotherInterpreter(t *testing.T) {
	earlier, now := &results.File{Tool: results.Tool{Python: "CPython 3.8.18"}}, &results.File{Tool: results.Tool{Python: "CPython 3.11.7"}}
	err := resumable(earlier, now)
	if err == nil || !strings.Contains(err.Error(), "python: CPython 3.8.18 in the file, CPython 3.11.7 now") {
		t.Errorf("got %v", err)
	}
	now.Tool.Python = earlier.Tool.Python
	if err := resumable(earlier, now); err != nil {
		t.Error(err)
	}
}
