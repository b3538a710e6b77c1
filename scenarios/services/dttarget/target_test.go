package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dtbench/dtbench/scenarios/requestsig"
	"github.com/dtbench/dtbench/scenarios/services/child"
)

const key = "the key of the target, 0123456789"

var executable string

// TestMain builds the real program once.
func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "dttarget-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		executable = filepath.Join(dir, "dttarget")
		if runtime.GOOS == "windows" {
			executable += ".exe"
		}
		if out, err := exec.Command("go", "build", "-o", executable, ".").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

func start(t *testing.T, args ...string) (*child.Running, *http.Client) {
	t.Helper()
	target, err := child.Start(t.Context(), child.Command{Path: executable, Args: args, Env: []string{keyVariable + "=" + key}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := target.Stop(); err != nil {
			t.Error(err)
		}
	})
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return target, &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

// get sends a request, signed with signKey unless that is empty.
func get(t *testing.T, client *http.Client, method, url, signKey string, at time.Time) *http.Response {
	t.Helper()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if signKey != "" {
		if err := requestsig.Sign(req, []byte(signKey), at); err != nil {
			t.Fatal(err)
		}
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// checkContent fails unless r gives the documented bytes, size of them.
func checkContent(t *testing.T, r io.Reader, size int64) {
	t.Helper()
	buffered := bufio.NewReader(r)
	for i := range size {
		b, err := buffered.ReadByte()
		if want := byte(i) ^ byte(i>>8); err != nil || b != want {
			t.Errorf("byte %d of %d: %#x, %v; want %#x", i, size, b, err, want)
			return
		}
	}
	if _, err := buffered.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("more than %d bytes: %v", size, err)
	}
}

func TestAnswers(t *testing.T) {
	for _, size := range []int64{0, 1, 1024, 65_536, 65_537, 1_000_000} {
		target, client := start(t, "--size", fmt.Sprint(size))
		for _, path := range []string{"", "/data?x=%20y", "/a%2Fb//c"} {
			resp := get(t, client, "GET", target.Endpoint+path, key, time.Now())
			if resp.StatusCode != http.StatusOK || resp.ContentLength != size {
				t.Errorf("size %d, %q: status %d, length %d", size, path, resp.StatusCode, resp.ContentLength)
			}
			checkContent(t, resp.Body, size)
		}
	}
}

func TestRefuses(t *testing.T) {
	target, client := start(t, "--window", "1m")
	check := func(name, method, signKey string, age time.Duration, want int, wantText string) {
		t.Helper()
		resp := get(t, client, method, target.Endpoint+"/data", signKey, time.Now().Add(-age))
		text, err := io.ReadAll(resp.Body)
		if resp.StatusCode != want || err != nil || !strings.Contains(string(text), wantText) || strings.Contains(string(text), key) {
			t.Errorf("%s: status %d, %q, %v; want %d, %q", name, resp.StatusCode, text, err, want, wantText)
		}
	}
	check("unsigned", "GET", "", 0, 401, requestsig.ErrMissing.Error())
	check("other key", "GET", key+"x", 0, 401, requestsig.ErrMismatch.Error())
	check("too old", "GET", key, 2*time.Minute, 401, requestsig.ErrExpired.Error())
	check("too early", "GET", key, -2*time.Minute, 401, requestsig.ErrExpired.Error())
	check("within the window", "GET", key, 30*time.Second, 200, "")
	check("POST", "POST", key, 0, 405, "only GET")
	check("unsigned POST", "POST", "", 0, 401, requestsig.ErrMissing.Error())
}

// TestWindowToTheSecond runs the handler with a clock of its own.
func TestWindowToTheSecond(t *testing.T) {
	signed := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	check := func(age time.Duration, want int) {
		t.Helper()
		req := httptest.NewRequest("GET", "http://target/data", nil)
		if err := requestsig.Sign(req, []byte(key), signed); err != nil {
			t.Fatal(err)
		}
		handler, err := parse([]string{"--size", "3"}, func(string) string { return key })
		if err != nil {
			t.Fatal(err)
		}
		handler.now = func() time.Time { return signed.Add(age) }
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, req)
		if w.Code != want {
			t.Errorf("age %v: status %d, want %d", age, w.Code, want)
		}
	}
	check(0, 200)
	check(5*time.Minute, 200)
	check(5*time.Minute+time.Second, 401)
	check(-5*time.Minute, 200)
	check(-5*time.Minute-time.Second, 401)
}

// TestEnds: each way to end it works while a connection is open, and gives exit code 0.
func TestEnds(t *testing.T) {
	check := func(name string, end func(*child.Running) error) {
		t.Helper()
		target, client := start(t)
		if resp := get(t, client, "GET", target.Endpoint, key, time.Now()); resp.StatusCode != 200 {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
		if err := end(target); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		select {
		case <-target.Done():
		case <-time.After(20 * time.Second):
			t.Errorf("%s: still running", name)
		}
		if err := target.Stop(); err != nil { // an exit code other than 0 is an error here
			t.Errorf("%s: %v", name, err)
		}
	}
	signal := func(s os.Signal) func(*child.Running) error {
		return func(target *child.Running) error {
			process, err := os.FindProcess(target.PID())
			if err != nil {
				return err
			}
			return process.Signal(s)
		}
	}
	check("standard input", (*child.Running).Stop)
	if runtime.GOOS != "windows" {
		check("SIGTERM", signal(syscall.SIGTERM))
		check("SIGINT", signal(os.Interrupt))
	}
}

// TestEndsUnderACallerThatDoesNotRead: an answer that nobody takes does not keep the target alive.
func TestEndsUnderACallerThatDoesNotRead(t *testing.T) {
	target, client := start(t, "--size", "1000000000")
	resp := get(t, client, "GET", target.Endpoint, key, time.Now())
	if resp.StatusCode != 200 {
		t.Fatalf("status %d", resp.StatusCode)
	}
	if err := target.Stop(); err != nil {
		t.Error(err)
	}
}

func TestUsage(t *testing.T) {
	check := func(want string, env []string, args ...string) {
		t.Helper()
		_, err := child.Start(t.Context(), child.Command{Path: executable, Args: args, Env: env})
		if err == nil || !strings.Contains(err.Error(), "exit status 2: dttarget: wrong usage: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", args, err, want)
		}
	}
	env := []string{keyVariable + "=" + key}
	check("DTTARGET_KEY is not set", nil)
	check("--size -1: want 0 to 5368709120 bytes", env, "--size", "-1")
	check("invalid value", env, "--size", "1KiB")
	check("--window 0s", env, "--window", "0s")
	check("not defined", env, "--key", "x")
	check(`unexpected argument "more"`, env, "more")
}
