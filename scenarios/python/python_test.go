package python

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/internal/needs"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/objectstore"
	"github.com/dtbench/dtbench/scenarios/requestsig"
)

// unpacked is the interpreter and a folder with the scripts in the form.
func unpacked(t *testing.T, form Form) (Interpreter, string) {
	t.Helper()
	needs.Python(t)
	i, err := Find(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := i.Unpack(context.Background(), dir, form); err != nil {
		t.Fatal(err)
	}
	return i, dir
}

// run runs a program in the folder of the scripts and decodes the last line that
// it prints.
func run(t *testing.T, i Interpreter, dir, program string, env []string, result any) {
	t.Helper()
	command := append(i.Command(), "-c", program)
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir, cmd.Env = dir, env
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, complaint.String())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), result); err != nil {
		t.Fatalf("%v: %q", err, out)
	}
}

// A request signed in Python carries the very signature of the Go client.
func TestSignaturesAreThoseOfGo(t *testing.T) {
	i, dir := unpacked(t, Cached)
	now := time.Date(2025, 9, 8, 7, 6, 5, 0, time.UTC)
	const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	put := func(endpoint, bucket, key, body string) {
		t.Helper()
		c := objectstore.Client{Endpoint: endpoint, Region: "eu-west-1", Bucket: bucket, AccessKey: "AKIDEXAMPLE", Now: func() time.Time { return now }}
		want, err := c.SignPut(context.Background(), key, []byte(body), []byte(secret))
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Path    string
			Headers map[string]string
		}
		run(t, i, dir, fmt.Sprintf(`import json, object_store
path, headers, _ = object_store.Bucket(%q, "eu-west-1", %q, "AKIDEXAMPLE").sign_put(%q, %q.encode(), %q.encode(), %d)
print(json.dumps({"path": path, "headers": headers}))`, endpoint, bucket, key, body, secret, now.Unix()), nil, &got)
		if got.Path != want.URL.EscapedPath() || got.Headers["Host"] != want.Host || got.Headers["Authorization"] != want.Header.Get("Authorization") {
			t.Errorf("%s %s %s:\n%+v, want\n%s %s %v", endpoint, bucket, key, got, want.Host, want.URL.EscapedPath(), want.Header)
		}
	}
	put("http://127.0.0.1:9000", "bench", "dtbench/1f/hello", "dddd")
	put("http://127.0.0.1:9000", "bench", "a b/ü+~_-.&=%", "")
	put("http://store.example:80", "bench", "k", "x")
	put("http://[::1]:9000", "bench", "k", "x")
	put("https://s3.eu-west-1.amazonaws.com", "bench", "k", "x")
	put("https://s3.eu-west-1.amazonaws.com:8443/", "bench", "k", "x")
	put("https://cos.ap-guangzhou.myqcloud.com", "bench-125", "k/l", "x")

	get := func(url, host, path string) {
		t.Helper()
		want, err := http.NewRequest(http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := requestsig.Sign(want, []byte(secret), now); err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		run(t, i, dir, fmt.Sprintf(`import json, http_client, request_signature
target = http_client.parse(%q, "TARGET_URL")
headers = request_signature.sign("GET", target.host, target.path, %q.encode(), %d)
headers.update(host=target.host, path=target.path)
print(json.dumps(headers))`, url, secret, now.Unix()), nil, &got)
		if got[requestsig.DateHeader] != want.Header.Get(requestsig.DateHeader) || got[requestsig.SignatureHeader] != want.Header.Get(requestsig.SignatureHeader) || got["host"] != host || got["path"] != path {
			t.Errorf("%s: %v, want %v", url, got, want.Header)
		}
	}
	get("http://127.0.0.1:8080/data?x=1&y=%20", "127.0.0.1:8080", "/data?x=1&y=%20")
	get("https://target.example", "target.example", "/")
	get("http://Target.Example:8080/", "target.example:8080", "/")
}

// What a function imports is what Files lists, and the benchmark function has
// loaded no more than its own handler needs.
func TestAFunctionLoadsWhatItNeedsOnly(t *testing.T) {
	i, dir := unpacked(t, Cached)
	loaded := func(modules ...string) []string {
		t.Helper()
		var names []string
		run(t, i, dir, "import sys, "+strings.Join(modules, ", ")+"\nimport json\nprint(json.dumps(sorted(sys.modules)))", nil, &names)
		return names
	}
	for _, s := range scenarios.All() {
		for _, v := range Variants() {
			files, err := Files(s.Name, v.Name)
			if err != nil {
				t.Fatal(err)
			}
			main := strings.TrimSuffix(files[0].Name, ".py")
			source, err := scripts.ReadFile(files[0].Name)
			if err != nil {
				t.Fatal(err)
			}
			var imports []string
			for line := range strings.Lines(string(source)) {
				if name, ok := strings.CutPrefix(line, "import "); ok {
					imports = append(imports, strings.TrimSpace(name))
				}
			}
			names := loaded(imports...)
			var want, got []string
			for _, f := range files[1:] {
				want = append(want, strings.TrimSuffix(f.Name, ".py"))
			}
			for _, name := range names {
				if _, err := fs.Stat(scripts, name+".py"); err == nil {
					got = append(got, name)
				}
			}
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s loads %v, Files lists %v", main, got, want)
			}
		}
	}
	hello := loaded("frame", "plain_secrets", "hello")
	for _, heavy := range []string{"hashlib", "hmac", "ssl", "http.client", "base64", "urllib.parse", "dynamic_token"} {
		if slices.Contains(hello, heavy) {
			t.Errorf("the benchmark hello function loads %s", heavy)
		}
	}
}

// The few lines in hello.py against the standard library.
func TestHMACIsThatOfTheStandardLibrary(t *testing.T) {
	i, dir := unpacked(t, Cached)
	var wrong []int
	run(t, i, dir, `import hashlib, hmac, json, os, hello
wrong = []
for size in list(range(130)) + [1000]:
    key, message = os.urandom(size), os.urandom(3 * size)
    if hello.hmac_sha256(key, message) != hmac.new(key, message, "sha256").hexdigest():
        wrong.append(size)
print(json.dumps(wrong))`, nil, &wrong)
	if len(wrong) > 0 {
		t.Errorf("keys of %v bytes", wrong)
	}
}

// Algorithm 1, step by step, and what is left in the environment.
func TestATokenOpensOnceAndForItsRequestOnly(t *testing.T) {
	i, dir := unpacked(t, Cached)
	const secret = "canary-71c2-secret-value-longer-than-one-block-of-32-bytes"
	var got map[string]any
	run(t, i, dir, `import json, os, time, dynamic_token
guard = dynamic_token.open_environment()
seen = {}

def attempt(name, *args):
    try:
        seen[name] = guard.open(*args).decode()
    except dynamic_token.AccessDenied as error:
        seen[name] = str(error)

token, nonce, at = guard.issue("r1", "API_KEY")
attempt("other request", "r2", "API_KEY", token, nonce, at)
attempt("other key", "r1", "OTHER", token, nonce, at)
attempt("other time", "r1", "API_KEY", token, nonce, at + 1)
attempt("forged", "r1", "API_KEY", "0" * 64, nonce, at)
attempt("granted", "r1", "API_KEY", token, nonce, at)
attempt("again", "r1", "API_KEY", token, nonce, at)
old = time.time_ns() - 11 * 10**9
attempt("old", "r1", "API_KEY", guard.token("r1", "n", old, "API_KEY"), "n", old)
seen["eq 1"] = guard.token("r1", "n", 5, "API_KEY") == __import__("hashlib").sha256(("r1" + guard.instance_id + "n5API_KEY").encode()).hexdigest()
seen["environment"] = os.environ["API_KEY"]
guard.sealed["API_KEY"], guard.sealed["OTHER"] = guard.sealed["OTHER"], guard.sealed["API_KEY"]
attempt("swapped", "r3", "API_KEY", *guard.issue("r3", "API_KEY"))
guard.used = {"a": 0, "b": time.time_ns()}
guard.forget(time.time_ns())
seen["nonces"] = list(guard.used)
try:
    guard.use("r1", "NOBODY", len)
except LookupError as error:
    seen["unknown"] = str(error)
print()
print(json.dumps(seen))`, []string{"ENCRYPTION_KEYS=API_KEY, OTHER", "API_KEY=" + secret, "OTHER=o"}, &got)
	check := func(what string, want any) {
		t.Helper()
		if got[what] != want {
			t.Errorf("%s: %v, want %v", what, got[what], want)
		}
	}
	const denied = "access to API_KEY was denied"
	check("other request", denied)
	check("other key", "access to OTHER was denied")
	check("other time", denied)
	check("forged", denied)
	check("granted", secret)
	check("again", denied)
	check("old", denied)
	check("swapped", denied)
	check("eq 1", true)
	check("unknown", "NOBODY is not among ENCRYPTION_KEYS")
	if environment, _ := got["environment"].(string); environment == "" || strings.Contains(environment, "canary") {
		t.Errorf("the environment holds %q", environment)
	}
	if nonces, _ := got["nonces"].([]any); len(nonces) != 1 || nonces[0] != "b" {
		t.Errorf("nonces after the window: %v", got["nonces"])
	}
}

// The modules do not stand in the way of the standard library's: a function's
// folder comes first in the search path.
func TestNoScriptHidesAStandardModule(t *testing.T) {
	i, _ := unpacked(t, Cached)
	names, err := fs.Glob(scripts, "*.py")
	if err != nil || len(names) < 10 {
		t.Fatal(names, err)
	}
	for n := range names {
		names[n] = strings.TrimSuffix(names[n], ".py")
	}
	list, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	var hidden []string
	run(t, i, t.TempDir(), fmt.Sprintf(`import importlib.util, json
print(json.dumps([name for name in %s if importlib.util.find_spec(name)]))`, list), nil, &hidden)
	if len(hidden) > 0 {
		t.Errorf("there are standard modules %v", hidden)
	}
}

// Each form holds what its name says, and the binary one runs.
func TestForms(t *testing.T) {
	count := func(dir, pattern string) int {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	_, cached := unpacked(t, Cached)
	i, binary := unpacked(t, Binary)
	sources := count(cached, "*.py")
	if sources < 10 || count(cached, "__pycache__/*.pyc") != sources {
		t.Errorf("%d sources, %d compiled", sources, count(cached, "__pycache__/*.pyc"))
	}
	if count(binary, "*.py") != 0 || count(binary, "*.pyc") != sources {
		t.Errorf("%d sources, %d compiled files", count(binary, "*.py"), count(binary, "*.pyc"))
	}
	var file string
	run(t, i, binary, `import json, dynamic_token; print(json.dumps(dynamic_token.__file__))`, nil, &file)
	if filepath.Ext(file) != ".pyc" {
		t.Errorf("the module came from %s", file)
	}
}

func TestOnlyCPython38OrLaterWillDo(t *testing.T) {
	check := func(says string, want error, version string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "python3")
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+says+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		i, err := describe(context.Background(), path)
		if !errors.Is(err, want) || i.Version != version {
			t.Errorf("%s: %+v, %v", says, i, err)
		}
	}
	needs.Linux(t) // a shell script stands for an interpreter
	check(`echo '["/usr/bin/python3.8", "cpython", 3, 8, 18]'`, nil, "CPython 3.8.18")
	check(`echo '["/usr/bin/python3.7", "cpython", 3, 7, 16]'`, ErrMissing, "")
	check(`echo '["/usr/bin/pypy3", "pypy", 3, 10, 1]'`, ErrMissing, "")
	check(`echo '["", "cpython", 3, 11, 1]'`, ErrMissing, "")
	check(`echo hello`, ErrMissing, "")
	check(`exit 1`, ErrMissing, "")

	t.Setenv("PATH", t.TempDir())
	if _, err := Find(context.Background()); !errors.Is(err, ErrMissing) {
		t.Errorf("an empty path: %v", err)
	}
	i := Interpreter{Path: "/bin/false"}
	if err := i.Unpack(context.Background(), t.TempDir(), Cached); !errors.Is(err, ErrScripts) {
		t.Errorf("an interpreter that fails: %v", err)
	}
}

func TestWhatThereIsInPython(t *testing.T) {
	var names []string
	for _, v := range Variants() {
		names = append(names, v.Name)
		for _, s := range scenarios.All() {
			if _, err := Files(s.Name, v.Name); err != nil {
				t.Error(err)
			}
		}
	}
	if !slices.Equal(names, []string{"benchmark", "optimized"}) {
		t.Errorf("variants %v", names)
	}
	if _, err := Files("hello", "literal"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("literal: %v", err)
	}
}
