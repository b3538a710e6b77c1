package reproduce

import (
	"bytes"
	"context"
	"errors"
	"math"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/dtbench/dtbench/platforms/simulated/model"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
	"github.com/dtbench/dtbench/results/profiles"
	"github.com/dtbench/dtbench/results/reproduction"
)

// options are those of dtbench reproduce, with as many draws as the question at
// hand needs.
func options(t *testing.T, draws int) Options {
	t.Helper()
	o := Options{Seed: 1, Draws: draws}
	var err error
	if o.Parameters, err = model.Load(); err != nil {
		t.Fatal(err)
	}
	if o.Published, err = paper.Load(); err != nil {
		t.Fatal(err)
	}
	for _, name := range reproduction.Profiles() {
		p, err := profiles.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		o.Profiles = append(o.Profiles, p)
	}
	return o
}

func predict(t *testing.T, o Options) []Simulation {
	t.Helper()
	list, err := Predict(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// baseline is what many tests compare with, made once. They do not change it.
var baseline struct {
	once sync.Once
	list []Simulation
}

const baselineDraws = 100

func base(t *testing.T) []Simulation {
	t.Helper()
	baseline.once.Do(func() { baseline.list = predict(t, options(t, baselineDraws)) })
	if baseline.list == nil {
		t.Fatal("there is no baseline")
	}
	return baseline.list
}

// long leaves out, under the race detector, what calibrates once more to show a
// property of figures and nothing of concurrency.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("calibrates six models for a property that has nothing to do with concurrency")
	}
}

// encode is the list as predictions.json has it.
func encode(t *testing.T, list []Simulation) string {
	t.Helper()
	var b bytes.Buffer
	if err := reproduction.WritePredictions(&b, Predictions(list)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEveryOptimizedCellIsPredicted(t *testing.T) {
	list := Predictions(base(t))
	// 4 tables, cold and hot, time and memory; 3 presets; 2 profiles.
	if len(list) != 16*3*2 {
		t.Errorf("%d predictions, want 96", len(list))
	}
	for _, q := range list {
		if q.P <= 0 || q.P > 1 || !(q.Predicted.Low95 < q.Predicted.Median && q.Predicted.Median < q.Predicted.High95) {
			t.Errorf("%+v", q)
		}
	}
}

// The distance from the paper is a test only if the paper's optimized rows are
// unknown to the model: every one of them is changed here.
func TestPredictionsKnowNothingOfTheOptimizedRows(t *testing.T) {
	long(t)
	o := options(t, baselineDraws)
	before := Predictions(base(t))
	for i := range o.Published.Tables {
		for j := range o.Published.Tables[i].Cells {
			if c := &o.Published.Tables[i].Cells[j]; c.Variant == optimized {
				c.TimeMS, c.MemoryMB = 3*c.TimeMS+1, c.MemoryMB/2
			}
		}
	}
	after := Predictions(predict(t, o))
	changed := 0
	for i := range before {
		if before[i].Published == after[i].Published {
			t.Errorf("%+v: the published figure was not changed", after[i])
		}
		if before[i].P > 0.1 && after[i].P < 0.1 {
			changed++
		}
		before[i].Published, before[i].P = after[i].Published, after[i].P
	}
	if !reflect.DeepEqual(before, after) {
		t.Error("a prediction depends on an optimized row")
	}
	if changed == 0 {
		t.Error("no p fell although every published figure was moved far away")
	}
}

func TestBenchmarkRowsDecideThePredictions(t *testing.T) {
	long(t)
	o := options(t, baselineDraws)
	before := encode(t, base(t))
	o.Published.Tables[0].Cells[0].TimeMS *= 1.01
	if encode(t, predict(t, o)) == before {
		t.Error("another benchmark row gives the same predictions")
	}
}

func TestSeedAndProcessors(t *testing.T) {
	o := options(t, baselineDraws)
	first := encode(t, base(t))
	check := func(what string, processors int, want bool) {
		t.Helper()
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		if same := encode(t, predict(t, o)) == first; same != want {
			t.Errorf("%s: the same bytes: %v, want %v", what, same, want)
		}
	}
	check("again, on one processor", 1, true)
	check("again, on four", 4, true)
	o.Seed = 2
	check("another seed", 2, false)
}

// A new table changes no draw of the others.
func TestAnotherScenarioLeavesTheDrawsUnchanged(t *testing.T) {
	long(t)
	o := options(t, baselineDraws)
	before := base(t)
	table, _ := o.Published.Table(5)
	table.Number, table.Platform = 7, "tencent"
	o.Published.Tables = append([]paper.Table{table}, o.Published.Tables...)
	for i, s := range predict(t, o) {
		if s.Cells[0].Table != 7 || len(s.Cells) != len(before[i].Cells)+4 {
			t.Fatalf("%d cells, the first of table %d", len(s.Cells), s.Cells[0].Table)
		}
		if !reflect.DeepEqual(s.Cells[4:], before[i].Cells) {
			t.Errorf("%s, %s: other cells changed", s.Preset, s.Profile)
		}
	}
}

// What is fitted is the expectation of the published statistic.
func TestCalibratedRowsAreThePublishedOnes(t *testing.T) {
	long(t)
	o := options(t, 4000)
	o.Profiles = o.Profiles[:1] // no profile enters a benchmark row
	for _, s := range predict(t, o) {
		for _, c := range s.Cells {
			if c.Variant != benchmark {
				continue
			}
			var m moments
			for _, ms := range c.TrimmedMeans {
				m.add(ms)
			}
			if z := (c.Time.Mean - c.Time.Published) / m.standardError(); math.Abs(z) > 4 {
				t.Errorf("table %d %s, %s: mean %v ms, published %v: %.1f standard errors", c.Table, c.Start, s.Preset, c.Time.Mean, c.Time.Published, z)
			}
			if math.Abs(c.Memory.Mean-c.Memory.Published) > 0.01 {
				t.Errorf("table %d %s, %s: mean %v MB, published %v", c.Table, c.Start, s.Preset, c.Memory.Mean, c.Memory.Published)
			}
			if !(c.CV > 0 && c.CV < 2) {
				t.Errorf("table %d %s, %s: CV %v", c.Table, c.Start, s.Preset, c.CV)
			}
		}
	}
}

func TestRowsAndChanges(t *testing.T) {
	list := base(t)
	rows := Rows(list, reproduction.PresetHigh)
	// Of each table one calibrated row, and a predicted one for each profile.
	if len(rows) != 4*3 {
		t.Fatalf("%d rows, want 12", len(rows))
	}
	for _, r := range rows {
		if (r.Basis == reproduction.BasisCalibrated) != (r.Variant == benchmark) || (r.Profile == "") != (r.Variant == benchmark) {
			t.Errorf("%+v", r)
		}
		if r.Cold.TimeMS == 0 || r.Cold.MemoryMB == 0 || r.Hot.TimeMS == 0 || r.Hot.MemoryMB == 0 {
			t.Errorf("%+v lacks a figure", r)
		}
	}
	changes := Changes(list)
	if len(changes) != 4*2*3*2 {
		t.Fatalf("%d changes, want 48", len(changes))
	}
	i := slices.IndexFunc(Predictions(list), func(q reproduction.Prediction) bool {
		return q.Table == 3 && q.Start == results.Cold && q.Metric == results.MetricTime && q.Preset == changes[0].Preset && q.Profile == changes[0].Profile
	})
	if want := 100 * (Predictions(list)[i].Predicted.Median/2.01 - 1); changes[0].Table != 3 || changes[0].Start != results.Cold || math.Abs(changes[0].Percent.Median-want) > 1e-9 {
		t.Errorf("%+v, want %v %% of table 3", changes[0], want)
	}
}

func TestPredictEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	stop := errors.New("stopped")
	o := options(t, 50)
	var parts atomic.Int32
	o.Progress = func(done, total int) {
		if parts.Add(1) == 3 {
			cancel(stop)
		}
		if done < 1 || done > total {
			t.Errorf("%d of %d done", done, total)
		}
	}
	if _, err := Predict(ctx, o); !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
	if n := parts.Load(); n > 10 {
		t.Errorf("%d parts were done after the end", n)
	}
}

func TestAnErrorEndsTheWork(t *testing.T) {
	broken := errors.New("broken")
	var done atomic.Int32
	work := []func() error{func() error { return broken }}
	for range 100 {
		work = append(work, func() error { done.Add(1); return nil })
	}
	if err := inParallel(t.Context(), work, nil); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if n := done.Load(); n == 100 {
		t.Error("all other parts were done")
	}
	o := options(t, 10)
	o.Published.Tables = o.Published.Tables[:3]
	if _, err := Predict(t.Context(), o); !errors.Is(err, model.ErrCalibration) {
		t.Errorf("without Table 6: %v", err)
	}
}
