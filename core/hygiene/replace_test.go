package hygiene

import (
	"errors"
	"os"
	"runtime"
	"strings"
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

func TestReplaceInThisProcess(t *testing.T) {
	t.Setenv("KEY_ONE", "the plaintext")
	before := os.Getenv("KEY_ONE") // shares the memory that is erased
	r, err := Replace([]Replacement{{"KEY_ONE", "sealed"}}, Options{KeepDumpable: true})
	if runtime.GOOS != "linux" {
		if !errors.Is(err, ErrIncomplete) || !errors.Is(err, ErrUnsupported) || os.Getenv("KEY_ONE") != "sealed" {
			t.Errorf("%+v, %v; KEY_ONE is %q", r, err, os.Getenv("KEY_ONE"))
		}
		return
	}
	if err != nil || r != (Report{Variables: 1, Runtime: 1}) { // it is not in the kernel's block
		t.Errorf("%+v, %v", r, err)
	}
	if os.Getenv("KEY_ONE") != "sealed" || before != strings.Repeat("\x00", len("the plaintext")) {
		t.Errorf("KEY_ONE is %q, and was %q", os.Getenv("KEY_ONE"), before)
	}
}

func TestClassNames(t *testing.T) {
	for c, want := range []string{"plain", "suspicious", "platform", "declared"} {
		if got := Class(c).String(); got != want {
			t.Errorf("class %d is %q, want %q", c, got, want)
		}
	}
}
