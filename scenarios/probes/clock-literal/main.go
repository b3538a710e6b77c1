//go:build dtbench_clock

// Command clock-literal is probe-literal with clocks that an attack steers. It is never shipped.
package main

import (
	"os"

	scheme "github.com/dtbench/dtbench/core/literal"
	"github.com/dtbench/dtbench/scenarios/function"
	"github.com/dtbench/dtbench/scenarios/hello"
	"github.com/dtbench/dtbench/scenarios/probes"
	"github.com/dtbench/dtbench/scenarios/secrets/literal"
)

func main() { probes.Main(hello.New, open) }

// open is that of secrets/literal with another clock and no audit log, which
// would have times of its own.
func open() (function.Secrets, error) {
	options, err := literal.Options(os.Getenv)
	if err != nil {
		return nil, err
	}
	clock := probes.NewClock()
	options.Clock = clock.Wall
	guard, err := scheme.UnsafeFromEnvironment(options)
	if err != nil {
		return nil, err
	}
	return struct {
		*scheme.UnsafeGuard
		*probes.Clock
	}{guard, clock}, nil
}
