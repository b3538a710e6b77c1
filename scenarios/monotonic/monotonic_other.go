//go:build !linux

package monotonic

import "time"

var origin = time.Now()

// Now returns nanoseconds since the start of this process.
func Now() int64 { return int64(time.Since(origin)) }
