// Dttarget is the service that the network scenario calls: it answers a GET with a body of fixed size when the request
// carries a valid signature of package requestsig, and with 401 otherwise. It keeps the contract of package child: one
// line on standard output when it listens, end with standard input.
//
// Usage:
//
//	DTTARGET_KEY=… dttarget [--size BYTES] [--window DURATION]
//
// The key is the bytes of the variable. Any path and query is answered, because all of it is signed.
package main

import (
	"os"

	"github.com/dtbench/dtbench/scenarios/services/child"
)

func main() {
	process := child.Process{Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	os.Exit(child.Main("dttarget", process, serve))
}
