package golden

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// failing is a test that notes what is wrong instead of failing.
type failing struct {
	testing.TB
	said string
}

func (f *failing) Helper() {}

func (f *failing) Errorf(format string, args ...any) {
	if format == "" || len(args) < 2 {
		f.TB.Fatalf("an error that names no file: %q %v", format, args)
	}
	f.said = args[1].(string)
}

func TestCheck(t *testing.T) {
	t.Setenv(EnvUpdate, "")
	file := filepath.Join(t.TempDir(), "golden.txt")
	check := func(got, want string) {
		t.Helper()
		f := &failing{TB: t}
		Check(f, file, []byte(got))
		if (want == "") != (f.said == "") || !strings.HasPrefix(f.said, want) {
			t.Errorf("%q: %q, want %q", got, f.said, want)
		}
	}
	check("a\nb\n", "differs in line 1:\n\tgot  a\n\twant ")
	check("", "is missing")
	if _, err := os.Stat(file); err == nil {
		t.Error("a file is written that nobody asked for")
	}
	t.Setenv(EnvUpdate, "1")
	check("a\nb\n", "")
	t.Setenv(EnvUpdate, "")
	check("a\nb\n", "")
	check("a\nB\n", "differs in line 2:\n\tgot  B\n\twant b")
	check("a\nb\nc\n", "differs in line 3:\n\tgot  c\n\twant ")
	check("a\nb", "has 3 lines, not 2")
}
