package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core/audit"
)

// auditFixtures are the files that testdata/script/audit*.txtar read. Ids, times
// and keys are fixed, so that the files are the same every time.
func auditFixtures(t *testing.T) map[string]string {
	t.Helper()
	encrypt, err := audit.NewFieldEncryption(bytes.Repeat([]byte("f"), 32))
	if err != nil {
		t.Fatal(err)
	}
	attack := auditFixture(t, audit.Options{Random: strings.NewReader("\x01chain-1")}, true)
	return map[string]string{
		"attack.jsonl": attack,
		"two.jsonl":    attack + auditFixture(t, audit.Options{Random: strings.NewReader("\x02chain-2")}, false),
		"keyed.jsonl":  auditFixture(t, audit.Options{Random: strings.NewReader("\x03chain-3"), ChainKey: bytes.Repeat([]byte("k"), 32), Encrypt: encrypt}, true),
	}
}

func auditFixture(t *testing.T, o audit.Options, closed bool) string {
	t.Helper()
	var text bytes.Buffer
	now := time.Date(2026, 11, 21, 22, 30, 0, 0, time.UTC)
	sink := audit.NewSink(&text)
	o.Sink, o.Mode = sink, audit.Async
	o.Clock = func() time.Time { now = now.Add(7 * time.Minute); return now }
	o.Context = audit.Context{
		Function: audit.Identify("hello"), Version: audit.Identify("7"), Instance: audit.Identify("3f2b8c1d9e4a5f60718293a4b5c6d7e8"),
		Region: audit.Identify("eu-central-1"), Platform: audit.Identify("local"),
	}
	l, err := audit.New(o)
	if err != nil {
		t.Fatal(err)
	}
	add := func(event audit.Event, result audit.Result, why audit.Reason, request, source, key string, failures uint32, age time.Duration) {
		t.Helper()
		r := &audit.Record{
			Event: event, Result: result, Reason: why, Request: audit.Identify(request), Source: audit.Identify(source), Key: audit.NewName(key),
			Failures: failures, Age: age,
		}
		if event == audit.Verify {
			r.Scheme, r.Algorithm, r.Sensitivity, r.Window = audit.Hardened, audit.NewName("hmac_sha256"), audit.High, 10*time.Second
		}
		if err := l.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	add(audit.Sealed, audit.Done, 0, "", "", "", 0, 0)
	add(audit.Verify, audit.Granted, 0, "r-1", "alice", "API_KEY", 0, time.Millisecond)
	add(audit.Verify, audit.Denied, audit.TooOld, "r-2", "alice", "API_KEY", 1, 12500*time.Millisecond)
	add(audit.Verify, audit.Granted, 0, "r-3", "alice", "DB_PASSWORD", 0, time.Millisecond)
	for i := range uint32(3) {
		add(audit.Verify, audit.Denied, audit.BadMAC, "r-4", "mallory", "DB_PASSWORD", i+1, time.Millisecond)
	}
	add(audit.Alert, audit.Done, audit.TooManyFailures, "", "mallory", "", 3, 0)
	add(audit.Blocked, audit.Done, audit.TooManyFailures, "", "mallory", "", 3, 0)
	add(audit.Verify, audit.Denied, audit.SourceBlocked, "r-5", "mallory", "DB_PASSWORD", 4, time.Millisecond)
	add(audit.Verify, audit.Denied, audit.Replay, "a token where an id should be", "eyJhbGciOiJub25lIn0", "API_KEY", 1, time.Millisecond)
	end := l.Flush
	if closed {
		end = l.Close
	}
	if err := end(time.Minute); err != nil {
		t.Fatal(err)
	}
	fixture := text.String()
	l.Close(time.Minute)
	sink.Close()
	return fixture
}

func TestAuditFixtures(t *testing.T) {
	for name, want := range auditFixtures(t) {
		path := filepath.Join("testdata/audit", name)
		if os.Getenv("DTBENCH_UPDATE") != "" {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Errorf("%s is out of date (%v): run with DTBENCH_UPDATE=1", path, err)
		}
	}
}

// Encrypted fields need their key, which is random per line, so there is no
// fixture for them.
func TestAuditShowsEncryptedFieldsWithTheKey(t *testing.T) {
	encrypt, err := audit.NewFieldEncryption(bytes.Repeat([]byte("f"), 32), audit.FieldSource, audit.FieldRequest)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := write("audit.jsonl", auditFixture(t, audit.Options{Encrypt: encrypt}, true))
	right, wrong := write("right", strings.Repeat("f", 32)), write("wrong", strings.Repeat("w", 32))
	check := func(code int, out, err string, args ...string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		got := execute(&app{stdout: &stdout, stderr: &stderr}, append([]string{"audit"}, args...))
		if got != code || !strings.Contains(stdout.String(), out) || !strings.Contains(stderr.String(), err) {
			t.Errorf("%q: got %d\n%s%s", args, got, &stdout, &stderr)
		}
		if out == "" && strings.Contains(stdout.String(), "mallory") {
			t.Errorf("%q shows an encrypted field", args)
		}
	}
	check(0, "", "", "summary", file)
	check(0, "mallory", "", "summary", file, "--field-key-file", right)
	check(0, "in request r-2 from alice", "", "explain", file, "--request", "r-2", "--field-key-file", right)
	check(2, "", "hint: check --field-key-file", "explain", file, "--field-key-file", wrong)
	check(0, "hold", "", "verify", file)
}

func TestFold(t *testing.T) {
	check := func(text string, width int, want ...string) {
		t.Helper()
		if got := strings.Join(fold(text, width), "|"); got != strings.Join(want, "|") {
			t.Errorf("got %q", got)
		}
	}
	check("", 10, "")
	check("one two three", 80, "one two three")
	check("one two three", 7, "one two", "  three")
	check("incomprehensible it is", 5, "incomprehensible", "  it", "  is")
}
