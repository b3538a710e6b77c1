// Command hello-optimized is the hello function; its secrets are sealed by the dynamic-token core.
package main

import (
	"github.com/dtbench/dtbench/scenarios/contract"
	"github.com/dtbench/dtbench/scenarios/hello"
	"github.com/dtbench/dtbench/scenarios/secrets/token"
)

func main() { contract.Main(hello.New, token.Open) }
