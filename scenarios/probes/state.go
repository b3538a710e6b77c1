package probes

import (
	"context"
	"encoding/json"
	"errors"
	"os"

	"github.com/dtbench/dtbench/scenarios/probes/evidence"
)

// Swap orders that the values of two variables change places in the environment
// while the function uses the first.
type Swap struct{ First, Second string }

// Swapped is what the function got as the first value.
type Swapped struct {
	Sum     string `json:"sum"`     // SHA-256, "" where it was refused
	Refusal string `json:"refusal"` // "" where it was granted
}

// swap gives the probe "swap".
func swap(_ context.Context, in Inside, args json.RawMessage) (_ any, err error) {
	o, err := decode[Swap](args)
	if err != nil {
		return nil, err
	}
	first, second := os.Getenv(o.First), os.Getenv(o.Second)
	if err := errors.Join(os.Setenv(o.First, second), os.Setenv(o.Second, first)); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.Setenv(o.First, first), os.Setenv(o.Second, second)) }()
	var s Swapped
	if err := in.Secrets.Use(in.Request.ID, o.First, func(value []byte) error {
		s.Sum = evidence.Hash(value)
		return nil
	}); err != nil {
		s.Refusal = err.Error()
	}
	return s, nil
}

// restore gives the probe "restore": what the platform's hook after a restore
// from a snapshot calls.
func restore(_ context.Context, in Inside, _ json.RawMessage) (any, error) {
	guard, ok := in.Secrets.(interface{ AfterRestore() error })
	if !ok {
		return nil, errors.New("probes: the variant has no hook for a restore")
	}
	return nil, guard.AfterRestore()
}
