package model

import (
	"math"
	"reflect"
	"testing"

	"github.com/dtbench/dtbench/results"
)

func TestAStreamDependsOnSeedAndCellAlone(t *testing.T) {
	in := load(t)
	m := in.calibrate(t, Central)
	draws := func(m *Model, seed uint64, cell Cell) []Draw { return stream(t, m, seed, cell).Batch(15) }
	first := draws(m, 1, networkHot)
	if !reflect.DeepEqual(first, draws(m, 1, networkHot)) {
		t.Error("the same seed gives other samples")
	}
	if reflect.DeepEqual(first, draws(m, 2, networkHot)) {
		t.Error("another seed gives the same samples")
	}
	other := stream(t, m, 1, networkCold)
	other.Batch(100)
	if !reflect.DeepEqual(first, draws(m, 1, networkHot)) {
		t.Error("another cell changes the samples")
	}
}

func TestTheReportedTimeIsTheSumOfItsParts(t *testing.T) {
	m := load(t).calibrate(t, High)
	for _, cell := range sortedCells(m.laws) {
		l := m.laws[cell]
		for _, d := range stream(t, m, 3, cell).Batch(200) {
			handler := d.InitMS + d.WorkMS + d.AccessMS + d.StorageMS + d.NetworkMS
			near(t, cell.String()+" total", d.TotalMS, handler+d.ProvisionMS+d.RuntimeMS, 1e-9*d.TotalMS)
			metered := handler
			if l.startMetered {
				metered = d.TotalMS
			}
			near(t, cell.String()+" reported", d.ReportedMS, metered, 0.00501)
			if d.ThrottledMS < -1e-9 || d.MemoryMB <= 0 || (cell.Start == results.Hot && d.InitMS != 0) {
				t.Fatalf("%s: implausible %+v", cell, d)
			}
		}
	}
}

func TestInterleavedArmsShareTheDriftOfTheirBatch(t *testing.T) {
	in := load(t)
	for i := range in.parameters.Values {
		if p := &in.parameters.Values[i]; p.Name == "run_drift" {
			p.Central = 0
		}
	}
	m := in.calibrate(t, Central)
	drift := func(seed uint64, scenario, variant string) float64 {
		s, err := m.Interleaved(seed, Cell{"aliyun", scenario, variant, results.Cold})
		if err != nil {
			t.Fatal(err)
		}
		return s.Batch(1)[0].Drift
	}
	a, b := drift(1, "hello", benchmark), drift(1, "hello", optimized)
	if a != b || a == 0 {
		t.Errorf("drift of two interleaved arms: %v and %v", a, b)
	}
	if a == drift(2, "hello", benchmark) || a == drift(1, "storage", benchmark) {
		t.Error("another batch drifts the same")
	}
	own := stream(t, m, 1, helloCold)
	if x, y := own.Batch(1)[0].Drift, own.Batch(1)[0].Drift; x == y {
		t.Error("two batches of their own drift the same")
	}
}

func TestTheQuotaOfTheExperimentApplies(t *testing.T) {
	in := load(t)
	in.profile.InitMS = 40
	m := in.calibrate(t, Central)
	cell := Cell{"aliyun", "hello", optimized, results.Cold}
	init := func(m *Model) (mean, throttled float64) {
		for _, d := range stream(t, m, 1, cell).Batch(2000) {
			mean, throttled = mean+d.InitMS/math.Exp(d.Drift)/2000, throttled+d.ThrottledMS/2000
		}
		return mean, throttled
	}
	half, waited := init(m)
	free, none := init(m.Under(Quota{}))
	near(t, "unthrottled", free, 40.9, 1)
	near(t, "no quota throttles", none, 0, 1e-9)
	if half < 1.6*free || half > 2.1*free || waited < 20 {
		t.Errorf("half a processor: %v ms of %v, %v of them throttled", half, free, waited)
	}
}

func TestATokenThatCostsNothingHasNoEffect(t *testing.T) {
	m := load(t).calibrate(t, Central).WithoutToken()
	for cell, l := range m.laws {
		base := m.laws[Cell{cell.Platform, cell.Scenario, benchmark, cell.Start}]
		l.accesses = base.accesses
		if !reflect.DeepEqual(l, base) {
			t.Errorf("%s is not the benchmark function", cell)
		}
	}
}

func TestAPredictiveDrawAllocatesNothing(t *testing.T) {
	s := stream(t, load(t).calibrate(t, High), 1, networkCold)
	if n := testing.AllocsPerRun(100, func() { s.TrimmedMean(15, 1) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkTrimmedMean(b *testing.B) {
	m := load(b).calibrate(b, Central)
	for _, cell := range []Cell{{"aliyun", "hello", optimized, results.Hot}, {"aliyun", "network", optimized, results.Cold}} {
		b.Run(cell.Scenario+string(cell.Start), func(b *testing.B) {
			s := stream(b, m, 1, cell)
			b.ReportAllocs()
			for b.Loop() {
				s.TrimmedMean(15, 1)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(15*b.N), "ns/sample")
		})
	}
}

func TestAntitheticBatchesMirrorEachOther(t *testing.T) {
	s := newSource(1, "test")
	s.antithetic = true
	batch := func(n int) (xs []float64) {
		s.batch()
		for range n {
			xs = append(xs, s.normal(), s.uniform()-0.5)
		}
		return xs
	}
	first, second, third := batch(5), batch(7), batch(5)
	for i := range first {
		near(t, "mirrored", second[i], -first[i], 1e-15)
		if third[i] == first[i] || third[i] == second[i] {
			t.Error("the third batch repeats the first pair")
		}
	}
	plain := newSource(1, "test")
	for i := range first {
		want := plain.uniform
		if i%2 == 0 {
			want = plain.normal
		}
		if got := want(); i%2 == 0 && got != first[i] {
			t.Error("the first batch is not that of a plain stream")
		}
	}
}
