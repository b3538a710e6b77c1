// Command storage-literal is the storage function; its secrets are behind the paper's scheme as published, which is not safe.
package main

import (
	"github.com/dtbench/dtbench/scenarios/contract"
	"github.com/dtbench/dtbench/scenarios/secrets/literal"
	"github.com/dtbench/dtbench/scenarios/storage"
)

func main() { contract.Main(storage.New, literal.Open) }
