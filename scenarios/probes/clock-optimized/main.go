//go:build dtbench_clock

// Command clock-optimized is probe-optimized with clocks that an attack steers. It is never shipped.
package main

import (
	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/scenarios/function"
	"github.com/dtbench/dtbench/scenarios/hello"
	"github.com/dtbench/dtbench/scenarios/probes"
)

func main() { probes.Main(hello.New, open) }

// open is that of secrets/token with another clock.
func open() (function.Secrets, error) {
	clock := probes.NewClock()
	guard, err := core.FromEnvironment(core.Config{Clock: clock.Wall, BootClock: clock.Boot})
	if err != nil {
		return nil, err
	}
	return struct {
		*core.Guard
		*probes.Clock
	}{guard, clock}, nil
}
