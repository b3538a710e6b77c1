//go:build !linux

package microcosts

import "time"

// cpuClock names what cpuTime reads: here there is no processor clock of a
// thread, and results say so.
const cpuClock = "wall"

func cpuTime() time.Duration { return wall() }
