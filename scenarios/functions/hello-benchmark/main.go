// Command hello-benchmark is the hello function; its secrets are plaintext environment variables.
package main

import (
	"github.com/dtbench/dtbench/scenarios/contract"
	"github.com/dtbench/dtbench/scenarios/hello"
	"github.com/dtbench/dtbench/scenarios/secrets/plain"
)

func main() { contract.Main(hello.New, plain.Open) }
