//go:build !linux && !darwin && !windows

package core

import "time"

var started = time.Now()

// bootTime is the runtime's monotonic time, which on these systems may stop
// while the machine sleeps: waking up then looks like a restore and costs the
// tokens that were issued before.
func bootTime() time.Duration { return time.Since(started) }
