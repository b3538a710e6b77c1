package hygiene

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// The errors of this package, for use with [errors.Is]. No error holds a value.
var (
	// ErrUnset is returned by [Replace] for a variable that is not set, that is
	// named twice, or whose replacement cannot stand in an environment. Nothing
	// has changed when it is returned.
	ErrUnset = errors.New("hygiene: cannot replace the variable")

	// ErrIncomplete is returned by [Replace] when the environment holds the
	// replacements and plaintext may be left behind, or the process stayed
	// dumpable. The text says which and why. On Linux it is a reason not to go
	// on.
	ErrIncomplete = errors.New("hygiene: the plaintext may still be readable")

	// ErrUnsupported comes with [ErrIncomplete] on systems on which this package
	// does not know the places to erase.
	ErrUnsupported = errors.New("hygiene: erasing needs Linux")
)

// Replacement is the text that takes the place of a variable's value.
type Replacement struct {
	Name string
	Text string // such as ciphertext; must not contain a NUL byte
}

// Options of [Replace].
type Options struct {
	// KeepDumpable leaves the process as dumpable as it was. Debuggers, profilers
	// that read /proc/self/maps and crash dumps need that; so does a thief who
	// runs as the same user.
	KeepDumpable bool
	// Search looks for further copies of every entry in the whole writable memory
	// of the process, which takes milliseconds. It is for programs that link C
	// code which copies the environment before main, as the race detector's
	// runtime does. A Go program needs it not.
	Search bool
}

// Report is what [Replace] did.
type Report struct {
	Variables   int  // that hold their replacement now
	Runtime     int  // values overwritten in the Go runtime's memory
	Kernel      int  // entries overwritten in the kernel's environment block
	Strays      int  // further copies that were searched for and overwritten
	NonDumpable bool // the process is closed to others of the same user
}

// Replace puts each replacement in its variable's place, overwrites the value
// that stood there wherever the process was given it, and makes the process
// non-dumpable.
//
// Call it before any other goroutine reads the environment: it writes to the
// memory of strings that os.Getenv returned earlier, and whoever kept one of
// those is left with zero bytes in place of the value. Read the values first,
// seal them, call Replace last. Child processes started later inherit the
// replacements.
//
// A variable that stands in the environment block with another value than
// os.Getenv gives, or more than once, left a further copy in the runtime's
// memory. Replace then searches the writable memory of the process for it,
// which takes milliseconds instead of microseconds.
//
// Errors match [ErrUnset], and then nothing was done, or [ErrIncomplete].
func Replace(replacements []Replacement, o Options) (Report, error) {
	var r Report
	old := make(map[string]string, len(replacements))
	for i, one := range replacements {
		value, ok := os.LookupEnv(one.Name)
		_, twice := old[one.Name]
		switch {
		case one.Name == "" || strings.ContainsAny(one.Name, "=\x00"):
			return r, fmt.Errorf("%w: entry %d has no possible name", ErrUnset, i+1)
		case !ok:
			return r, fmt.Errorf("%w: %s is not set", ErrUnset, one.Name)
		case twice:
			return r, fmt.Errorf("%w: %s is named twice", ErrUnset, one.Name)
		case strings.ContainsRune(one.Text, 0):
			return r, fmt.Errorf("%w: the replacement of %s has a NUL byte", ErrUnset, one.Name)
		}
		old[one.Name] = value
	}
	for _, one := range replacements {
		if err := os.Setenv(one.Name, one.Text); err != nil {
			// Its text names the system's reason only.
			return r, fmt.Errorf("%w: replacing %s (%d of %d done): %w", ErrIncomplete, one.Name, r.Variables, len(replacements), err)
		}
		r.Variables++
	}
	errs := []error{erase(old, o.Search, &r)}
	if !o.KeepDumpable {
		errs = append(errs, closeToOthers(&r))
	}
	if err := errors.Join(errs...); err != nil {
		return r, fmt.Errorf("%w: %w", ErrIncomplete, err)
	}
	return r, nil
}

// MakeNonDumpable is the last step of [Replace] alone, for a process that has no
// plaintext to erase. Its error matches [ErrIncomplete], and [ErrUnsupported]
// where the system knows no such thing.
func MakeNonDumpable() error {
	var r Report
	if err := closeToOthers(&r); err != nil {
		return fmt.Errorf("%w: %w", ErrIncomplete, err)
	}
	return nil
}
