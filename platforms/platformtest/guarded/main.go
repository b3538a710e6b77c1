// Command guarded is a function under a real guard that lets its event attack
// it: for tests of what platform and guard do together.
package main

import (
	"context"
	"encoding/json"
	"os"
	"time"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/scenarios/contract"
	"github.com/dtbench/dtbench/scenarios/function"
)

type order struct {
	Forge  int  // this many tokens that nobody issued
	Hold   int  // keep the value open for so many milliseconds
	Revoke bool // as an operator would
}

// answer is the result of an invocation.
type answer struct {
	Refused  int
	Value    string // as the environment has it
	Instance string // the guard's
	Policy   bool   // the policy's descriptor still shows
}

func main() {
	var guard *core.Guard
	provide := func() (_ function.Secrets, err error) {
		guard, err = core.FromEnvironment(core.Config{})
		return guard, err
	}
	setup := func(func(string) string) (function.Handler, error) {
		return func(_ context.Context, req function.Request, _ function.Secrets) (any, error) {
			return obey(guard, req)
		}, nil
	}
	contract.Main(setup, provide)
}

func obey(guard *core.Guard, req function.Request) (any, error) {
	var o order
	if err := json.Unmarshal(req.Event, &o); err != nil {
		return nil, err
	}
	nothing := func([]byte) error { return nil }
	a := answer{Value: os.Getenv("KEY"), Instance: guard.InstanceID()}
	_, a.Policy = os.LookupEnv(platforms.PolicyDescriptor)
	for range o.Forge {
		if guard.OpenText(req.ID, "KEY", "forged", nothing) != nil {
			a.Refused++
		}
	}
	if o.Revoke {
		guard.Revoke()
	}
	err := guard.Use(req.ID, "KEY", func([]byte) error {
		time.Sleep(time.Duration(o.Hold) * time.Millisecond)
		return nil
	})
	return a, err
}
