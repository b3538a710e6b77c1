package reference

import (
	"testing"

	"github.com/dtbench/dtbench/results/attack"
)

// A stored measurement is worth something only with its machine, source and day.
func TestStoredMeasurementsNameTheirSource(t *testing.T) {
	run, err := Local()
	if err != nil {
		t.Fatal(err)
	}
	costs, err := Microcosts()
	if err != nil {
		t.Fatal(err)
	}
	attacks, err := Attacks()
	if err != nil {
		t.Fatal(err)
	}
	check := func(what, value string) {
		t.Helper()
		if value == "" {
			t.Errorf("%s is missing", what)
		}
	}
	check("processor of the run", run.Environment.CPU)
	check("commit of the run", run.Tool.Commit)
	check("processor of the micro-measurements", costs.Environment.CPU)
	check("commit of the micro-measurements", costs.Tool.Commit)
	check("Go release of the micro-measurements", costs.Tool.Go)
	check("processor of the attacks", attacks.Environment.CPU)
	check("commit of the attacks", attacks.Tool.Commit)
	if costs.Environment.Started.IsZero() || run.Environment.Started.IsZero() || attacks.Environment.Started.IsZero() {
		t.Error("a measurement bears no date")
	}
}

// Claims are judged by it, so it has to be whole.
func TestTheStoredAttacksAreWhole(t *testing.T) {
	attacks, err := Attacks()
	if err != nil {
		t.Fatal(err)
	}
	expected, err := attack.Expected()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range expected {
		if c, ok := attacks.Find(e.Attack, e.Variant); !ok || c.Outcome == attack.CouldNotRun {
			t.Errorf("%s on %s was not run", e.Attack, e.Variant)
		}
	}
}
