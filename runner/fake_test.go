package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/build"
	"github.com/dtbench/dtbench/scenarios/function"
)

// fake is a platform whose instances answer at once, or as script says.
type fake struct {
	created int
	open    int
	// script may replace the answer of an invocation; n counts the instances
	// of one function from 1, the uncounted warm-up instance included.
	script func(fn string, n, invocation int, a *function.Answer) error
	count  map[string]int
	onCall func()
	// onPrepare may look at what an instance is made of.
	onPrepare func(fn platforms.Function)
}

func (f *fake) Info() platforms.Info {
	return platforms.Info{Name: "fake", Provenance: "measured", Contract: "lambda", Limits: "none", SharedClock: true}
}

func (f *fake) Prepare(ctx context.Context, fn platforms.Function) (platforms.Instance, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if f.onPrepare != nil {
		f.onPrepare(fn)
	}
	f.created++
	f.open++
	if f.count == nil {
		f.count = map[string]int{}
	}
	f.count[fn.Name]++
	return &fakeInstance{f: f, fn: fn.Name, n: f.count[fn.Name], id: fmt.Sprint("i", f.created)}, nil
}

func (f *fake) Close() error { return nil }

type fakeInstance struct {
	f           *fake
	fn, id      string
	n           int
	invocations int
	closed      bool
}

func (in *fakeInstance) Invoke(ctx context.Context, event []byte) (platforms.Invocation, error) {
	if in.f.onCall != nil {
		in.f.onCall()
	}
	if err := context.Cause(ctx); err != nil {
		return platforms.Invocation{}, err
	}
	in.invocations++
	a := function.Answer{
		Instance: in.id, Invocation: in.invocations,
		Timings: function.Timings{Main: 1_100_000, Ready: 1_300_000, Entered: 1_500_000, Handler: 400_000, Secrets: 10_000},
	}
	if in.f.script != nil {
		if err := in.f.script(in.fn, in.n, in.invocations, &a); err != nil {
			return platforms.Invocation{}, err
		}
	}
	data, err := json.Marshal(a)
	start := 200 * time.Microsecond
	return platforms.Invocation{Answer: data, Began: 1_000_000, Total: time.Millisecond, Start: &start, MemoryBytes: 1 << 20}, err
}

func (in *fakeInstance) Close() error {
	if !in.closed {
		in.f.open--
		in.closed = true
	}
	return nil
}

// watcher is an Observer that remembers.
type watcher struct {
	done    []string
	dropped int
	visits  int
}

func (w *watcher) Visited(_ results.CellKey, done, total int) { w.visits = done }
func (w *watcher) Dropped(results.CellKey, error)             { w.dropped++ }

func (w *watcher) CellDone(c *results.Cell) {
	w.done = append(w.done, fmt.Sprintf("%s/%s/%s:%d", c.Scenario, c.Variant, c.Start, len(c.Samples)))
}

func config(t *testing.T, p platforms.Platform, runs int) Config {
	t.Helper()
	c := Config{Platform: p, Scenarios: scenarios.All()[:2], Observer: &watcher{}, Seed: 1, Runs: runs}
	f := &results.File{Schema: results.Schema}
	out := &Output{File: f}
	f.Tool = results.Tool{Name: "dtbench", Version: "test"}
	f.Environment = results.Environment{OS: "linux", Arch: "amd64", CPUs: 1}
	f.Experiment = results.Experiment{
		Platform: "fake", Provenance: results.Measured, Contract: "lambda", Runtime: "go", Latency: "none", Limits: "none",
		Runs: runs, Trim: 1, Seed: 1, TimeoutS: 1, Interleaved: true,
	}
	f.Arms = []results.Arm{}
	for _, v := range scenarios.DefaultVariants() {
		c.Arms = append(c.Arms, Arm{Label: v.Name, Variant: v, Binaries: map[string]build.Binary{}, Output: out})
		f.Experiment.Variants = append(f.Experiment.Variants, v.Name)
	}
	for _, s := range c.Scenarios {
		f.Experiment.Scenarios = append(f.Experiment.Scenarios, s.Name)
		for _, v := range scenarios.DefaultVariants() {
			for _, start := range []results.Start{results.Cold, results.Hot} {
				f.Cells = append(f.Cells, results.Cell{Scenario: s.Name, Variant: v.Name, Start: start, Samples: []results.Sample{}})
			}
		}
	}
	f.Status = results.Interrupted
	c.Environment = func(scenarios.Scenario, scenarios.Variant) (map[string]string, map[string]string) { return nil, nil }
	out.Journal = journal(t, f)
	return c
}

// fileOf is the one file that all arms of a configuration share.
func fileOf(c Config) *results.File { return c.Arms[0].Output.File }

func journal(t *testing.T, f *results.File) *results.Journal {
	t.Helper()
	j, err := results.CreateJournal(filepath.Join(t.TempDir(), "j"), f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func cellOf(c Config, scenario, variant string, start results.Start) *results.Cell {
	return fileOf(c).Cell(results.CellKey{Scenario: scenario, Variant: variant, Start: start})
}
