// Package token is the optimized variant: the dynamic-token core seals the
// variables named by ENCRYPTION_KEYS at start-up and opens one for a verified
// one-time token.
package token

import (
	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/scenarios/function"
)

// Open seals the environment of this process.
func Open() (function.Secrets, error) {
	guard, err := core.FromEnvironment(core.Config{})
	if err != nil {
		return nil, err
	}
	return guard, nil
}
