// Command probe-broker is the hello function in the broker variant with attack code inside.
package main

import (
	"github.com/dtbench/dtbench/scenarios/hello"
	"github.com/dtbench/dtbench/scenarios/probes"
	"github.com/dtbench/dtbench/scenarios/secrets/broker"
)

func main() {
	broker.Main()
	probes.Main(hello.New, broker.Open)
}
