package model

import (
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
	"github.com/dtbench/dtbench/results/profiles"
	"github.com/dtbench/dtbench/scenarios"
)

// What was calibrated by quadrature is what sampling gives.
func TestEveryBenchmarkCellHasThePublishedExpectation(t *testing.T) {
	in := load(t)
	for _, preset := range Presets() {
		m := in.calibrate(t, preset)
		if len(m.published) != 8 {
			t.Fatalf("fitted to %d cells, the paper has 8 benchmark means", len(m.published))
		}
		for cell, want := range m.published {
			mean, se := trimmedMeans(t, m, cell, 8000)
			if math.Abs(mean-want.timeMS) > 4*se {
				t.Errorf("%s %s: %v ± %v, published %v", preset, cell, mean, se, want.timeMS)
			}
			if m.laws[cell].memory != want.memoryMB {
				t.Errorf("%s: %v MB, published %v", cell, m.laws[cell].memory, want.memoryMB)
			}
		}
	}
}

func TestTheOptimizedRowsAreNotLookedAt(t *testing.T) {
	in := load(t)
	before := in.calibrate(t, Central)
	for i := range in.published.Tables {
		for j := range in.published.Tables[i].Cells {
			if c := &in.published.Tables[i].Cells[j]; c.Variant == optimized {
				c.TimeMS *= 7
				c.MemoryMB += 100
			}
		}
	}
	if after := in.calibrate(t, Central); !reflect.DeepEqual(before, after) {
		t.Error("another optimized row gives another model")
	}
	in.published.Tables[0].Cells[0].TimeMS++
	if after := in.calibrate(t, Central); after.ParameterHash() == before.ParameterHash() || reflect.DeepEqual(before.laws, after.laws) {
		t.Error("another benchmark row gives the same model")
	}
}

func TestThePartsOfTheCalibration(t *testing.T) {
	m := load(t).calibrate(t, Central)
	at := func(platform, scenario string, start results.Start) law {
		return m.laws[Cell{platform, scenario, benchmark, start}]
	}
	for _, scenario := range []string{"hello", "storage", "network"} {
		hot, cold := at("aliyun", scenario, results.Hot), at("aliyun", scenario, results.Cold)
		if hot.work != cold.work || hot.storage != cold.storage || hot.network != cold.network {
			t.Errorf("%s: the handler's parts differ between cold and hot", scenario)
		}
		if hot.startup.Mean() != 0 || hot.provision.Mean() != 0 || cold.startup.Mean() <= 0 {
			t.Errorf("%s: start-up in the wrong place", scenario)
		}
	}
	if at("aliyun", "storage", results.Hot).storage != at("aliyun", "network", results.Hot).storage {
		t.Error("a write costs something else in another scenario")
	}
	if at("tencent", "hello", results.Cold).startup != at("aliyun", "hello", results.Cold).startup {
		t.Error("tencent's hello has start-up of its own")
	}
	near(t, "provisioning and runtime start of tencent, for 47.41 ms", at("tencent", "hello", results.Cold).provision.Mean()*2, 45, 2)
	near(t, "those of aliyun, not metered", at("aliyun", "hello", results.Cold).provision.Mean()*2, 1950, 1e-6)
	basis := func(cell Cell, want string) {
		t.Helper()
		if got, err := m.Basis(cell); err != nil || got != want {
			t.Errorf("%s: basis %q, %v", cell, got, err)
		}
	}
	basis(networkHot, "")
	basis(Cell{"tencent", "hello", optimized, results.Cold}, "")
	basis(Cell{"tencent", "network", optimized, results.Cold}, Extrapolated)
	basis(Cell{"tencent", "storage", benchmark, results.Hot}, Extrapolated)
}

func TestTheMechanismIsChargedPerAccess(t *testing.T) {
	m := load(t).calibrate(t, Central)
	for _, s := range scenarios.All() {
		for variant, want := range map[string]int{benchmark: 0, optimized: len(s.Secrets)} {
			if got, err := m.Accesses(Cell{"aliyun", s.Name, variant, results.Hot}); err != nil || got != want {
				t.Errorf("%s/%s: %d accesses, the function makes %d (%v)", s.Name, variant, got, want, err)
			}
		}
	}
	if len(secretAccesses) != len(scenarios.All()) {
		t.Error("the scenarios of the model are not those of package scenarios")
	}
}

func TestCalibrationRefuses(t *testing.T) {
	in := load(t)
	check := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	calibrate := func(preset Preset, published paper.Published, profile profiles.Profile) error {
		_, err := Calibrate(in.parameters, preset, published, profile)
		return err
	}
	check("a preset", calibrate("medium", in.published, in.profile), ErrPreset)
	check("an empty profile", calibrate(Central, in.published, profiles.Profile{}), profiles.ErrInvalid)
	check("no tables", calibrate(Central, paper.Published{}, in.profile), ErrCalibration)
	for i := range in.published.Tables {
		if tb := &in.published.Tables[i]; tb.Number == 6 {
			for j := range tb.Cells {
				tb.Cells[j].TimeMS = 10 // less than the write alone
			}
		}
	}
	check("a network that is faster than its write", calibrate(Central, in.published, in.profile), ErrCalibration)
	m := load(t).calibrate(t, Central)
	_, err := m.Stream(1, Cell{Platform: "moon"})
	check("a cell", err, ErrCell)
	_, err = in.parameters.Platform("moon")
	check("a platform", err, ErrPlatform)
}

func TestParametersAreChecked(t *testing.T) {
	good := string(parametersJSON)
	check := func(what, text string) {
		t.Helper()
		if text == good {
			t.Fatalf("%s: the text was not changed", what)
		}
		if _, err := decodeParameters([]byte(text)); err == nil {
			t.Errorf("%s was accepted", what)
		}
	}
	replace := func(from, to string) string { return replaceOnce(good, from, to) }
	check("a value out of range", replace(`"low": 0.16`, `"low": -1`))
	check("an unknown parameter", replace(`"cold_cv"`, `"warm_cv"`))
	check("a parameter twice", replace(`"cold_cv"`, `"hello_cv"`))
	check("another version", replace(`parameters/v1`, `parameters/v9`))
	check("an unknown field", replace(`"strength"`, `"weight"`))
	check("a value without a source", replace(`"source": "as run_drift"`, `"source": " "`))
}
