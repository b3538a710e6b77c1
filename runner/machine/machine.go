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

// Thresholds above which a run is called noisy. Pressure alone says little: the
// harness, the function and the object store keep each other waiting for up to
// a third of a run on an idle machine with two processors. So it counts only
// where other processes took processor time as well (docs/measuring.md shows
// both figures, idle and busy).
const (
	noisyOthersPercent   = 10
	noisyPressurePercent = 40
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
	all      int64         // ticks of all processors, idle ones too
	busy     int64         // ticks in which processes ran
	ours     int64         // the part of busy that is ours and our children's
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
	pressure, others := 0.0, 0.0
	if elapsed := now.at.Sub(w.began.at); w.began.pressure >= 0 && now.pressure >= 0 && elapsed > 0 {
		pressure = percent(float64(now.pressure-w.began.pressure), float64(elapsed))
		env.CPUPressurePercent = &pressure
	}
	if now.all > w.began.all {
		others = percent(float64(max(0, now.busy-w.began.busy-(now.ours-w.began.ours))), float64(now.all-w.began.all))
		env.OtherCPUPercent = &others
	}
	if others > noisyOthersPercent && (env.CPUPressurePercent == nil || pressure > noisyPressurePercent) {
		warnings = append(warnings, fmt.Sprintf("the machine was busy: other processes took %.0f %% of its processor time; end them and measure again", others))
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
