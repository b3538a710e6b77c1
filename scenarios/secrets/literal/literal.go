// Package literal is the literal variant: the scheme of Liu et al., PeerJ
// Computer Science 11:e3029, 2025, as it was published. It is measured beside
// the others and attacked; it is not safe.
//
// Tokens are bound to the platform's instance id, which everybody can know.
// Records go to standard output through a buffer, as the paper's Algorithm 2
// has it. Where the paper leaves a choice, plain settings make it (scenarios.Literal…),
// so that an attack can deploy each reading; without them it is core/literal's
// own.
package literal

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/dtbench/dtbench/core/audit"
	scheme "github.com/dtbench/dtbench/core/literal"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/function"
)

// ErrSetting is wrapped by every error about a setting of the variant.
var ErrSetting = errors.New("the literal variant cannot be set up")

// Open encrypts the environment of this process.
func Open() (function.Secrets, error) {
	guard, err := New(os.Getenv)
	if err != nil {
		return nil, err
	}
	return guard, nil
}

// New is Open for callers that want more of the guard than a function does:
// attacks hold its tokens in their hands.
func New(setting func(name string) string) (*scheme.UnsafeGuard, error) {
	o, err := Options(setting)
	if err != nil {
		return nil, err
	}
	if o.Audit, err = audit.New(audit.Options{
		Mode: audit.Async, Sink: audit.NewSink(os.Stdout),
		Context: audit.Context{Instance: audit.Identify(o.InstanceID)},
	}); err != nil {
		return nil, err
	}
	return scheme.UnsafeFromEnvironment(o)
}

// Options reads the settings. Errors match [ErrSetting].
func Options(setting func(name string) string) (scheme.Options, error) {
	o := scheme.Options{
		Rule: setting(scenarios.LiteralRule), Separator: setting(scenarios.LiteralSeparator),
		InstanceID: instanceID(setting),
	}
	if o.InstanceID == "" {
		return o, fmt.Errorf("%w: the platform hands over no instance id and %s is not set", ErrSetting, scenarios.LiteralInstanceID)
	}
	if text := setting(scenarios.LiteralStatic); text != "" {
		// The parameters may be what an attack is about; the error does not quote them.
		if json.Unmarshal([]byte(text), &o.Parameters) != nil {
			return o, fmt.Errorf("%w: %s is not a JSON object of strings", ErrSetting, scenarios.LiteralStatic)
		}
	}
	switch when := setting(scenarios.LiteralInsert); when {
	case "", "check":
	case "grant":
		o.InsertOnGrant = true
	default:
		return o, fmt.Errorf("%w: %s=%q: want check or grant", ErrSetting, scenarios.LiteralInsert, when)
	}
	if text := setting(scenarios.LiteralWindow); text != "" {
		var err error
		if o.Window, err = time.ParseDuration(text); err != nil || o.Window < time.Second {
			return o, fmt.Errorf("%w: %s=%q: want a duration of a second or more", ErrSetting, scenarios.LiteralWindow, text)
		}
	}
	return o, nil
}

// instanceID is what the platform calls the instance: the log stream on Lambda,
// which has no other name for it, and FC_INSTANCE_ID on Function Compute.
func instanceID(setting func(string) string) string {
	for _, name := range []string{scenarios.LiteralInstanceID, "AWS_LAMBDA_LOG_STREAM_NAME", "FC_INSTANCE_ID"} {
		if id := setting(name); id != "" {
			return id
		}
	}
	return ""
}
