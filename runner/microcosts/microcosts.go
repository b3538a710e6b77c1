// Package microcosts measures, in this process and in a few seconds, the small
// costs of the token schemes that claims of Liu et al., PeerJ Computer Science
// 11:e3029, 2025, are about: an audit record ("Audit log recording",
// Algorithm 2), refusals in the order of Algorithm 1 and the choice of the hash
// (Table 2), the list of nonces, and a verification beside the bare HMAC that is
// its lower limit ("Performance optimization considerations").
//
// What is compared takes turns within each round, in an order that rotates, so
// that both see the same machine. The schemes are core and core/literal; their
// environment is a map, and nothing of the process is changed.
//
// The figures are of this machine. Unlike everything else in package runner,
// they come from no deployed function.
package microcosts

import (
	"context"
	"fmt"
	"time"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/runner/machine"
)

// Options say how much is measured. The zero value is what the stored
// measurement was made with.
type Options struct {
	// Rounds of a comparison of medians; default 400. Batch is how many
	// operations each round times together; default 50.
	Rounds, Batch int
	// Accesses are timed one by one for percentiles; default 20000. Strict audit
	// waits for a stalled sink in every access and gets a twentieth of them.
	Accesses int
	// Requests is how many requests a registry takes; default 20000.
	Requests int
}

func (o Options) complete() Options {
	set := func(v *int, to int) {
		if *v <= 0 {
			*v = to
		}
	}
	set(&o.Rounds, 400)
	set(&o.Batch, 50)
	set(&o.Accesses, 20000)
	set(&o.Requests, 20000)
	return o
}

// Measure takes all measurements. Tool is left for the caller to fill in. It
// returns early, with an error, when the context ends; errors are otherwise
// those of the schemes, which do not fail here unless they are broken.
func Measure(ctx context.Context, o Options) (*results.Microcosts, error) {
	o = o.complete()
	watch := machine.Begin()
	m := &results.Microcosts{Schema: results.MicrocostsSchema, CPUClock: cpuClock}
	for _, part := range []struct {
		name    string
		measure func(Options, *results.Microcosts) error
	}{
		{"audit", measureAudit},
		{"refusals", measureRefusals},
		{"rules", measureRules},
		{"registries", measureRegistries},
		{"verification", measureVerify},
	} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := part.measure(o, m); err != nil {
			return nil, fmt.Errorf("measure %s: %w", part.name, err)
		}
	}
	m.Environment, m.Warnings = watch.End()
	return m, m.Validate()
}

// operation is one of several that take turns.
type operation struct {
	// prepare makes ready for n calls of run, untimed. May be nil.
	prepare func(n int) error
	// run does the i-th of the n operations.
	run func(i int) error
}

// takeTurns runs every operation batch times in each round, in an order that
// rotates, and returns the time of one operation in ns by operation and round.
// The first tenth of the rounds warms up and is not returned.
func takeTurns(rounds, batch int, clock func() time.Duration, operations ...operation) ([][]float64, error) {
	times := make([][]float64, len(operations))
	for round := -max(1, rounds/10); round < rounds; round++ {
		for i := range operations {
			k := (i + max(round, 0)) % len(operations)
			op := operations[k]
			if op.prepare != nil {
				if err := op.prepare(batch); err != nil {
					return nil, err
				}
			}
			start := clock()
			for j := range batch {
				if err := op.run(j); err != nil {
					return nil, err
				}
			}
			took := clock() - start
			if round >= 0 {
				times[k] = append(times[k], float64(took)/float64(batch))
			}
		}
	}
	return times, nil
}

var epoch = time.Now()

// wall is the monotonic clock.
func wall() time.Duration { return time.Since(epoch) }
