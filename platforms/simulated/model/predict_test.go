package model

import (
	"math"
	"testing"

	"github.com/dtbench/dtbench/results"
)

func TestPredictive(t *testing.T) {
	p := Predictive{sorted: []float64{1, 2, 2, 3, 4}}
	check := func(what string, got, want float64) {
		t.Helper()
		near(t, what, got, want, 1e-12)
	}
	check("median", p.Quantile(0.5), 2)
	check("between two", p.Quantile(0.625), 2.5)
	check("ends", p.Quantile(1)-p.Quantile(0), 3)
	check("mean", p.Mean(), 2.4)
	check("beyond all", p.P(10), 2.0/6)
	check("below all", p.P(0), 2.0/6)
	check("in the middle", p.P(2.5), 1)
	check("a tie", p.P(2), 1)
	check("the largest", p.P(4), 4.0/6)
	if !math.IsNaN(Predictive{}.Quantile(0.5)) {
		t.Error("a quantile of nothing")
	}
}

// The p-value of a benchmark cell's repetition is uniform: the doubt about the
// calibration is in the prediction.
func TestAPredictionHoldsTheDoubtOfTheCalibration(t *testing.T) {
	in := load(t)
	m := in.calibrate(t, Central)
	cell := Cell{"aliyun", "storage", benchmark, results.Hot}
	const experiments = 400
	rejected := 0
	truth := stream(t, m, 99, cell)
	time, _, err := m.Predict(1, cell, 4000)
	if err != nil {
		t.Fatal(err)
	}
	published := m.published[cell].timeMS
	for range experiments {
		// An experiment that was calibrated on one batch and repeated in another.
		first, _ := truth.TrimmedMean(15, 1)
		second, _ := truth.TrimmedMean(15, 1)
		if time.P(published*second/first) < 0.05 {
			rejected++
		}
	}
	near(t, "share of repetitions that a 5 % test refuses", float64(rejected)/experiments, 0.05, 0.033)
}

func TestAPredictionShowsTheCostOfTheToken(t *testing.T) {
	in := load(t)
	in.profile.InitMS, in.profile.MemoryMB = 9, 5
	m := in.calibrate(t, Low)
	cell := Cell{"aliyun", "hello", optimized, results.Cold}
	time, memory, err := m.Predict(1, cell, 2000)
	if err != nil {
		t.Fatal(err)
	}
	null, _, err := m.WithoutToken().Predict(1, cell, 2000)
	if err != nil {
		t.Fatal(err)
	}
	cost := 0.8 * (9 + in.profile.ModuleMS) // processor_factor of the preset
	near(t, "time", time.Quantile(0.5)-null.Quantile(0.5), cost, 0.5)
	near(t, "memory", memory.Quantile(0.5), 7.74+5, 0.05)
	if p := null.P(2.01); p < 0.5 {
		t.Errorf("the benchmark figure has p %v under no effect", p)
	}
	if _, _, err := m.Predict(1, Cell{}, 10); err == nil {
		t.Error("an unknown cell is predicted")
	}
}
