package core

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/core/hygiene"
)

// KeysVariable is the environment variable that lists the names of the
// variables to protect, separated by commas, as in the paper:
// ENCRYPTION_KEYS=DB_PASSWORD,API_KEY. Spaces around a name are ignored.
const KeysVariable = "ENCRYPTION_KEYS"

// Environment is access to environment variables. [FromEnvironment] calls it
// from one goroutine and does not keep it.
type Environment interface {
	// LookupEnv returns the value of a variable and whether it is set.
	LookupEnv(name string) (string, bool)

	// Setenv replaces the value of a variable. Its error must not contain
	// the value.
	Setenv(name, value string) error
}

// processEnvironment is the default, and the one whose plaintext is erased.
type processEnvironment struct{}

func (processEnvironment) LookupEnv(name string) (string, bool) { return os.LookupEnv(name) }
func (processEnvironment) Setenv(name, value string) error      { return os.Setenv(name, value) }
func (processEnvironment) Unsetenv(name string) error           { return os.Unsetenv(name) }
func (processEnvironment) Environ() []string                    { return os.Environ() }

// lister is an [Environment] that can be looked through, for patterns, for the
// credentials of platforms and for names that look secret.
type lister interface{ Environ() []string }

// inspect classifies the variables that can be listed.
func inspect(env Environment, names []string, p *Policy) ([]hygiene.Finding, error) {
	r := hygiene.Rules{Names: names, Patterns: p.Patterns, Harmless: p.Harmless}
	if err := r.Check(); err != nil {
		return nil, fmt.Errorf("%w: policy: %w", ErrConfig, err)
	}
	l, ok := env.(lister)
	if !ok {
		return nil, nil
	}
	var found []hygiene.Finding
	for _, entry := range l.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		// What is empty, or was sealed before, hides nothing; declared by name,
		// it is an error that readValue returns.
		if name == "" || value == "" || strings.HasPrefix(value, sealedPrefix) {
			continue
		}
		c := r.Classify(name, value)
		if c == hygiene.Declared && !isName(name) {
			return nil, fmt.Errorf("%w: policy: a pattern matches %q, which cannot be sealed: it is no name of a variable (letters, digits and _, at most %d)", ErrConfig, name, maxName)
		}
		if c != hygiene.Plain {
			found = append(found, hygiene.Finding{Name: name, Class: c})
		}
	}
	return found, nil
}

// protectedNames returns the names in ENCRYPTION_KEYS, then those in keys and in
// the policy that it lacks.
func protectedNames(env Environment, keys []string, p *Policy) ([]string, error) {
	var names []string
	list, ok := env.LookupEnv(KeysVariable)
	switch {
	case ok && strings.TrimSpace(list) == "":
		return nil, fmt.Errorf("%w: %s is empty", ErrConfig, KeysVariable)
	case ok:
		names = strings.Split(list, ",")
		for i, entry := range names {
			names[i] = strings.TrimSpace(entry)
		}
		if err := checkNames(KeysVariable, names); err != nil {
			return nil, err
		}
	case len(keys) == 0 && len(p.Keys) == 0 && len(p.Patterns) == 0:
		return nil, fmt.Errorf("%w: %s is not set", ErrConfig, KeysVariable)
	}
	if err := checkNames("Config.Keys", keys); err != nil {
		return nil, err
	}
	for _, more := range [][]string{keys, slices.Sorted(maps.Keys(p.Keys))} {
		for _, name := range more {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names, nil
}

// checkNames refuses what cannot be the name of a variable, and a name given
// twice. A refused entry is named by its position: DB_PASSWORD=hunter2 is an
// easy mistake, and its text must not reach a log.
func checkNames(source string, names []string) error {
	seen := make(map[string]bool, len(names))
	for i, name := range names {
		switch {
		case name == "":
			return fmt.Errorf("%w: entry %d of %s is empty", ErrConfig, i+1, source)
		case !isName(name):
			return fmt.Errorf("%w: entry %d of %s is not the name of a variable (letters, digits and _, at most %d)", ErrConfig, i+1, source, maxName)
		case seen[name]:
			return fmt.Errorf("%w: %s names %s twice", ErrConfig, source, name)
		}
		seen[name] = true
	}
	return nil
}

const maxName = 255

// isName tells whether s is a portable name as POSIX has it, of bounded length.
func isName(s string) bool {
	if len(s) == 0 || len(s) > maxName {
		return false
	}
	for i, c := range []byte(s) {
		letter := c == '_' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
		digit := '0' <= c && c <= '9'
		if !letter && (!digit || i == 0) {
			return false
		}
	}
	return true
}

// readValue returns the plaintext of one variable.
func readValue(env Environment, name string) (string, error) {
	value, ok := env.LookupEnv(name)
	switch {
	case !ok:
		return "", fmt.Errorf("%w: %s is not set", ErrConfig, name)
	case value == "":
		return "", fmt.Errorf("%w: %s is set to nothing", ErrConfig, name)
	case strings.HasPrefix(value, sealedPrefix):
		// Sealing it again would hand ciphertext to the function as if it
		// were the credential. Its key is gone with the guard that made it.
		return "", fmt.Errorf("%w: %s already holds ciphertext (%s…): the environment was sealed before, start the instance with the original value", ErrConfig, name, sealedPrefix)
	}
	return value, nil
}
