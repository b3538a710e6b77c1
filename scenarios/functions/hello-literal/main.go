// Command hello-literal is the hello function; its secrets are behind the paper's scheme as published, which is not safe.
package main

import (
	"github.com/dtbench/dtbench/scenarios/contract"
	"github.com/dtbench/dtbench/scenarios/hello"
	"github.com/dtbench/dtbench/scenarios/secrets/literal"
)

func main() { contract.Main(hello.New, literal.Open) }
