// Command storage-broker is the storage function; its secrets are sealed by the dynamic-token core in a process of its own, which is this program too.
package main

import (
	"github.com/dtbench/dtbench/scenarios/contract"
	"github.com/dtbench/dtbench/scenarios/secrets/broker"
	"github.com/dtbench/dtbench/scenarios/storage"
)

func main() {
	broker.Main()
	contract.Main(storage.New, broker.Open)
}
