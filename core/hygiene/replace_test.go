package hygiene

import (
	"errors"
	"os"
	"testing"
)

func TestReplaceRefusesBeforeItChangesAnything(t *testing.T) {
	t.Setenv("KEY_ONE", "plain")
	check := func(what string, replacements ...Replacement) {
		t.Helper()
		r, err := Replace(replacements, Options{KeepDumpable: true})
		if !errors.Is(err, ErrUnset) || r != (Report{}) || os.Getenv("KEY_ONE") != "plain" {
			t.Errorf("%s: %+v, %v; KEY_ONE is %q", what, r, err, os.Getenv("KEY_ONE"))
		}
	}
	good := Replacement{"KEY_ONE", "sealed"}
	check("unset", good, Replacement{"KEY_NOT_SET", "x"})
	check("twice", good, good)
	check("no name", good, Replacement{"", "x"})
	check("separator in the name", good, Replacement{"A=B", "x"})
	check("NUL", Replacement{"KEY_ONE", "a\x00b"})
}
