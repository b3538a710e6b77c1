package main

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
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

// leftovers are the files in dir and the processes that run programs from there.
func leftovers(t *testing.T, dir string) []string {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	programs, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range programs {
		if path, err := os.Readlink(link); err == nil && strings.HasPrefix(path, dir) {
			left = append(left, link+" "+path)
		}
	}
	return left
}

// An attack that is interrupted leaves no process and no file behind.
func TestInterruptedAttackLeavesNothing(t *testing.T) {
	dir := openFolder(t)
	cmd := command(t, "attack", "--variant", "benchmark,literal,broker")
	cmd.Env = append(cmd.Environ(), "TMPDIR="+dir)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if strings.HasPrefix(lines.Text(), "dtbench: T3: ") {
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
		}
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Errorf("%v, want exit code 130: %s", err, said.String())
	}
	if left := leftovers(t, dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
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
	if left := leftovers(t, dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	if testing.Short() {
		t.Skip("starts a browser")
	}
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	// 3 dimensions have attacks here; then tallies, quantities and their details,
	// OWASP, and one table of each attack.
	const tables = 3 + 1 + 2 + 1 + 6
	for _, f := range browser.Look(t, []browser.Page{{Name: "attacks", HTML: html}}, 360, 768, 1280) {
		for _, p := range f.Problems {
			t.Errorf("%s: %s", f, p)
		}
		if f.Tables != tables {
			t.Errorf("%s: %d tables, want %d", f, f.Tables, tables)
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
