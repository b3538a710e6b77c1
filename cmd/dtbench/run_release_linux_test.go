package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/dtbench/dtbench/internal/needs"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/build"
)

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
