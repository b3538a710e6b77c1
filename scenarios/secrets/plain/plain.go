// Package plain is the benchmark variant: secrets are plaintext environment
// variables, read when they are needed. It is the paper's baseline ("The
// benchmark version directly reads environment variables") and protects
// nothing.
package plain

import (
	"fmt"
	"os"

	"github.com/dtbench/dtbench/scenarios/function"
)

// Open has nothing to initialise.
func Open() (function.Secrets, error) { return Environment(os.LookupEnv), nil }

// Environment reads variables where there is no process to have them.
type Environment func(name string) (value string, ok bool)

// Use calls use with a copy of the variable's value.
func (lookup Environment) Use(_, name string, use func([]byte) error) error {
	value, ok := lookup(name)
	if !ok {
		return fmt.Errorf("the environment variable %s is not set", name)
	}
	return use([]byte(value))
}
