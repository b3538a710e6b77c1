package simulated

import (
	"time"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/core/audit"
	"github.com/dtbench/dtbench/scenarios/function"
	"github.com/dtbench/dtbench/scenarios/hello"
	"github.com/dtbench/dtbench/scenarios/network"
	"github.com/dtbench/dtbench/scenarios/secrets/plain"
	"github.com/dtbench/dtbench/scenarios/storage"
)

// ProgramName is what a function's Binary must say.
func ProgramName(scenario, variant string) string { return scenario + "-" + variant }

// Programs are the scenarios' functions in the two variants that the paper has,
// by ProgramName.
func Programs() map[string]Program {
	setups := map[string]func(w *World) function.Setup{
		"hello":   func(*World) function.Setup { return hello.New },
		"storage": func(w *World) function.Setup { return w.outside().Storage },
		"network": func(w *World) function.Setup { return network.Over(w.outside()) },
	}
	secrets := map[string]func(w *World) (function.Secrets, error){
		"benchmark": func(w *World) (function.Secrets, error) { return plain.Environment(w.LookupEnv), nil },
		"optimized": sealed,
	}
	programs := map[string]Program{}
	for scenario, setup := range setups {
		for variant, open := range secrets {
			programs[ProgramName(scenario, variant)] = Program{Scenario: scenario, Variant: variant, Setup: setup, Secrets: open}
		}
	}
	return programs
}

// Variants are those that Programs has.
func Variants() []string { return []string{"benchmark", "optimized"} }

func (w *World) outside() storage.Outside { return storage.Outside{Transport: w, Now: w.Now} }

// sealed is the token core over the instance's environment, clock and
// randomness. Its records go to the instance's output, whatever sink the policy
// names; the bound on how long a grant may wait for its record is lifted, since
// it counts real time, of which none passes here.
func sealed(w *World) (function.Secrets, error) {
	config := core.Config{Clock: w.Now, Random: w.random, Environment: w, Exit: w.exitLater}
	document, err := w.Policy()
	if err != nil {
		return nil, err
	}
	if document != nil {
		if config.Policy, err = core.ParsePolicy(document); err != nil {
			return nil, err
		}
	}
	if config.Policy == nil || config.Policy.Audit.Mode != core.AuditOff {
		sink := audit.NewSink(w)
		w.closers = append(w.closers, func() { _ = sink.Close() })
		log, err := audit.New(audit.Options{Sink: sink, Clock: w.Now, GrantBound: time.Minute, Random: w.random})
		if err != nil {
			return nil, err
		}
		w.closers = append(w.closers, func() { _ = log.Close(time.Minute) }) // the output is memory
		config.Audit = log
	}
	guard, err := core.FromEnvironment(config)
	if err != nil {
		return nil, err
	}
	w.closers = append(w.closers, guard.Close)
	return guard, nil
}
