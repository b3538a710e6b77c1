// Package buildtest builds the programs of this module for tests.
package buildtest

import (
	"context"
	"os"
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
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return binaries
}
