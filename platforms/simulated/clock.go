package simulated

import (
	"math"
	"sync/atomic"
	"time"
)

// epoch is when virtual time begins.
var epoch = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)

// clock is virtual time. It moves when it is told to; reading it is safe from
// several goroutines. The zero value reads epoch.
type clock struct{ elapsed atomic.Int64 }

func (c *clock) now() time.Time { return epoch.Add(time.Duration(c.elapsed.Load())) }

// shared is the same instant in nanoseconds, on a scale of its own; never 0.
func (c *clock) shared() int64 { return 1 + c.elapsed.Load() }

func (c *clock) advance(d time.Duration) { c.elapsed.Add(int64(max(0, d))) }

// duration of ms milliseconds, to the nanosecond.
func duration(ms float64) time.Duration {
	return time.Duration(math.Round(ms * float64(time.Millisecond)))
}
