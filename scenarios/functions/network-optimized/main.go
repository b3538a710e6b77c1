// Command network-optimized is the network function; its secrets are sealed by the dynamic-token core.
package main

import (
	"github.com/dtbench/dtbench/scenarios/contract"
	"github.com/dtbench/dtbench/scenarios/network"
	"github.com/dtbench/dtbench/scenarios/secrets/token"
)

func main() { contract.Main(network.New, token.Open) }
