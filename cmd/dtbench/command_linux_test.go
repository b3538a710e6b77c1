package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/results"
)

// command is dtbench as a process of its own, run in the source tree.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("dtbench") // this test binary under its other name, see TestMain
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = filepath.Join("..", "..")
	return cmd
}

func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}

func samples(f *results.File) int {
	n := 0
	for i := range f.Cells {
		n += len(f.Cells[i].Samples)
	}
	return n
}

// proven checks what every complete file must show: pairs of first and third
// invocations of instances of their own, and variants that alternate.
func proven(t *testing.T, f *results.File) {
	t.Helper()
	if f.Status != results.Complete {
		t.Errorf("status %s", f.Status)
	}
	instances := map[string]bool{}
	var order []string
	for i := range f.Cells {
		cold := &f.Cells[i]
		if cold.Start != results.Cold {
			continue
		}
		hot := f.Cell(results.CellKey{Scenario: cold.Scenario, Variant: cold.Variant, Start: results.Hot})
		if len(cold.Samples) != f.Experiment.Runs || len(hot.Samples) != f.Experiment.Runs {
			t.Fatalf("%s/%s: %d cold and %d hot samples of %d", cold.Scenario, cold.Variant, len(cold.Samples), len(hot.Samples), f.Experiment.Runs)
		}
		for k := range cold.Samples {
			c, h := cold.Samples[k], hot.Samples[k]
			if c.Invocation != 1 || h.Invocation != 3 || c.Instance != h.Instance || instances[c.Instance] {
				t.Fatalf("%s/%s pair %d proves nothing: %+v %+v", cold.Scenario, cold.Variant, k, c, h)
			}
			instances[c.Instance] = true
			if c.StartMS == nil || c.InitMS == nil || c.ToHandlerMS == nil || *c.StartMS > *c.ToHandlerMS || *c.ToHandlerMS > c.TotalMS {
				t.Fatalf("%s/%s pair %d: times out of order: %+v", cold.Scenario, cold.Variant, k, c)
			}
			for len(order) < c.Order {
				order = append(order, "")
			}
			order[c.Order-1] = cold.Scenario + "/" + cold.Variant
		}
	}
	order = slices.DeleteFunc(order, func(s string) bool { return s == "" })
	longest, run := 0, 0
	for i := range order {
		if i > 0 && order[i] == order[i-1] {
			run++
		} else {
			run = 1
		}
		longest = max(longest, run)
	}
	if want := len(f.Experiment.Variants); longest > want {
		t.Errorf("one arm was visited %d times in a row: not interleaved", longest)
	}
}

// signalled runs cmd, sends it sig when it has said the line that is awaited, and
// returns its exit code and all that it said.
func signalled(t *testing.T, cmd *exec.Cmd, sig os.Signal, awaited func(line string) bool) (code int, said string) {
	t.Helper()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	sent := false
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		said += lines.Text() + "\n"
		if !sent && awaited(lines.Text()) {
			sent = true
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
		}
	}
	return exitCode(cmd.Wait()), said
}

// nothingLeft checks that no cgroup of the harness pid, no program of its folder
// for temporary files and nothing in there is left.
func nothingLeft(t *testing.T, pid int, work string) {
	t.Helper()
	for _, pattern := range []string{"/sys/fs/cgroup/*/dtbench-%d-*", "/sys/fs/cgroup/dtbench-%d-*", "/sys/fs/cgroup/*/*/*/dtbench-%d-*"} {
		if found, _ := filepath.Glob(fmt.Sprintf(pattern, pid)); len(found) > 0 {
			t.Errorf("cgroups are left: %v", found)
		}
	}
	programs, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil || len(programs) == 0 {
		t.Fatalf("no process is seen (%v)", err)
	}
	for _, link := range programs {
		if path, err := os.Readlink(link); err == nil && strings.HasPrefix(path, work) {
			t.Errorf("a process is left: %s %s", link, path)
		}
	}
	if entries, err := os.ReadDir(work); err == nil && len(entries) > 0 {
		t.Errorf("temporary files are left: %v", entries)
	}
}
