package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/dtbench/dtbench/results"
)

// interrupt starts a long run, sends sig once the first cell is full, and
// returns the exit code.
func interrupt(t *testing.T, sig syscall.Signal, work string, args ...string) int {
	t.Helper()
	cmd := command(t, args...)
	cmd.Env = append(os.Environ(), "TMPDIR="+work)
	code, said := signalled(t, cmd, sig, func(line string) bool { return strings.HasSuffix(line, " samples") })
	if sig != syscall.SIGKILL {
		if !strings.Contains(said, "hint: the same command with --resume goes on") {
			t.Errorf("no way out is told:\n%s", said)
		}
		nothingLeft(t, cmd.Process.Pid, work)
	}
	return code
}

func TestASignalEndsARunThatCanBeResumed(t *testing.T) {
	for _, c := range []struct {
		sig  syscall.Signal
		code int
	}{{syscall.SIGINT, 130}, {syscall.SIGTERM, 143}} {
		t.Run(c.sig.String(), func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "r.json")
			// The broker's instances are two processes each.
			args := []string{"run", "--platform", "local", "--variant", "benchmark,broker", "--runs", "40", "--out", out, "--format", "json"}
			if code := interrupt(t, c.sig, t.TempDir(), args...); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			before := readResult(t, out)
			const all = 40 * 12
			if n := samples(before); before.Status != results.Interrupted || n < 40 || n >= all {
				t.Fatalf("status %s with %d samples", before.Status, n)
			}

			other, err := command(t, append(args, "--resume", "--seed", "2")...).CombinedOutput()
			if exitCode(err) != 2 || !strings.Contains(string(other), "cannot resume: seed: 1 in the file, 2 now") {
				t.Errorf("another seed: %v %s", err, other)
			}
			if out, err := command(t, append(args, "--resume")...).CombinedOutput(); err != nil {
				t.Fatalf("resume: %v\n%s", err, out)
			}
			after := readResult(t, out)
			if samples(after) != all {
				t.Errorf("%d samples after resuming", samples(after))
			}
			text, err := command(t, append(args, "--resume")...).CombinedOutput()
			if err != nil || !strings.Contains(string(text), "is complete, nothing is left to measure") {
				t.Errorf("resuming a complete run: %v", err)
			}
			proven(t, after)
			for i := range before.Cells {
				for k := range before.Cells[i].Samples {
					if before.Cells[i].Samples[k].Instance != after.Cells[i].Samples[k].Instance {
						t.Fatal("a sample of the interrupted run is gone")
					}
				}
			}
		})
	}
}

func TestAKilledRunLosesNothingItMeasured(t *testing.T) {
	out := filepath.Join(t.TempDir(), "r.json")
	work := t.TempDir()
	args := []string{"run", "--platform", "local", "--out", out}
	interrupt(t, syscall.SIGKILL, work, args...)
	journal, err := os.ReadFile(out + ".journal")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := command(t, append(args, "--resume")...).CombinedOutput(); err != nil {
		t.Fatalf("resume: %v\n%s", err, text)
	}
	f := readResult(t, out)
	if samples(f) != 180 {
		t.Errorf("%d samples", samples(f))
	}
	proven(t, f)
	first, _, _ := bytes.Cut(bytes.SplitN(journal, []byte("\n"), 3)[1], []byte(`","invocation"`))
	id := string(first[bytes.LastIndexByte(first, '"')+1:])
	if id == "" || !strings.Contains(fmt.Sprint(f.Cells[0].Samples, f.Cells[2].Samples), id) {
		t.Errorf("the first sample of the killed run, of instance %q, is gone", id)
	}
	if left, _ := filepath.Glob(filepath.Join(work, "*")); len(left) == 0 {
		t.Error("the killed run left no folder: this test proves nothing about sweeping")
	}
	sweepWorkFolders(work)
	if left, _ := filepath.Glob(filepath.Join(work, "*")); len(left) > 0 {
		t.Errorf("folders are left: %v", left)
	}
	// The kill left cgroups at most, and the next run has swept them away.
	groups, _ := filepath.Glob("/sys/fs/cgroup/*/dtbench-*")
	for _, g := range groups {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(g), "dtbench-"), "-")
		if n, err := strconv.Atoi(pid); err == nil && syscall.Kill(n, 0) != nil {
			t.Errorf("left: %s", g)
		}
	}
}
