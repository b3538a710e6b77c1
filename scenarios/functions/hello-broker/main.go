// Command hello-broker is the hello function; its secrets are sealed by the dynamic-token core in a process of its own, which is this program too.
package main

import (
	"github.com/dtbench/dtbench/scenarios/contract"
	"github.com/dtbench/dtbench/scenarios/hello"
	"github.com/dtbench/dtbench/scenarios/secrets/broker"
)

func main() {
	broker.Main()
	contract.Main(hello.New, broker.Open)
}
