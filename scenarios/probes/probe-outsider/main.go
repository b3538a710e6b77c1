// Command probe-outsider attacks a function from a process of its own: see
// package outside. It writes what it saw, as JSON, on standard output.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/dtbench/dtbench/scenarios/probes/evidence"
	"github.com/dtbench/dtbench/scenarios/probes/outside"
)

func main() {
	sight, err := look(os.Args[1:])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(sight)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "probe-outsider: %v\n", err)
		os.Exit(2)
	}
}

// look takes "read MARKER LENGTH PROCESS…" or "connect PROCESS PATH…".
func look(args []string) (s evidence.Sight, err error) {
	switch {
	case len(args) > 3 && args[0] == "read":
		prey := evidence.Prey{Marker: args[1]}
		prey.Length, err = strconv.Atoi(args[2])
		return outside.Read(prey, args[3:]), err
	case len(args) > 1 && args[0] == "connect":
		return outside.Connect(args[1:2], args[2:]), nil
	}
	return s, errors.New("usage: read MARKER LENGTH PROCESS… | connect PROCESS PATH…")
}
