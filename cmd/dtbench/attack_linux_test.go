package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/internal/browser"
	"github.com/dtbench/dtbench/results/attack"
)

// openFolder is a folder for temporary files that every user may enter.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "dtbench-attack-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// An attack that is interrupted leaves no process and no file behind.
func TestInterruptedAttackLeavesNothing(t *testing.T) {
	dir := openFolder(t)
	cmd := command(t, "attack", "--variant", "benchmark,literal,broker")
	cmd.Env = append(cmd.Environ(), "TMPDIR="+dir)
	code, said := signalled(t, cmd, os.Interrupt, func(line string) bool { return strings.HasPrefix(line, "dtbench: T3: ") })
	if code != 130 {
		t.Errorf("exit code %d, want 130: %s", code, said)
	}
	nothingLeft(t, cmd.Process.Pid, dir)
}

// The page of real attacks, in a real browser; and nothing is left behind.
func TestThePageOfAttacks(t *testing.T) {
	dir := openFolder(t)
	page := filepath.Join(t.TempDir(), "attacks.html")
	cmd := command(t, "attack", "--attack", "T5,T9,T11,T13,T22,S06", "--variant", "benchmark,literal,optimized", "--quiet", "--format", "html", "--out", page)
	cmd.Env = append(cmd.Environ(), "TMPDIR="+dir)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) != 0 {
		t.Fatalf("%v\n%s", err, out)
	}
	nothingLeft(t, cmd.Process.Pid, dir)
	if testing.Short() {
		t.Skip("starts a browser")
	}
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	// 3 dimensions have attacks here; then tallies, quantities and their details, and
	// of each attack what happened and the evidence.
	const tables = 3 + 1 + 2 + 2*6
	cmd = command(t, "attack", "--incident", "webide,email-approval,temporary-file", "--variant", "benchmark,optimized", "--quiet", "--format", "html")
	cmd.Env = append(cmd.Environ(), "TMPDIR="+dir)
	incidents, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"attacks": tables, "incidents": 2 * 2} // of each that is run the same two
	for _, f := range browser.Look(t, []browser.Page{{Name: "attacks", HTML: html}, {Name: "incidents", HTML: incidents}}, 360, 768, 1280) {
		for _, p := range f.Problems {
			t.Errorf("%s: %s", f, p)
		}
		if f.Tables != want[f.Page] {
			t.Errorf("%s: %d tables, want %d", f, f.Tables, want[f.Page])
		}
	}
}

func TestTheVerdictOfAttacks(t *testing.T) {
	cell := func(outcome, expected attack.Outcome) attack.Cell {
		return attack.Cell{Attack: "T1", Variant: "v", Outcome: outcome, Expected: expected}
	}
	check := func(want int, cells ...attack.Cell) {
		t.Helper()
		got := 0
		if err := attackVerdict(&attack.File{Cells: cells}); err != nil {
			got = asFailure(err).code
		}
		if got != want {
			t.Errorf("%v: exit code %d, want %d", cells, got, want)
		}
	}
	check(0, cell(attack.Hold, attack.Hold), cell(attack.Leak, attack.Leak))
	check(1, cell(attack.Leak, attack.Hold))
	check(1, cell(attack.Hold, attack.Leak)) // an improvement that nobody entered
	check(3, cell(attack.CouldNotRun, attack.Hold))
	check(1, cell(attack.CouldNotRun, attack.Hold), cell(attack.Broken, attack.Hold))
}

// As root, functions run as an ordinary user: a folder that this one cannot enter is
// refused at once.
func TestAFolderThatTheOrdinaryUserCannotEnter(t *testing.T) {
	dir := openFolder(t)
	inner := filepath.Join(dir, "inner")
	if err := os.Mkdir(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := openToAll(inner); err != nil {
		t.Error(err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := openToAll(inner); err == nil || asFailure(err).code != codeUsage {
		t.Errorf("%v", err)
	}
}
