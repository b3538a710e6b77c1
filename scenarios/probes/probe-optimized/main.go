// Command probe-optimized is the hello function in the optimized variant with attack code inside.
package main

import (
	"github.com/dtbench/dtbench/scenarios/hello"
	"github.com/dtbench/dtbench/scenarios/probes"
	"github.com/dtbench/dtbench/scenarios/secrets/token"
)

func main() { probes.Main(hello.New, token.Open) }
