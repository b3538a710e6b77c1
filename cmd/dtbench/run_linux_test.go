package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/internal/needs"
)

// watchPeak reads a process's VmHWM until it ends and returns a function that
// gives the last value in KiB. (ru_maxrss would start at this test's own peak.)
func watchPeak(pid int) func() int {
	last := make(chan int)
	go func() {
		kb := 0
		for {
			data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			_, rest, found := strings.Cut(string(data), "VmHWM:")
			if err != nil || !found { // ended, or a zombie
				last <- kb
				return
			}
			kb, _ = strconv.Atoi(strings.Fields(rest)[0])
			time.Sleep(2 * time.Millisecond)
		}
	}()
	return func() int { return <-last }
}

func TestTheMainJob(t *testing.T) {
	dir, work := t.TempDir(), t.TempDir()
	out := filepath.Join(dir, "r.json")
	cmd := command(t, "run", "--platform", "local", "--out", out)
	cmd.Env = append(os.Environ(), "TMPDIR="+work)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	peak := watchPeak(cmd.Process.Pid)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	switch kb := peak(); {
	case kb == 0:
		t.Error("the harness's memory was not seen")
	case kb > 120_000_000/1024:
		t.Errorf("the harness peaked at %d KiB, more than 120 MB", kb)
	default:
		t.Logf("the harness peaked at %d KiB", kb)
	}
	f := readResult(t, out)
	if n := samples(f); n != 180 {
		t.Errorf("%d samples", n)
	}
	proven(t, f)
	nothingLeft(t, cmd.Process.Pid, work)
	if _, err := os.Stat(out + ".journal"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the journal is left: %v", err)
	}
	if chart, err := os.ReadFile(filepath.Join(dir, "r.svg")); err != nil || !bytes.Contains(chart, []byte("<svg")) {
		t.Errorf("chart: %v", err)
	}
	if strings.Count(stderr.String(), ": 15 samples\n") != 12 {
		t.Errorf("not one line per cell:\n%s", stderr.String())
	}
	for _, table := range []string{"hello on local (measured)", "storage on local (measured)", "network on local (measured)"} {
		if !strings.Contains(stdout.String(), table) {
			t.Errorf("no table %q", table)
		}
	}

	// The log holds the audit chain of every optimized instance, whole: one cold
	// start to warm the page cache and 15 samples in each of 3 scenarios.
	var audited struct {
		Chains []any `json:"chains"`
	}
	verified, err := command(t, "audit", "verify", filepath.Join(dir, "r.log"), "--format", "json").Output()
	if err != nil || json.Unmarshal(verified, &audited) != nil || len(audited.Chains) != 3*16 {
		t.Errorf("audit verify of the log: %v, %d chains", err, len(audited.Chains))
	}

	// report makes the same tables from the file
	again, err := command(t, "report", out).Output()
	if err != nil || !bytes.Equal(again, stdout.Bytes()) {
		t.Errorf("report differs from run (%v):\n%s", err, again)
	}
}

// Every variant works in every scenario, and the records of
// those that keep them are whole.
func TestEveryVariantRuns(t *testing.T) {
	dir, work := t.TempDir(), t.TempDir()
	out := filepath.Join(dir, "r.json")
	cmd := command(t, "run", "--platform", "local", "--variant", "benchmark,literal,optimized,broker", "--runs", "4", "--vcpu", "0", "--out", out)
	cmd.Env = append(os.Environ(), "TMPDIR="+work)
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	f := readResult(t, out)
	if n := samples(f); n != 3*4*2*4 {
		t.Errorf("%d samples", n)
	}
	proven(t, f)
	nothingLeft(t, cmd.Process.Pid, work)
	for _, c := range f.Cells {
		want := 1
		if c.Variant == "broker" {
			want = 2
		}
		for _, s := range c.Samples {
			if s.Processes != want {
				t.Fatalf("%s %s: %d processes", c.Scenario, c.Variant, s.Processes)
			}
		}
	}
	if !bytes.Contains(text, []byte("broker: an instance is 2 processes")) {
		t.Errorf("the report does not say it:\n%s", text)
	}
	if text, err := command(t, "audit", "verify", filepath.Join(dir, "r.log")).CombinedOutput(); err != nil {
		t.Errorf("audit verify of the log: %v\n%s", err, text)
	}
}

func TestTwoRevisionsShareOneSchedule(t *testing.T) {
	needs.Git(t)
	dir := t.TempDir()
	out, base := filepath.Join(dir, "r.json"), filepath.Join(dir, "r-base.json")
	args := []string{"run", "--platform", "local", "--scenario", "hello,storage", "--runs", "6", "--out", out}
	if text, err := command(t, append(args, "--against", "no-such-revision")...).CombinedOutput(); exitCode(err) != 2 || !strings.Contains(string(text), `"no-such-revision" is no commit, branch or tag`) {
		t.Errorf("an unknown revision: %v %s", err, text)
	}
	text, err := command(t, append(args, "--against", "HEAD")...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if !strings.Contains(string(text), "hint: dtbench compare "+base+" "+out) {
		t.Errorf("the next step is not told:\n%s", text)
	}
	var orders []int
	first := map[string]int{}
	for label, path := range map[string]string{"head": out, "base": base} {
		f := readResult(t, path)
		proven(t, f)
		if f.Arms[0].Label != "benchmark@"+label || f.Tool.Commit == "" {
			t.Errorf("%s: arm %q at commit %q", path, f.Arms[0].Label, f.Tool.Commit)
		}
		first[label] = f.Cells[0].Samples[0].Order
		for _, c := range f.Cells {
			for _, s := range c.Samples {
				orders = append(orders, s.Order)
			}
		}
	}
	slices.Sort(orders)
	if want := 2 * 2 * 2 * 2 * 6; len(orders) != want || orders[0] != 1 || orders[want-1] != want {
		t.Errorf("the orders of the two files are not one run of %d: %v", want, orders)
	}
	if max(first["head"], first["base"]) > 8 { // 4 arms × (cold + hot)
		t.Errorf("the first block lacks a label: %v", first)
	}
	if text, err := command(t, args...).CombinedOutput(); exitCode(err) != 2 {
		t.Errorf("an existing result: %v %s", err, text)
	}
}

func TestTwoRunsCannotWriteOneFile(t *testing.T) {
	out := filepath.Join(t.TempDir(), "r.json")
	unlock, err := newOutPaths(out).claim(false)
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"--quiet", "--force", "--resume"} {
		text, err := command(t, "run", "--platform", "local", "--scenario", "hello", "--out", out, flag).CombinedOutput()
		if exitCode(err) != 2 || !strings.Contains(string(text), "another run is writing "+out) {
			t.Errorf("%s: %v %s", flag, err, text)
		}
	}
	unlock()
	if entries, _ := os.ReadDir(filepath.Dir(out)); len(entries) > 0 {
		t.Errorf("left: %v", entries)
	}
}
