// Command probe-literal is the hello function in the literal variant with attack code inside.
package main

import (
	"github.com/dtbench/dtbench/scenarios/hello"
	"github.com/dtbench/dtbench/scenarios/probes"
	"github.com/dtbench/dtbench/scenarios/secrets/literal"
)

func main() { probes.Main(hello.New, literal.Open) }
