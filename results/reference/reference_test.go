package reference

import "testing"

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
	if costs.Environment.Started.IsZero() || run.Environment.Started.IsZero() {
		t.Error("a measurement bears no date")
	}
}
