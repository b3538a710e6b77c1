// Package hello is the smallest useful function with a secret: it signs its
// event with an API key, as a webhook does.
package hello

import (
	"context"
	"encoding/hex"

	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/function"
	"github.com/dtbench/dtbench/scenarios/internal/wipehmac"
)

// Result is the HMAC-SHA256 of the event under the API key, in hex.
type Result struct {
	Signature string `json:"signature"`
}

// New needs no settings.
func New(func(string) string) (function.Handler, error) {
	mac := wipehmac.New()
	return func(_ context.Context, req function.Request, secrets function.Secrets) (any, error) {
		var sum [wipehmac.Size]byte
		err := secrets.Use(req.ID, scenarios.APIKey, func(key []byte) error {
			mac.Sum(&sum, req.Event, key)
			return nil
		})
		if err != nil {
			return nil, err
		}
		return Result{Signature: hex.EncodeToString(sum[:])}, nil
	}, nil
}
