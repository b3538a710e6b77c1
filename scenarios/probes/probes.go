// Package probes is attack code that runs inside a function, as that of a
// poisoned dependency would: same process, same rights, same event (paper,
// section "Attack model analysis", Fig. 3 left).
//
// A probe build is the hello function of a variant, wrapped: an event of the
// form {"probe":"name","args":…} runs the named attack, every other event the
// ordinary handler. The mains are in its sub-folders, one per variant. They are
// deployed by runner/attack only; a function that is measured never links this
// package.
//
// A probe brings back no secret. It says where it found something and what the
// SHA-256 of it is, and the attack, which knows the canary that it planted,
// compares: the hash of a random value of 128 bits can be had in no other way.
package probes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/dtbench/dtbench/scenarios/contract"
	"github.com/dtbench/dtbench/scenarios/function"
)

// Inside is what code inside a function has in its hands.
type Inside struct {
	Request function.Request
	// Secrets is the variant's own object, as the handler gets it but for the
	// wrapper that times it. What more it can do (core.Scheme, …) a probe asks by
	// type assertion.
	Secrets function.Secrets
	// Handler is the ordinary handler.
	Handler function.Handler
}

// Probe is one attack. Its result must be fit for JSON and hold no secret. An
// error means that the probe could not do its work, and never that it was
// stopped: what was tried and refused is part of the result.
type Probe func(ctx context.Context, in Inside, args json.RawMessage) (any, error)

// ErrUnknown is returned for an event that names no probe.
var ErrUnknown = errors.New("probes: no such probe")

// order is the event that runs a probe.
type order struct {
	Probe string          `json:"probe"`
	Args  json.RawMessage `json:"args"`
}

// Event is the event that runs the named probe with args, which are encoded as
// JSON; nil is none.
func Event(probe string, args any) ([]byte, error) {
	o := order{Probe: probe}
	if args != nil {
		encoded, err := json.Marshal(args)
		if err != nil {
			return nil, fmt.Errorf("probes: arguments of %s: %w", probe, err)
		}
		o.Args = encoded
	}
	return json.Marshal(o)
}

// Main is the whole main of a probe build; see [contract.Main].
func Main(setup function.Setup, provider function.Provider) {
	var secrets function.Secrets
	contract.Main(
		func(setting func(string) string) (function.Handler, error) {
			handler, err := setup(setting)
			return wrap(handler, &secrets), err
		},
		func() (_ function.Secrets, err error) {
			secrets, err = provider()
			return secrets, err
		},
	)
}

// wrap sends orders to their probe and everything else to the handler.
func wrap(handler function.Handler, secrets *function.Secrets) function.Handler {
	return func(ctx context.Context, req function.Request, timed function.Secrets) (any, error) {
		var o order
		if json.Unmarshal(req.Event, &o) != nil || o.Probe == "" {
			return handler(ctx, req, timed)
		}
		probe := all[o.Probe]
		if probe == nil {
			return nil, fmt.Errorf("%w: %q", ErrUnknown, o.Probe)
		}
		return probe(ctx, Inside{Request: req, Secrets: *secrets, Handler: handler}, o.Args)
	}
}

// decode reads the arguments of a probe.
func decode[T any](args json.RawMessage) (v T, err error) {
	if len(args) == 0 {
		return v, nil
	}
	if err = json.Unmarshal(args, &v); err != nil {
		err = fmt.Errorf("probes: arguments: %w", err)
	}
	return v, err
}
