package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStepSummary(t *testing.T) {
	path := filepath.Join(t.TempDir(), "summary.md")
	var stderr bytes.Buffer
	a := &app{stderr: &stderr, getenv: func(name string) string { return map[string]string{envStepSummary: path}[name] }}
	write := func(text string) {
		a.stepSummary(func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
	}
	holds := func(want string) {
		t.Helper()
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	write("# one\n")
	write("# two\n")
	write("# one\n") // is there already
	holds("# one\n\n# two\n\n")
	if stderr.Len() > 0 {
		t.Errorf("%s", &stderr)
	}
	write(strings.Repeat("x", maxStepSummary))
	holds("# one\n\n# two\n\n")
	if !strings.Contains(stderr.String(), "would grow beyond 1048576 bytes") {
		t.Errorf("%s", &stderr)
	}
	// Without the variable nothing is even rendered.
	(&app{getenv: func(string) string { return "" }}).stepSummary(func(io.Writer) error { panic("rendered") })
}
