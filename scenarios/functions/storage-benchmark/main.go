// Command storage-benchmark is the storage function; its secrets are plaintext environment variables.
package main

import (
	"github.com/dtbench/dtbench/scenarios/contract"
	"github.com/dtbench/dtbench/scenarios/secrets/plain"
	"github.com/dtbench/dtbench/scenarios/storage"
)

func main() { contract.Main(storage.New, plain.Open) }
