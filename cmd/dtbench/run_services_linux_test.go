package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/scenarios/build"
	"github.com/dtbench/dtbench/scenarios/services/child"
)

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
