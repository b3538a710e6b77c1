package core

import (
	"time"

	"golang.org/x/sys/unix"
)

// bootTime is CLOCK_MONOTONIC, which on darwin goes on while the machine sleeps
// (clock_gettime(3)).
func bootTime() time.Duration {
	var t unix.Timespec
	// It cannot fail: the clock exists and t is ours.
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	return time.Duration(t.Nano())
}
