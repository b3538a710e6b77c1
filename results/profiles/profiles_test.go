package profiles

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/results"
)

var update = flag.Bool("update", false, "derive the stored profiles again")

func reference(t *testing.T) *results.File {
	t.Helper()
	f, err := results.ReadFile("../reference/local.json")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// The stored profile of the Go core is what the reference run gives, to the byte.
func TestTheGoProfileIsDerivedFromTheReferenceRun(t *testing.T) {
	p, err := FromRun(reference(t))
	if err != nil {
		t.Fatal(err)
	}
	want, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("go.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("go.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("go.json is not what results/reference/local.json gives: go test ./results/profiles -update")
	}
}

func TestStoredProfilesAreValid(t *testing.T) {
	names := Names()
	if len(names) == 0 {
		t.Fatal("no profile is stored")
	}
	for _, name := range names {
		p, err := Load(name)
		if err != nil {
			t.Error(err)
		}
		if p.Name != name {
			t.Errorf("%s.json calls itself %s", name, p.Name)
		}
	}
	if _, err := Load("nobody"); !errors.Is(err, ErrUnknown) {
		t.Errorf("got %v", err)
	}
}

func TestACostIsADifferenceOfMedians(t *testing.T) {
	f := reference(t)
	for i := range f.Cells {
		c := &f.Cells[i]
		optimized := c.Variant == "optimized"
		for j := range c.Samples {
			s := &c.Samples[j]
			s.SecretsMS, s.MemoryBytes = 1, 7_000_000
			if c.Start == results.Cold {
				a, b := 2.0, 5.0
				if optimized {
					a, b = 2.5, 6
				}
				s.InitMS, s.StartMS = &a, &b
			}
			s.ThrottledMS = nil // as a stored run has it by chance
			if optimized {
				s.SecretsMS, s.MemoryBytes = 1.25, 7_500_000
			}
		}
		c.Samples[0].SecretsMS = 1000 // a late one
	}
	p, err := FromRun(f)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	check("init", p.InitMS, 0.5)
	check("module", p.ModuleMS, 0.5)
	check("module, network", p.ModuleLoadedMS["network"], 0.5)
	check("access", p.AccessMS, 0.25)
	check("memory", p.MemoryMB, 0.5)
	check("memory, storage", p.MemoryLoadedMB["storage"], 0.5)
	check("spread", p.Spread.Init, 0)

	if strings.Contains(p.Note, "held back") {
		t.Errorf("nothing was held back: %s", p.Note)
	}
	wait := 1.5
	f.Cells[0].Samples[1].ThrottledMS = &wait
	if p, err = FromRun(f); err != nil || !strings.Contains(p.Note, "held back 1 of the ") {
		t.Errorf("one sample was held back: %s (%v)", p.Note, err)
	}
}

func TestOverlap(t *testing.T) {
	p := Profile{ModuleMS: 20, ModuleLoadedMS: map[string]float64{"storage": 5, "network": 30}, MemoryMB: 6, MemoryLoadedMB: map[string]float64{"storage": 0}}
	check := func(what string, got, want float64) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	check("a scenario that loads nothing", p.Overlap("hello"), 0)
	check("three quarters are there", p.Overlap("storage"), 0.75)
	check("dearer than alone", p.Overlap("network"), 0)
	check("dearer than alone, what is to be paid", p.LoadingMS("network"), 30)
	check("nothing is known of it", p.LoadingMS("hello"), 20)
	check("no memory to be had", p.LoadingMB("storage"), 0)
	check("all memory is there", p.MemoryOverlap("storage"), 1)
	check("no module at all", Profile{}.Overlap("storage"), 0)
}

func TestBadProfilesAreRefused(t *testing.T) {
	good, err := Load(Go)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, spoil func(p *Profile)) {
		t.Helper()
		p := good
		spoil(&p)
		data, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode("x", data); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	check("negative", func(p *Profile) { p.InitMS = -1 })
	check("negative by scenario", func(p *Profile) { p.MemoryLoadedMB = map[string]float64{"storage": -1} })
	check("no source", func(p *Profile) { p.Command = " " })
	check("another version", func(p *Profile) { p.Schema = "dtbench/profile/v2" })
	if _, err := Decode("x", []byte(`{"init":1}`)); !errors.Is(err, ErrInvalid) {
		t.Errorf("unknown field: %v", err)
	}
	f := reference(t)
	f.Experiment.Provenance = results.Simulated
	if _, err := FromRun(f); !errors.Is(err, ErrInvalid) {
		t.Errorf("a simulated run: %v", err)
	}
	f = reference(t)
	f.Experiment.Runtime = "python"
	if _, err := FromRun(f); !errors.Is(err, ErrInvalid) {
		t.Errorf("a run of Python functions: %v", err)
	}
}
