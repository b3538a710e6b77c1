//go:build unix

package main

import (
	"os"
	"syscall"
)

// brokenPipe is caught so that a write to a closed pipe returns EPIPE instead
// of ending the process.
var brokenPipe = []os.Signal{syscall.SIGPIPE}
