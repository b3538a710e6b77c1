// Command network-literal is the network function; its secrets are behind the paper's scheme as published, which is not safe.
package main

import (
	"github.com/dtbench/dtbench/scenarios/contract"
	"github.com/dtbench/dtbench/scenarios/network"
	"github.com/dtbench/dtbench/scenarios/secrets/literal"
)

func main() { contract.Main(network.New, literal.Open) }
