// Command probe-benchmark is the hello function in the benchmark variant with attack code inside.
package main

import (
	"github.com/dtbench/dtbench/scenarios/hello"
	"github.com/dtbench/dtbench/scenarios/probes"
	"github.com/dtbench/dtbench/scenarios/secrets/plain"
)

func main() { probes.Main(hello.New, plain.Open) }
