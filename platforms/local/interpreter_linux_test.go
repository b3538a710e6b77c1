package local

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/dtbench/dtbench/platforms"
)

// A script runs under its interpreter, with the interpreter's arguments before it,
// in its own folder.
func TestAScriptRunsUnderItsInterpreter(t *testing.T) {
	p, err := Open(Options{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	dir := t.TempDir()
	script := filepath.Join(dir, "function.sh")
	if err := os.WriteFile(script, []byte("case $- in *u*) echo $0 in $(pwd) with -u;; esac\nexit 3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	in, err := p.Prepare(context.Background(), platforms.Function{Name: "f", Binary: script, Interpreter: []string{"/bin/sh", "-u"}})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	_, err = in.Invoke(context.Background(), []byte(`{}`))
	var f *platforms.FunctionError
	if !errors.As(err, &f) || !errors.Is(err, platforms.ErrInit) || f.Detail != "exit status 3" {
		t.Fatalf("got %v", err)
	}
	if want := script + " in " + dir + " with -u"; !slices.Contains(f.Tail, want) {
		t.Errorf("it wrote %q, want %q", f.Tail, want)
	}
}
