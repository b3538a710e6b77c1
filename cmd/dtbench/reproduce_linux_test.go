package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/dtbench/dtbench/internal/needs"
)

// The paper's tables beside a fresh run in both languages, cost profiles measured
// on the spot.
func TestReproduceHere(t *testing.T) {
	needs.Python(t)
	if testing.Short() {
		t.Skip("measures for half a minute, then draws as TestReproduce does")
	}
	a, stdout, stderr := inProcess(t)
	out := filepath.Join(t.TempDir(), "here")
	if code := execute(a, []string{"reproduce", "--platform", "local", "--measure", "--out", out, "--format", "markdown"}); code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	for _, name := range []string{fileRunGo, fileRunPython} {
		proven(t, readResult(t, filepath.Join(out, name)))
	}
	judged(t, readClaims(t, out))
	if n := len(readPredictions(t, out)); n != 96 {
		t.Errorf("%d predictions, want 96", n)
	}
	if info, err := os.Stat(filepath.Join(out, fileMicrocosts)); err != nil || info.Size() == 0 {
		t.Errorf("%v", err)
	}
	report, err := os.ReadFile(filepath.Join(out, "report.md"))
	if err != nil || !bytes.Equal(report, stdout.Bytes()) {
		t.Errorf("what was printed is not the report (%v)", err)
	}
	for _, want := range []string{
		"Optimized, measured, go", "Optimized, measured, python", "published beside measured (local machine", "Trigger to handler", "measured for this report",
		"paper-python (measured for this report): CPython", "by dtbench reproduce --platform local",
	} {
		if !bytes.Contains(report, []byte(want)) {
			t.Errorf("the report lacks %q", want)
		}
	}
}
