// Package runner is the experiment: it visits the arms in an interleaved
// order, enforces and proves cold and hot starts, and writes samples. It
// computes no statistics and prints nothing; progress goes to an Observer
// between invocations, never during one.
package runner

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/build"
)

// maxRetries is how often the sample of one block may fail before its cell
// stops. A function that fails four times in a row is broken, not unlucky.
const maxRetries = 3

// collectEvery is how many instances share one garbage collection of the
// harness; each leaves some hundred kilobytes behind.
const collectEvery = 16

// event is what every invocation gets: small, constant, JSON.
const event = `{"source":"dtbench","message":"hello"}`

// Arm is a labelled set of binaries with one variant.
type Arm struct {
	Label    string
	Variant  scenarios.Variant
	Binaries map[string]build.Binary // by scenario name
	Output   *Output                 // where its samples go
}

// Output is one result file in the making. Arms of one label share it, and
// labels that are compared with each other have one each.
type Output struct {
	// File holds the experiment and the cells. Samples that it has already, of
	// a run that is resumed, count.
	File *results.File
	// Journal gets every entry as it comes.
	Journal *results.Journal
}

// Environment gives the plain settings and the secrets of a function.
type Environment func(s scenarios.Scenario, v scenarios.Variant) (settings, secrets map[string]string)

// Observer is told how a run goes, always between two invocations.
type Observer interface {
	// Visited: an arm was visited; done of total visits are behind us.
	Visited(key results.CellKey, done, total int)
	// Dropped: an attempt was discarded because of err.
	Dropped(key results.CellKey, err error)
	// CellDone: the cell is full, or stopped for c.Stopped.
	CellDone(c *results.Cell)
}

// Config is one run.
type Config struct {
	Platform    platforms.Platform
	Scenarios   []scenarios.Scenario
	Arms        []Arm
	Environment Environment
	// Policy gives the token policy of a function, or nil; nil gives none to any.
	Policy func(s scenarios.Scenario, v scenarios.Variant) []byte
	// Delays returns and forgets the waits injected since the last call; nil
	// when nothing injects any.
	Delays   func() []results.Delay
	Seed     uint64 // of the schedule
	Runs     int    // samples per cell
	Observer Observer
}

// outputs gives each output once, in the order of the arms.
func (c *Config) outputs() []*Output {
	var all []*Output
	for _, arm := range c.Arms {
		if !slices.Contains(all, arm.Output) {
			all = append(all, arm.Output)
		}
	}
	return all
}

// Run makes the samples that the arms' files lack and sets their status. It
// returns the cause of ctx when that ended the run, with the files marked
// interrupted, and an error when a journal could not be written; a function
// that fails is no error but an incomplete cell.
func Run(ctx context.Context, c Config) error {
	r := &run{Config: c, seen: map[string]bool{}}
	for _, out := range c.outputs() {
		out.File.Status = results.Interrupted
		for i := range out.File.Cells {
			cell := &out.File.Cells[i]
			cell.Stopped = ""
			for j := range cell.Samples {
				r.order = max(r.order, cell.Samples[j].Order)
				r.seen[cell.Samples[j].Instance] = true
			}
		}
	}
	names := make([]string, len(c.Scenarios))
	for i, s := range c.Scenarios {
		names[i] = s.Name
	}
	units := Schedule(c.Seed, names, len(c.Arms), c.Runs)
	units = r.remaining(units)
	// The harness's own garbage collector works between visits, not whenever it
	// likes: its workers would take processor time from a timed invocation.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	if err := r.warm(ctx, units); err != nil {
		return err
	}
	for i, u := range units {
		if err := r.visit(ctx, u); err != nil {
			return err
		}
		r.Observer.Visited(r.key(u, results.Hot), i+1, len(units))
	}
	for _, out := range c.outputs() {
		out.File.Status = results.Complete
		for i := range out.File.Cells {
			if len(out.File.Cells[i].Samples) < c.Runs {
				out.File.Status = results.Partial
			}
		}
	}
	return nil
}

type run struct {
	Config
	order    int // of the last sample
	attempts int
	seen     map[string]bool // instance ids that gave a sample
}

func (r *run) key(u Unit, start results.Start) results.CellKey {
	return results.CellKey{Scenario: r.Scenarios[u.Scenario].Name, Variant: r.Arms[u.Arm].Variant.Name, Start: start}
}

func (r *run) cell(u Unit, start results.Start) *results.Cell {
	return r.Arms[u.Arm].Output.File.Cell(r.key(u, start))
}

// remaining leaves out the visits whose pair of samples the file has: of each
// arm the first n, where n is what its hot cell holds.
func (r *run) remaining(units []Unit) []Unit {
	var rest []Unit
	for _, u := range units {
		if u.Block >= len(r.cell(u, results.Hot).Samples) {
			rest = append(rest, u)
		}
	}
	return rest
}

// warm starts every binary once, uncounted, so that no sample pays for a cold
// page cache or for the first connection to a service. A function that fails
// here will fail again where it is counted.
func (r *run) warm(ctx context.Context, units []Unit) error {
	warmed := map[[2]int]bool{}
	for _, u := range units {
		if k := [2]int{u.Scenario, u.Arm}; !warmed[k] {
			warmed[k] = true
			in, err := r.Platform.Prepare(ctx, r.function(u))
			if err == nil {
				_, err = in.Invoke(ctx, []byte(event))
				err = errors.Join(err, in.Close())
			}
			var function *platforms.FunctionError
			if err != nil && !errors.As(err, &function) && context.Cause(ctx) == nil {
				return err // not the function's fault: nothing can be measured
			}
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
	}
	if r.Delays != nil {
		r.Delays()
	}
	return nil
}

func (r *run) function(u Unit) platforms.Function {
	s, arm := r.Scenarios[u.Scenario], r.Arms[u.Arm]
	settings, secrets := r.Environment(s, arm.Variant)
	fn := platforms.Function{
		Name: s.Name + "/" + arm.Label, Binary: arm.Binaries[s.Name].Path, Interpreter: arm.Binaries[s.Name].Interpreter,
		Settings: settings, Secrets: secrets,
	}
	if r.Policy != nil {
		fn.Policy = r.Policy(s, arm.Variant)
	}
	return fn
}

// visit takes the samples of one unit, with retries. Only a cell that has not
// stopped can fail; a visit to an arm whose cold cell has stopped is skipped.
func (r *run) visit(ctx context.Context, u Unit) error {
	cold, hot := r.cell(u, results.Cold), r.cell(u, results.Hot)
	var failures [2]int // cold, hot
	for cold.Stopped == "" {
		wantHot := hot.Stopped == ""
		if !wantHot && len(cold.Samples) >= r.Runs {
			return nil // a resumed run: the cold samples were there, the hot ones fail again
		}
		a := r.attempt(ctx, u, wantHot)
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		if a.err == nil {
			return r.keep(u, a, wantHot)
		}
		failed, n := cold, &failures[0]
		if a.start == results.Hot {
			failed, n = hot, &failures[1]
		}
		*n++
		reason := reasonOf(a.err)
		if err := r.record(u, results.Entry{Dropped: &results.Reason{CellKey: failed.Key(), Reason: reason}}); err != nil {
			return err
		}
		if failed == hot {
			// Its cold sample goes with it, and the file says so: left out
			// silently, the slow ones of a busy machine would be missing.
			if err := r.record(u, results.Entry{Dropped: &results.Reason{CellKey: cold.Key(), Reason: "the hot sample of the same instance was dropped"}}); err != nil {
				return err
			}
		}
		r.Observer.Dropped(failed.Key(), a.err)
		if *n <= maxRetries {
			continue
		}
		stop := fmt.Sprintf("failed %d times in a row: %s", *n, reason)
		if err := r.stop(u, failed, stop); err != nil {
			return err
		}
		if failed == cold && hot.Stopped == "" {
			if err := r.stop(u, hot, "its instances do not start: "+reason); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *run) stop(u Unit, c *results.Cell, reason string) error {
	if err := r.record(u, results.Entry{Stopped: &results.Reason{CellKey: c.Key(), Reason: reason}}); err != nil {
		return err
	}
	r.Observer.CellDone(c)
	return nil
}

// keep records the samples of a successful attempt.
func (r *run) keep(u Unit, a attempt, withHot bool) error {
	cold, hot := r.cell(u, results.Cold), r.cell(u, results.Hot)
	r.order++
	a.cold.Order = r.order
	r.seen[a.cold.Instance] = true
	e := results.Entry{Single: &results.Single{Scenario: cold.Scenario, Variant: cold.Variant, Cold: a.cold}}
	if withHot {
		r.order++
		a.hot.Order = r.order
		e = results.Entry{Pair: &results.Pair{Scenario: cold.Scenario, Variant: cold.Variant, Cold: a.cold, Hot: a.hot}}
	}
	wasFull := len(cold.Samples) >= r.Runs
	if err := r.record(u, e); err != nil {
		return err
	}
	if len(cold.Samples) >= r.Runs && !wasFull {
		r.Observer.CellDone(cold)
	}
	if withHot && len(hot.Samples) >= r.Runs {
		r.Observer.CellDone(hot)
	}
	return nil
}

func (r *run) record(u Unit, e results.Entry) error {
	out := r.Arms[u.Arm].Output
	if err := out.File.Apply(e); err != nil {
		return err
	}
	if err := out.Journal.Append(e); err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	return nil
}

// attempt is the outcome of one instance.
type attempt struct {
	cold, hot results.Sample
	start     results.Start // which of the two err concerns
	err       error
}

// attempt makes one instance: invocation 1 is the cold sample, 2 an uncounted
// warm-up, 3 the hot sample.
func (r *run) attempt(ctx context.Context, u Unit, withHot bool) (a attempt) {
	a.start = results.Cold
	if r.attempts++; r.attempts%collectEvery == 0 {
		runtime.GC()
	}
	began := time.Now()
	in, err := r.Platform.Prepare(ctx, r.function(u))
	if err != nil {
		a.err = err
		return a
	}
	prepared := time.Since(began)
	if r.Platform.Info().VirtualTime {
		prepared = 0
	}
	defer func() {
		if err := in.Close(); err != nil && a.err == nil {
			a.err = err
		}
	}()
	if a.cold, a.err = r.invoke(ctx, in, results.Cold, 1, ""); a.err != nil {
		return a
	}
	a.cold.PrepareMS = ms(prepared)
	if !withHot {
		return a
	}
	a.start = results.Hot
	if _, a.err = r.invoke(ctx, in, results.Hot, 2, a.cold.Instance); a.err != nil {
		return a
	}
	a.hot, a.err = r.invoke(ctx, in, results.Hot, 3, a.cold.Instance)
	return a
}

// errTemperature: the answer proves that the invocation was not what it was
// meant to be.
var errTemperature = errors.New("wrong temperature")

// invoke takes one sample and checks that it is the want-th invocation of the
// instance: of a new one when instance is empty.
func (r *run) invoke(ctx context.Context, in platforms.Instance, start results.Start, want int, instance string) (results.Sample, error) {
	if r.Delays != nil {
		r.Delays() // of an attempt that failed
	}
	inv, err := in.Invoke(ctx, []byte(event))
	if err != nil {
		return results.Sample{}, err
	}
	s, err := newSample(inv, start, r.Platform.Info().SharedClock)
	if err != nil {
		return results.Sample{}, err
	}
	if r.Delays != nil {
		s.Delays = r.Delays()
	}
	switch {
	case s.Invocation != want:
		return s, fmt.Errorf("%w: the instance counts %d invocations, expected %d", errTemperature, s.Invocation, want)
	case instance == "" && r.seen[s.Instance]:
		return s, fmt.Errorf("%w: the instance has answered before", errTemperature)
	case instance != "" && s.Instance != instance:
		return s, fmt.Errorf("%w: another instance answered", errTemperature)
	}
	return s, nil
}

// reasonOf is the text under which equal failures are counted together.
func reasonOf(err error) string {
	var f *platforms.FunctionError
	if errors.As(err, &f) {
		return f.Reason()
	}
	return err.Error()
}
