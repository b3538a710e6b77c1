// Package machine reads what a result must say about the computer it was
// measured on, and how quiet that computer was meanwhile. It reads neither
// host names nor user names.
package machine

import (
	"fmt"
	"runtime"
	"time"

	"github.com/dtbench/dtbench/results"
)

// Thresholds above which a run is called noisy. On an idle two-core machine
// the harness, the function and the object store together stay below half of
// the first (see docs/measuring.md); any steal means that a hypervisor gave
// our time away.
const (
	noisyPressurePercent = 10
	noisyStealPercent    = 1
)

// Watch begins at the start of a run.
type Watch struct {
	env   results.Environment
	began counters
}

// counters grow as long as the machine runs. A negative value is unknown.
type counters struct {
	at       time.Time
	pressure time.Duration // some task waited for a processor
	steal    int64         // ticks
	all      int64         // ticks of all processors
}

// Begin reads the machine and its counters.
func Begin() *Watch {
	w := &Watch{began: readCounters()}
	w.env = results.Environment{
		OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(),
		Started: w.began.at.UTC().Truncate(time.Millisecond), LoadBefore: load(),
	}
	fingerprint(&w.env)
	return w
}

// End completes the environment and says in sentences what made the machine
// noisy.
func (w *Watch) End() (results.Environment, []string) { return w.compare(readCounters()) }

func (w *Watch) compare(now counters) (results.Environment, []string) {
	env := w.env
	env.Finished, env.LoadAfter = now.at.UTC().Truncate(time.Millisecond), load()
	var warnings []string
	if elapsed := now.at.Sub(w.began.at); w.began.pressure >= 0 && now.pressure >= 0 && elapsed > 0 {
		p := percent(float64(now.pressure-w.began.pressure), float64(elapsed))
		env.CPUPressurePercent = &p
		if p > noisyPressurePercent {
			warnings = append(warnings, fmt.Sprintf("the machine was busy: during %.0f %% of the run some task waited for a processor; close other work and measure again", p))
		}
	}
	if w.began.steal >= 0 && now.steal >= 0 && now.all > w.began.all {
		p := percent(float64(now.steal-w.began.steal), float64(now.all-w.began.all))
		env.StealPercent = &p
		if p > noisyStealPercent {
			warnings = append(warnings, fmt.Sprintf("the hypervisor gave %.1f %% of the processor time to others; times are less certain than their intervals say", p))
		}
	}
	return env, warnings
}

// percent keeps one decimal: more would be noise in a diff.
func percent(part, whole float64) float64 {
	return float64(int64(1000*part/whole+0.5)) / 10
}
