// Package golden holds what a test makes against what it made when somebody last
// looked at it, in files beside the test.
package golden

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"testing"
)

// EnvUpdate is the variable that, when it is not empty, rewrites the golden files.
// It does what -update does, and can be given to packages that have none.
const EnvUpdate = "DTBENCH_UPDATE"

var update = flag.Bool("update", false, "rewrite the golden files")

// Check fails t where got is not what file holds, and names the first line that
// differs. With -update or EnvUpdate it writes file instead.
func Check(t testing.TB, file string, got []byte) {
	t.Helper()
	if *update || os.Getenv(EnvUpdate) != "" {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s %s\nif that is meant: go test -update, and look at the change", file, difference(got, want))
	}
}

func difference(got, want []byte) string {
	g, w := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range max(len(g), len(w)) {
		switch {
		case i == len(g) || i == len(w):
			return fmt.Sprintf("has %d lines, not %d", len(w), len(g))
		case !bytes.Equal(g[i], w[i]):
			return fmt.Sprintf("differs in line %d:\n\tgot  %.300s\n\twant %.300s", i+1, g[i], w[i])
		}
	}
	return "is missing" // both are empty
}
