//go:build !unix

package main

import (
	"os"
	"syscall"
)

// brokenPipe: there is no such signal here. Notify without signals would catch
// all of them, so it names one that is caught anyway.
var brokenPipe = []os.Signal{syscall.SIGINT}
