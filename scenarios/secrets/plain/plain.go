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
func Open() (function.Secrets, error) { return environment{}, nil }

type environment struct{}

func (environment) Use(_, name string, use func([]byte) error) error {
	value, ok := os.LookupEnv(name)
	if !ok {
		return fmt.Errorf("the environment variable %s is not set", name)
	}
	return use([]byte(value))
}
