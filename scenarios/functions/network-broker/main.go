// Command network-broker is the network function; its secrets are sealed by the dynamic-token core in a process of its own, which is this program too.
package main

import (
	"github.com/dtbench/dtbench/scenarios/contract"
	"github.com/dtbench/dtbench/scenarios/network"
	"github.com/dtbench/dtbench/scenarios/secrets/broker"
)

func main() {
	broker.Main()
	contract.Main(network.New, broker.Open)
}
