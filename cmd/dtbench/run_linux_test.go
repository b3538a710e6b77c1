package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dtbench/dtbench/internal/needs"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/build"
	"github.com/dtbench/dtbench/scenarios/services/child"
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

func readResult(t *testing.T, path string) *results.File {
	t.Helper()
	f, err := results.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
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

// nothingLeft checks that no process and no cgroup of the harness pid is left.
func nothingLeft(t *testing.T, pid int, work string) {
	t.Helper()
	for _, pattern := range []string{"/sys/fs/cgroup/*/dtbench-%d-*", "/sys/fs/cgroup/dtbench-%d-*", "/sys/fs/cgroup/*/*/*/dtbench-%d-*"} {
		if found, _ := filepath.Glob(fmt.Sprintf(pattern, pid)); len(found) > 0 {
			t.Errorf("cgroups are left: %v", found)
		}
	}
	links, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && strings.HasPrefix(target, work) {
			t.Errorf("a process is left: %s", target)
		}
	}
	if entries, err := os.ReadDir(work); err == nil && len(entries) > 0 {
		t.Errorf("temporary files are left: %v", entries)
	}
}

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

// interrupt starts a long run, sends sig once the first cell is full, and
// returns the exit code.
func interrupt(t *testing.T, sig syscall.Signal, work string, args ...string) int {
	t.Helper()
	cmd := command(t, args...)
	cmd.Env = append(os.Environ(), "TMPDIR="+work)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stderr)
	var text strings.Builder
	for sent := false; ; {
		line, err := lines.ReadString('\n')
		text.WriteString(line)
		if err != nil {
			break
		}
		if !sent && strings.HasSuffix(line, " samples\n") {
			sent = true
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
		}
	}
	code := exitCode(cmd.Wait())
	if sig != syscall.SIGKILL {
		if !strings.Contains(text.String(), "hint: the same command with --resume goes on") {
			t.Errorf("no way out is told:\n%s", text.String())
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

// TestAnOrdinaryUserWithoutGo runs a release folder as a user who owns nothing
// else: no root, no toolchain, no home, no cgroups.
func TestAnOrdinaryUserWithoutGo(t *testing.T) {
	needs.Root(t)
	dir, err := os.MkdirTemp("", "dtbench-release-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	functions := filepath.Join(dir, "functions")
	if err := errors.Join(os.Chmod(dir, 0o777), os.Mkdir(functions, 0o755)); err != nil {
		t.Fatal(err)
	}
	binaries, origin, err := build.Programs(context.Background(), build.Options{WorkDir: "."}, functions,
		build.AllPrograms(scenarios.All(), scenarios.Variants()))
	if err != nil {
		t.Fatal(err)
	}
	if err := build.WriteManifest(functions, origin, binaries); err != nil {
		t.Fatal(err)
	}
	dtbench := filepath.Join(dir, "dtbench")
	copyFile(t, command(t).Path, dtbench)
	run := func(args ...string) (string, int) {
		cmd := exec.Command(dtbench, args...)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=/nowhere", "TMPDIR=" + dir}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := cmd.CombinedOutput()
		return string(out), exitCode(err)
	}
	out, code := run("run", "--platform", "local", "--out", "r.json")
	if code != 0 || strings.Count(out, "running without memory and CPU limits") != 1 {
		t.Fatalf("exit code %d:\n%s", code, out)
	}
	f := readResult(t, filepath.Join(dir, "r.json"))
	if f.Experiment.Limits != "none" || samples(f) != 180 {
		t.Errorf("limits %q, %d samples", f.Experiment.Limits, samples(f))
	}
	proven(t, f)
	if f.Cells[0].Samples[0].MemoryBytes == 0 {
		t.Error("no memory was measured")
	}
	// a folder that cannot be written
	if out, code := run("run", "--platform", "local", "--out", "functions/r.json"); code != 2 || !strings.Contains(out, "cannot write in functions: permission denied") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	// a program that is not what the manifest promises
	if err := os.WriteFile(filepath.Join(functions, "hello-benchmark"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, code := run("run", "--platform", "local", "--out", "s.json"); code != 1 || !strings.Contains(out, "hello-benchmark") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		t.Fatal(err)
	}
}

// brokenStore accepts the check before the run and fails every write after it.
func brokenStore(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && !strings.HasSuffix(r.URL.Path, "/probe") {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestABrokenFunctionStopsItsCellsOnly(t *testing.T) {
	out := filepath.Join(t.TempDir(), "r.json")
	run := func(wantCode int, scenario string, extra ...string) string {
		t.Helper()
		cmd := command(t, append([]string{
			"run", "--platform", "local", "--runs", "5", "--out", out, "--scenario", scenario,
			"--store-endpoint", brokenStore(t), "--store-bucket", "b", "--store-access-key", "k",
		}, extra...)...)
		cmd.Env = append(os.Environ(), "DTBENCH_STORE_SECRET_KEY=canary-of-the-store")
		text, err := cmd.CombinedOutput()
		if code := exitCode(err); code != wantCode {
			t.Errorf("%s: exit code %d, want %d\n%s", scenario, code, wantCode, text)
		}
		log, _ := os.ReadFile(strings.TrimSuffix(out, "json") + "log")
		file, _ := os.ReadFile(out)
		for _, where := range [][]byte{text, log, file} {
			if bytes.Contains(where, []byte("canary-of-the-store")) {
				t.Error("the store's secret is told")
			}
		}
		return string(text)
	}
	text := run(3, "hello,storage")
	for _, want := range []string{
		"storage/benchmark cold: dropped an attempt: the handler returned an error",
		"status 500",
		"storage/benchmark cold: stopped with 0 samples: failed 4 times in a row",
		"4 of 8 cells are complete",
		"hint: --resume tries the others again",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("nothing says %q:\n%s", want, text)
		}
	}
	f := readResult(t, out)
	if f.Status != results.Partial || samples(f) != 20 {
		t.Errorf("status %s with %d samples", f.Status, samples(f))
	}
	if text := run(1, "storage", "--force"); !strings.Contains(text, "no cell was completed") {
		t.Errorf("nothing tells the failure:\n%s", text)
	}
}

func TestARealStoreOfTheUsersWorks(t *testing.T) {
	dir := t.TempDir()
	store := build.ServiceProgram("dtstore")
	binaries, _, err := build.Programs(context.Background(), build.Options{WorkDir: "."}, dir, []build.Program{store})
	if err != nil {
		t.Fatal(err)
	}
	service, err := child.Start(context.Background(), child.Command{
		Path: binaries[store.Name].Path, Args: []string{"--root", filepath.Join(dir, "root"), "--bucket", "mine"},
		Env: []string{"DTSTORE_ACCESS_KEY=me", "DTSTORE_SECRET_KEY=the-secret-of-this-test"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := service.Stop(); err != nil {
			t.Error(err)
		}
	}()
	secret := filepath.Join(dir, "secret")
	run := func(content string) (string, int) {
		if err := os.WriteFile(secret, []byte(content+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := command(t, "run", "--platform", "local", "--scenario", "storage", "--runs", "4", "--out", filepath.Join(dir, "r.json"), "--force",
			"--store-endpoint", service.Endpoint, "--store-bucket", "mine", "--store-access-key", "me", "--store-secret-file", secret).CombinedOutput()
		return string(out), exitCode(err)
	}
	if out, code := run("the-secret-of-this-test"); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, out)
	}
	for _, name := range []string{"r.json", "r.svg", "r.log"} {
		if data, _ := os.ReadFile(filepath.Join(dir, name)); bytes.Contains(data, []byte("the-secret-of-this-test")) {
			t.Errorf("%s holds the secret", name)
		}
	}
	f := readResult(t, filepath.Join(dir, "r.json"))
	proven(t, f)
	if f.Experiment.Store != strings.TrimPrefix(service.Endpoint, "http://") {
		t.Errorf("the file names the store %q", f.Experiment.Store)
	}
	if out, code := run("another-secret"); code != 1 || !strings.Contains(out, "denied access") || strings.Contains(out, "another-secret") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

func TestInjectedLatencyIsRecordedPerInvocation(t *testing.T) {
	out := filepath.Join(t.TempDir(), "r.json")
	if text, err := command(t, "run", "--platform", "local", "--scenario", "network", "--runs", "4", "--latency", "same-region", "--out", out).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	f := readResult(t, out)
	proven(t, f)
	for i := range f.Cells {
		for _, s := range f.Cells[i].Samples {
			if len(s.Delays) != 2 || s.Delays[0].Service != "target" || s.Delays[1].Service != "store" {
				t.Fatalf("delays %v", s.Delays)
			}
			if s.TotalMS < s.Delays[0].MS+s.Delays[1].MS {
				t.Errorf("total %v ms holds delays of %v", s.TotalMS, s.Delays)
			}
		}
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
