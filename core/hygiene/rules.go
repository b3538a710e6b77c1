package hygiene

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// ErrPattern is returned for a pattern that path.Match does not take.
var ErrPattern = errors.New("hygiene: malformed pattern")

// Class is why a variable should not stay in plain text.
type Class uint8

const (
	// Plain is every other variable.
	Plain Class = iota
	// Suspicious looks like a secret, by its name or its value, and is neither
	// declared nor known. It is to be reported and not to be sealed: nothing
	// would know how to open it.
	Suspicious
	// Platform is a name under which a supported platform hands over
	// credentials of the function's role.
	Platform
	// Declared is a name that the operator listed, or that a declared pattern
	// matches.
	Declared
)

// String names the class in lower case.
func (c Class) String() string {
	return [...]string{"plain", "suspicious", "platform", "declared"}[min(c, Declared)]
}

// Rules say which variables are secrets. The zero value knows the platforms'
// names only.
type Rules struct {
	// Names are declared one by one.
	Names []string
	// Patterns are declared by the syntax of [path.Match]: "*_PASSWORD".
	Patterns []string
	// Harmless are patterns too: names that look like secrets and are none, such
	// as "TOKEN_BUCKET_SIZE". They silence [Suspicious] and nothing else.
	Harmless []string
}

// Finding is a variable that is not [Plain].
type Finding struct {
	Name  string
	Class Class
}

// Check tells whether every pattern can be matched. Its error wraps
// [ErrPattern] and names the pattern by position.
func (r Rules) Check() error {
	for _, list := range []struct {
		name     string
		patterns []string
	}{{"declared", r.Patterns}, {"harmless", r.Harmless}} {
		for i, p := range list.patterns {
			if _, err := path.Match(p, ""); err != nil || p == "" {
				return fmt.Errorf("%w: entry %d of the %s patterns", ErrPattern, i+1, list.name)
			}
		}
	}
	return nil
}

// Inspect classifies environ, which has the form of [os.Environ], and returns
// what is not [Plain], sorted by name. It keeps and copies no value.
func (r Rules) Inspect(environ []string) []Finding {
	var found []Finding
	for _, entry := range environ {
		name, value, ok := strings.Cut(entry, "=")
		if !ok || name == "" {
			continue
		}
		if c := r.Classify(name, value); c != Plain {
			found = append(found, Finding{name, c})
		}
	}
	slices.SortFunc(found, func(a, b Finding) int { return strings.Compare(a.Name, b.Name) })
	return found
}

// Classify tells what one variable is. A pattern that [Rules.Check] refuses
// matches nothing.
func (r Rules) Classify(name, value string) Class {
	switch {
	case slices.Contains(r.Names, name) || matches(r.Patterns, name):
		return Declared
	case IsPlatformCredential(name):
		return Platform
	case looksSecret(name, value) && !matches(r.Harmless, name):
		return Suspicious
	}
	return Plain
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, name)
		return ok && err == nil
	})
}
