package model

import (
	"math"
	"testing"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/profiles"
)

func TestDrift(t *testing.T) {
	d := drift{batch: 0.07, within: 0.02, autocorrelation: 0.5}
	r := newSource(1, "test")
	const n = 400_000
	var sum, square, product float64
	previous := d.begin(r)
	for range n {
		next := d.next(r, previous)
		sum, square, product = sum+next, square+next*next, product+next*previous
		previous = next
	}
	near(t, "mean within a batch", sum/n, 0, 2e-4)
	near(t, "spread within a batch", math.Sqrt(square/n), 0.02, 2e-4)
	near(t, "autocorrelation", product/square, 0.5, 0.01)
	between := 0.0
	for range n {
		x := d.between(r)
		between += x * x
	}
	near(t, "spread between batches", math.Sqrt(between/n), 0.07, 1e-3)
	near(t, "inflation against the integral", d.inflation(),
		integrate(func(z float64) float64 { return math.Exp(math.Hypot(0.07, 0.02) * z) }), 1e-6)
	if (drift{}).begin(r) != 0 || (drift{}).next(r, 0) != 0 || (drift{}).between(r) != 0 {
		t.Error("no drift drifts")
	}
}

func TestResolution(t *testing.T) {
	check := func(value, resolution, want float64) {
		t.Helper()
		if got := Quantise(value, resolution); got != want {
			t.Errorf("%v at %v: %v, want %v", value, resolution, got, want)
		}
	}
	check(2.0149, 0.01, 2.01)
	check(2.0151, 0.01, 2.02)
	check(69.674, 0.01, 69.67)
	check(47.5, 1, 48)
	check(7, 5, 5)
	check(1.23456, 0, 1.23456)
}

func TestOverlapLowersWhatTheMechanismLoads(t *testing.T) {
	p := profiles.Profile{
		InitMS: 2, ModuleMS: 20, ModuleLoadedMS: map[string]float64{"storage": 5}, AccessMS: 0.5,
		MemoryMB: 6, MemoryLoadedMB: map[string]float64{"storage": 0.6}, NonceBytes: 100,
	}
	check := func(scenario string, factor, initialise, access, memory float64) {
		t.Helper()
		got := overlapped(p, scenario, factor)
		near(t, scenario+" init", got.initialise, initialise, 1e-12)
		near(t, scenario+" access", got.access, access, 1e-12)
		near(t, scenario+" memory", got.memory, memory, 1e-12)
		near(t, scenario+" nonce", got.nonce, 1e-4, 1e-12)
	}
	check("hello", 1, 22, 0.5, 6)
	check("storage", 1, 7, 0.5, 0.6)
	p.ModuleLoadedMS["network"], p.MemoryLoadedMB["network"] = 21, 6.5
	check("network", 1, 23, 0.5, 6.5) // nothing is shared, and there is more to load
	check("storage", 2, 14, 1, 0.6)   // a slower processor needs no more memory
}

// Initialisation is drawn in cold starts, with their spread; an access in every
// invocation, with that of warm functions; and the registry holds the accesses of
// one invocation after a cold sample and of three after a hot one.
func TestWhatTheMechanismAddsToALaw(t *testing.T) {
	in := load(t)
	in.profile.NonceBytes = 1e6 // 1 MB each, to be seen
	m := in.calibrate(t, Central)
	v, err := in.parameters.under(Central)
	if err != nil {
		t.Fatal(err)
	}
	check := func(scenario string, start results.Start, nonces float64) {
		t.Helper()
		l := m.laws[Cell{"aliyun", scenario, optimized, start}]
		near(t, scenario+" memory", l.memoryToken-in.profile.LoadingMB(scenario), nonces, 1e-9)
		want := Distribution{}
		if start == results.Cold {
			want = Lognormal(v.processorFactor*(in.profile.InitMS+in.profile.LoadingMS(scenario)), v.coldCV)
		}
		if l.initialise != want {
			t.Errorf("%s %s initialises with %+v, want %+v", scenario, start, l.initialise, want)
		}
		if want := Lognormal(v.processorFactor*in.profile.AccessMS, v.warmCV); l.access != want {
			t.Errorf("%s %s accesses with %+v, want %+v", scenario, start, l.access, want)
		}
	}
	check("hello", results.Cold, 1)
	check("hello", results.Hot, 3)
	check("network", results.Cold, 2)
	check("network", results.Hot, 6)
}
