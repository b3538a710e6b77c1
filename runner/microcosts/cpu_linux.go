package microcosts

import (
	"time"

	"golang.org/x/sys/unix"
)

// cpuClock names what cpuTime reads.
const cpuClock = "thread"

// cpuTime is the processor time of the calling thread.
func cpuTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic("microcosts: no processor clock of the thread: " + err.Error()) // Linux has had it since 2.6.12
	}
	return time.Duration(t.Nano())
}
