package probes

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"time"
)

// Steer orders where the clocks of a clock build are to stand, counted from the
// real ones. Nothing else follows them: a variant of the ordinary builds has no
// such clock.
type Steer struct {
	Wall time.Duration `json:"wall"`
	Boot time.Duration `json:"boot"`
}

// Clock is what the guard of a clock build reads (scenarios/probes/clock-…, behind
// the build tag dtbench_clock, never shipped). An attack moves it; real time goes
// on underneath. Its methods may be called concurrently.
type Clock struct {
	began      time.Time
	wall, boot atomic.Int64 // nanoseconds ahead of the real ones
}

// NewClock returns a clock that shows the real time.
func NewClock() *Clock { return &Clock{began: time.Now()} }

// Wall is the wall clock.
func (c *Clock) Wall() time.Time { return time.Now().Add(time.Duration(c.wall.Load())) }

// Boot is the boot clock. Where it began says nothing.
func (c *Clock) Boot() time.Duration {
	return time.Since(c.began) + time.Duration(c.boot.Load())
}

// Steer moves both, counted from the real ones.
func (c *Clock) Steer(wall, boot time.Duration) {
	c.wall.Store(int64(wall))
	c.boot.Store(int64(boot))
}

// steer gives the probe "steer".
func steer(_ context.Context, in Inside, args json.RawMessage) (any, error) {
	o, err := decode[Steer](args)
	if err != nil {
		return nil, err
	}
	clock, ok := in.Secrets.(interface {
		Steer(wall, boot time.Duration)
	})
	if !ok {
		return nil, errors.New("probes: the clocks of this build cannot be steered")
	}
	clock.Steer(o.Wall, o.Boot)
	return nil, nil
}
