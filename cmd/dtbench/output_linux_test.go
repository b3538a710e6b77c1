package main

import (
	"bytes"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// failingWriter is an output that returns an error.
type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

// A disk that is full is no regression: output that cannot be written is exit
// code 2, and only a reader that has gone is 141.
func TestOutputThatCannotBeWritten(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	base, head := store(t, crafted(1, 0.02, flat)), store(t, crafted(3, 0.02, slowed(1.3)))
	check := func(stdout io.Writer, want int, message string, args ...string) {
		t.Helper()
		var stderr bytes.Buffer
		a := &app{stdout: stdout, stderr: &stderr, getenv: func(string) string { return "" }, workDir: t.TempDir(), now: time.Now}
		if code := execute(a, args); code != want || stderr.String() != message {
			t.Errorf("%v: exit code %d, want %d with %q\n%s", args, code, want, message, stderr.String())
		}
	}
	const noSpace = "dtbench: write /dev/full: no space left on device\ndtbench: hint: free some space\n"
	for _, format := range []string{"text", "markdown", "json"} {
		check(full, codeUsage, noSpace, "compare", base, head, "--format", format)
		check(full, codeUsage, noSpace, "report", base, "--format", format)
	}
	gone := failingWriter{&os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.EPIPE}}
	check(gone, codePipe, "", "compare", base, head)
	check(gone, codePipe, "", "report", base)
	closed := failingWriter{&os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.EBADF}}
	check(closed, codeUsage, "dtbench: write /dev/stdout: bad file descriptor\n", "compare", base, head)
	// The run keeps its own hint.
	if f := asFailure(fullDisk(syscall.ENOSPC)); f.code != codeFailed || !strings.Contains(f.hint, "--resume") {
		t.Errorf("a run on a full disk: %+v", f)
	}
	if f := asFailure(syscall.ENOSPC); f.code != codeFailed || strings.Contains(f.hint, "--resume") {
		t.Errorf("another command on a full disk: %+v", f)
	}
}
