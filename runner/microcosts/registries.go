package microcosts

import (
	"time"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/results"
)

// ratePerSecond of accepted requests, by the clock of the measurement.
const ratePerSecond = 100

// measureRegistries counts the entries of the registry of used nonces while
// requests are accepted at a steady rate. Time is the measurement's own.
func measureRegistries(o Options, m *results.Microcosts) error {
	var c clock
	start := time.Now()
	now := func() time.Time { return start.Add(time.Duration(c.offset.Load())) }

	published, err := newLiteral(now, nil)
	if err != nil {
		return err
	}
	defer published.Close()
	hardened, err := newOptimized(now, nil)
	if err != nil {
		return err
	}
	defer hardened.Close()
	for _, r := range []struct {
		name    string
		scheme  core.Scheme
		entries func() int
	}{
		{schemeLiteral, published, published.Used},
		{schemeOptimized, hardened, func() int { return hardened.Stats().Nonces }},
	} {
		g := results.RegistryGrowth{Scheme: r.name, RatePerSecond: ratePerSecond, WindowS: window.Seconds()}
		for i := range o.Requests {
			if err := r.scheme.Use(requestID, dataKey, discard); err != nil {
				return err
			}
			c.offset.Add(int64(time.Second / ratePerSecond))
			g.Accepted++
			g.Peak = max(g.Peak, r.entries())
			if i < o.Requests/2 {
				g.HalfPeak = g.Peak
			}
		}
		m.Registries = append(m.Registries, g)
	}
	return nil
}
