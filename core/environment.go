package core

import (
	"fmt"
	"os"
	"strings"
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

type processEnvironment struct{}

func (processEnvironment) LookupEnv(name string) (string, bool) { return os.LookupEnv(name) }
func (processEnvironment) Setenv(name, value string) error      { return os.Setenv(name, value) }

// protectedNames returns the names in ENCRYPTION_KEYS, then those in keys that
// it lacks.
func protectedNames(env Environment, keys []string) ([]string, error) {
	var names []string
	listed := make(map[string]bool)

	list, ok := env.LookupEnv(KeysVariable)
	switch {
	case ok && strings.TrimSpace(list) == "":
		return nil, fmt.Errorf("%w: %s is empty", ErrConfig, KeysVariable)
	case ok:
		entries := strings.Split(list, ",")
		for i, entry := range entries {
			entries[i] = strings.TrimSpace(entry)
		}
		if err := checkNames(KeysVariable, entries); err != nil {
			return nil, err
		}
		names = entries
	case len(keys) == 0:
		return nil, fmt.Errorf("%w: %s is not set", ErrConfig, KeysVariable)
	}

	if err := checkNames("Config.Keys", keys); err != nil {
		return nil, err
	}
	for _, name := range names {
		listed[name] = true
	}
	for _, name := range keys {
		if !listed[name] {
			names = append(names, name)
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
