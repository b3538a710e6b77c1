// Package buildtest builds the programs of this module for tests.
package buildtest

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/dtbench/dtbench/scenarios/build"
)

// Programs builds programs from the source tree into a folder that lives as
// long as the test, and returns them by name. Every user may run them.
func Programs(t testing.TB, programs ...build.Program) map[string]build.Binary {
	t.Helper()
	dir := t.TempDir()
	binaries, _, err := build.Programs(context.Background(), build.Options{WorkDir: "."}, dir, programs)
	if err != nil {
		t.Fatal(err)
	}
	for _, open := range []string{dir, filepath.Dir(dir)} { // the latter is the test's own as well
		if err := os.Chmod(open, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return binaries
}
