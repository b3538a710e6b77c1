// Command network-benchmark is the network function; its secrets are plaintext environment variables.
package main

import (
	"github.com/dtbench/dtbench/scenarios/contract"
	"github.com/dtbench/dtbench/scenarios/network"
	"github.com/dtbench/dtbench/scenarios/secrets/plain"
)

func main() { contract.Main(network.New, plain.Open) }
