// Command storage-optimized is the storage function; its secrets are sealed by the dynamic-token core.
package main

import (
	"github.com/dtbench/dtbench/scenarios/contract"
	"github.com/dtbench/dtbench/scenarios/secrets/token"
	"github.com/dtbench/dtbench/scenarios/storage"
)

func main() { contract.Main(storage.New, token.Open) }
