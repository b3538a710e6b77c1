package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/function"
)

func TestEveryBlockHoldsEveryArmOnceInASeededOrder(t *testing.T) {
	names := []string{"hello", "storage"}
	units := Schedule(7, names, 3, 20)
	if len(units) != 2*3*20 {
		t.Fatalf("%d units", len(units))
	}
	first := map[int]int{}
	for i := 0; i < len(units); i += 3 {
		var arms []int
		for _, u := range units[i : i+3] {
			if u.Block != units[i].Block || u.Scenario != units[i].Scenario {
				t.Fatalf("block %v is torn", units[i:i+3])
			}
			arms = append(arms, u.Arm)
		}
		first[arms[0]]++
		slices.Sort(arms)
		if !slices.Equal(arms, []int{0, 1, 2}) {
			t.Fatalf("block %v lacks an arm", units[i:i+3])
		}
	}
	for arm := range 3 {
		if first[arm] < 5 { // of 40: chance of fewer is below 1 in 10,000, and the seed is fixed
			t.Errorf("arm %d comes first only %d times", arm, first[arm])
		}
	}
	if !reflect.DeepEqual(units, Schedule(7, names, 3, 20)) {
		t.Error("the same seed gives another order")
	}
	if reflect.DeepEqual(units, Schedule(8, names, 3, 20)) {
		t.Error("another seed gives the same order")
	}
	if alone := Schedule(7, names[:1], 3, 20); !reflect.DeepEqual(units[:60], alone) {
		t.Error("a second scenario changes the order of the first")
	}
}

func TestARunGivesProvenInterleavedSamples(t *testing.T) {
	p := &fake{}
	c := config(t, p, 15)
	if err := Run(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	if fileOf(c).Status != results.Complete || p.open != 0 {
		t.Errorf("status %s, %d instances open", fileOf(c).Status, p.open)
	}
	if err := fileOf(c).Validate(); err != nil {
		t.Error(err)
	}
	for i := 0; i < len(fileOf(c).Cells); i += 2 {
		cold, hot := fileOf(c).Cells[i], fileOf(c).Cells[i+1]
		if len(cold.Samples) != 15 || len(hot.Samples) != 15 {
			t.Fatalf("%s/%s: %d cold, %d hot", cold.Scenario, cold.Variant, len(cold.Samples), len(hot.Samples))
		}
		for k := range cold.Samples {
			a, b := cold.Samples[k], hot.Samples[k]
			if a.Invocation != 1 || b.Invocation != 3 || a.Instance != b.Instance || b.Order != a.Order+1 {
				t.Fatalf("pair %d: %+v %+v", k, a, b)
			}
			if *a.InitMS != 0.2 || *a.ToHandlerMS != 0.5 || a.HandlerMS != 0.4 || a.SecretsMS != 0.01 || *a.StartMS != 0.2 || a.TotalMS != 1 || b.InitMS != nil || b.StartMS != nil {
				t.Fatalf("times of pair %d: %+v %+v", k, a, b)
			}
		}
	}
	// 2 scenarios × 2 variants × 15, and one uncounted start of each binary
	if p.created != 2*2*15+4 {
		t.Errorf("%d instances", p.created)
	}
	if w := c.Observer.(*watcher); len(w.done) != 8 || w.visits != 60 {
		t.Errorf("the observer saw %d visits and the cells %v", w.visits, w.done)
	}
}

func TestFailuresAreCountedAndRetried(t *testing.T) {
	boom := &platforms.FunctionError{Kind: platforms.ErrCrash, Function: "hello/optimized", Detail: "exit status 7"}
	p := &fake{script: func(fn string, n, invocation int, a *function.Answer) error {
		if fn == "hello/optimized" && n == 3 && invocation == 1 {
			return boom
		}
		if fn == "hello/optimized" && n == 5 && invocation == 3 {
			return boom
		}
		if fn == "hello/benchmark" && n == 4 && invocation == 1 {
			a.Invocation = 2 // a warm instance answered
		}
		return nil
	}}
	c := config(t, p, 15)
	if err := Run(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	if fileOf(c).Status != results.Complete || p.open != 0 {
		t.Fatalf("status %s, %d open", fileOf(c).Status, p.open)
	}
	check := func(variant string, start results.Start, want ...results.Drop) {
		t.Helper()
		if got := cellOf(c, "hello", variant, start).Dropped; !reflect.DeepEqual(got, want) {
			t.Errorf("%s %s: dropped %v, want %v", variant, start, got, want)
		}
	}
	check("optimized", results.Cold, results.Drop{Reason: "crashed in the handler: exit status 7", Count: 1},
		results.Drop{Reason: "the hot sample of the same instance was dropped", Count: 1})
	check("optimized", results.Hot, results.Drop{Reason: "crashed in the handler: exit status 7", Count: 1})
	check("benchmark", results.Cold, results.Drop{Reason: "wrong temperature: the instance counts 2 invocations, expected 1", Count: 1})
	check("benchmark", results.Hot)
}

// A guard that ends its instance is no crash: it is counted by its own name, and
// the replacement gives the sample.
func TestATerminatedInstanceIsReplaced(t *testing.T) {
	var policies []string
	p := &fake{script: func(fn string, n, invocation int, _ *function.Answer) error {
		if fn == "hello/optimized" && n == 3 && invocation == 3 {
			return &platforms.FunctionError{Kind: platforms.ErrTerminated, Function: fn, Detail: "exit status 86"}
		}
		return nil
	}, onPrepare: func(fn platforms.Function) { policies = append(policies, fn.Name+":"+string(fn.Policy)) }}
	c := config(t, p, 3)
	c.Policy = func(s scenarios.Scenario, v scenarios.Variant) []byte {
		if !v.Protects {
			return nil
		}
		return []byte("policy of " + s.Name)
	}
	if err := Run(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	if fileOf(c).Status != results.Complete {
		t.Errorf("status %s", fileOf(c).Status)
	}
	want := []results.Drop{{Reason: "terminated by its guard: exit status 86", Count: 1}}
	if got := cellOf(c, "hello", "optimized", results.Hot).Dropped; !reflect.DeepEqual(got, want) {
		t.Errorf("dropped %v, want %v", got, want)
	}
	count := map[string]int{}
	for _, policy := range policies {
		count[policy]++
	}
	// A warm-up and three visits each, and the replacement.
	if !reflect.DeepEqual(count, map[string]int{
		"hello/benchmark:": 4, "storage/benchmark:": 4,
		"hello/optimized:policy of hello": 5, "storage/optimized:policy of storage": 4,
	}) {
		t.Errorf("instances got the policies %v", count)
	}
}

func TestABrokenCellStopsAndTheOthersGoOn(t *testing.T) {
	broken := func(cell string, invocation int) func(string, int, int, *function.Answer) error {
		return func(fn string, _, i int, _ *function.Answer) error {
			if fn == cell && i == invocation {
				return &platforms.FunctionError{Kind: platforms.ErrTimeout, Function: fn}
			}
			return nil
		}
	}
	t.Run("cold takes hot along", func(t *testing.T) {
		p := &fake{script: broken("hello/optimized", 1)}
		c := config(t, p, 15)
		if err := Run(context.Background(), c); err != nil {
			t.Fatal(err)
		}
		cold, hot := cellOf(c, "hello", "optimized", results.Cold), cellOf(c, "hello", "optimized", results.Hot)
		if fileOf(c).Status != results.Partial || cold.Stopped == "" || hot.Stopped == "" || len(cold.Samples)+len(hot.Samples) != 0 {
			t.Errorf("status %s, cold %q, hot %q", fileOf(c).Status, cold.Stopped, hot.Stopped)
		}
		if cold.Dropped[0].Count != maxRetries+1 || len(hot.Dropped) != 0 {
			t.Errorf("dropped %v and %v", cold.Dropped, hot.Dropped)
		}
		if n := len(cellOf(c, "storage", "optimized", results.Hot).Samples); n != 15 {
			t.Errorf("another cell has %d samples", n)
		}
	})
	t.Run("hot leaves cold", func(t *testing.T) {
		p := &fake{script: broken("hello/optimized", 3)}
		c := config(t, p, 15)
		if err := Run(context.Background(), c); err != nil {
			t.Fatal(err)
		}
		cold, hot := cellOf(c, "hello", "optimized", results.Cold), cellOf(c, "hello", "optimized", results.Hot)
		if len(cold.Samples) != 15 || cold.Stopped != "" || len(hot.Samples) != 0 || hot.Stopped == "" {
			t.Errorf("cold %d %q, hot %d %q", len(cold.Samples), cold.Stopped, len(hot.Samples), hot.Stopped)
		}
		// What is resumed when the function is mended gives full pairs again.
		p.script = nil
		c.Arms[0].Output.Journal = journal(t, fileOf(c))
		if err := Run(context.Background(), c); err != nil {
			t.Fatal(err)
		}
		cold, hot = cellOf(c, "hello", "optimized", results.Cold), cellOf(c, "hello", "optimized", results.Hot)
		if fileOf(c).Status != results.Complete || len(hot.Samples) != 15 || len(cold.Samples) != 15 {
			t.Fatalf("status %s, %d cold, %d hot", fileOf(c).Status, len(cold.Samples), len(hot.Samples))
		}
		for k := range hot.Samples {
			if cold.Samples[k].Instance != hot.Samples[k].Instance {
				t.Errorf("pair %d: cold of %s, hot of %s", k, cold.Samples[k].Instance, hot.Samples[k].Instance)
			}
		}
	})
}

func TestAnInterruptedRunResumesToTheSameSchedule(t *testing.T) {
	enough := errors.New("enough")
	p := &fake{}
	c := config(t, p, 15)
	ctx, cancel := context.WithCancelCause(context.Background())
	calls := 0
	p.onCall = func() {
		if calls++; calls == 50 { // in the middle of an instance
			cancel(enough)
		}
	}
	if err := Run(ctx, c); !errors.Is(err, enough) {
		t.Fatalf("got %v, want the cause", err)
	}
	if fileOf(c).Status != results.Interrupted || p.open != 0 {
		t.Fatalf("status %s, %d open", fileOf(c).Status, p.open)
	}
	before := 0
	for _, cell := range fileOf(c).Cells {
		before += len(cell.Samples)
	}
	if before == 0 || before >= 120 {
		t.Fatalf("%d samples when interrupted", before)
	}
	c.Arms[0].Output.Journal = journal(t, fileOf(c))
	if err := Run(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	if fileOf(c).Status != results.Complete {
		t.Errorf("status %s", fileOf(c).Status)
	}
	if err := fileOf(c).Validate(); err != nil {
		t.Error(err)
	}
	whole := config(t, &fake{}, 15)
	if err := Run(context.Background(), whole); err != nil {
		t.Fatal(err)
	}
	for i := range fileOf(whole).Cells {
		for k, s := range fileOf(whole).Cells[i].Samples {
			if got := fileOf(c).Cells[i].Samples[k].Order; got != s.Order {
				t.Fatalf("cell %d sample %d has order %d, in an uninterrupted run %d", i, k, got, s.Order)
			}
		}
	}
}

func TestAnswersThatProveNothingAreDropped(t *testing.T) {
	check := func(name string, spoil func(a *function.Answer), want string) {
		t.Helper()
		p := &fake{script: func(fn string, n, invocation int, a *function.Answer) error {
			if fn == "hello/benchmark" && n == 2 && invocation == 1 {
				spoil(a)
			}
			return nil
		}}
		c := config(t, p, 4)
		if err := Run(context.Background(), c); err != nil {
			t.Fatal(err)
		}
		d := cellOf(c, "hello", "benchmark", results.Cold).Dropped
		if len(d) != 1 || d[0].Reason != want {
			t.Errorf("%s: dropped %v, want %q", name, d, want)
		}
	}
	check("no instance id", func(a *function.Answer) { a.Instance = "" }, "not the answer of a dtbench function: instance, invocation or timings are missing")
	check("a handler that ends before it begins", func(a *function.Answer) { a.Timings.Handler = -1 }, "not the answer of a dtbench function: instance, invocation or timings are missing")
}

func TestAnInstanceGivesOneColdSample(t *testing.T) {
	last := ""
	p := &fake{}
	p.script = func(fn string, n, invocation int, a *function.Answer) error {
		if fn == "hello/benchmark" && n == 3 && invocation == 1 {
			a.Instance = last
		}
		if fn == "hello/benchmark" && n == 2 {
			last = a.Instance
		}
		return nil
	}
	c := config(t, p, 4)
	if err := Run(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	d := cellOf(c, "hello", "benchmark", results.Cold).Dropped
	if len(d) != 1 || d[0].Reason != "wrong temperature: the instance has answered before" {
		t.Errorf("dropped %v", d)
	}
}

func TestTheHandlerCannotBeginBeforeTheInvocation(t *testing.T) {
	a := function.Answer{Instance: "x", Invocation: 1, Timings: function.Timings{Main: 1, Ready: 2, Entered: 999_999}}
	data, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	inv := platforms.Invocation{Answer: data, Began: 1_000_000, Total: time.Millisecond}
	if _, err := newSample(inv, results.Cold, true); !errors.Is(err, errAnswer) {
		t.Errorf("got %v", err)
	}
	inv.Began = 0
	if s, err := newSample(inv, results.Cold, false); err != nil || s.ToHandlerMS != nil {
		t.Errorf("without a shared clock: %+v, %v", s, err)
	}
}

func TestLabelsWithFilesOfTheirOwnShareOneSchedule(t *testing.T) {
	base, head := config(t, &fake{}, 6), config(t, &fake{}, 6)
	c := head
	c.Arms = append(c.Arms, base.Arms...)
	for i := range c.Arms {
		c.Arms[i].Label += fmt.Sprint("@", i/2)
	}
	if err := Run(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	var orders []int
	for _, f := range []*results.File{fileOf(base), fileOf(head)} {
		if f.Status != results.Complete {
			t.Errorf("status %s", f.Status)
		}
		if err := f.Validate(); err != nil {
			t.Error(err)
		}
		for _, cell := range f.Cells {
			for _, s := range cell.Samples {
				orders = append(orders, s.Order)
			}
		}
	}
	slices.Sort(orders)
	for i, order := range orders {
		if order != i+1 {
			t.Fatalf("orders %v are not those of one run", orders)
		}
	}
	if last := len(fileOf(base).Cells) - 1; fileOf(base).Cells[0].Samples[0].Order > 8 || fileOf(head).Cells[last].Samples[5].Order < len(orders)-8 {
		t.Error("the labels ran one after the other")
	}
}
