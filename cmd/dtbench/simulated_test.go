package main

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/dtbench/dtbench/platforms/simulated"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/scenarios"
)

// simulatedRun is the file of dtbench run with those arguments.
func simulatedRun(t *testing.T, args ...string) *results.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "r.json")
	a, _, stderr := inProcess(t)
	if code := execute(a, append([]string{"run", "--quiet", "--out", path}, args...)); code != 0 {
		t.Fatalf("%v: code %d: %s", args, code, stderr)
	}
	return readResult(t, path)
}

// text is a file without what tells when and on which machine it was made.
func text(t *testing.T, f *results.File) string {
	t.Helper()
	f.Environment = results.Environment{}
	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestSimulatedFilesDependOnTheSeedAlone(t *testing.T) {
	args := func(more ...string) []string { return append([]string{"--platform", "aliyun"}, more...) }
	first := simulatedRun(t, args()...)
	if err := first.Validate(); err != nil {
		t.Error(err)
	}
	if first.Status != results.Complete || len(first.Warnings) != 0 {
		t.Errorf("status %s, warnings %v", first.Status, first.Warnings)
	}
	want := text(t, first)
	if text(t, simulatedRun(t, args()...)) != want {
		t.Error("the same seed gives another file")
	}
	if text(t, simulatedRun(t, args("--seed", "2")...)) == want {
		t.Error("another seed gives the same file")
	}
}

// A cell's draws do not hang on what else is measured, in which order the arms
// come, or on how many runs follow.
func TestAddingAScenarioLeavesTheOthersAlone(t *testing.T) {
	draws := func(f *results.File) map[results.CellKey][][3]float64 {
		all := map[results.CellKey][][3]float64{}
		for _, c := range f.Cells {
			for _, s := range c.Samples {
				all[c.Key()] = append(all[c.Key()], [3]float64{*s.ReportedMS, s.TotalMS, float64(s.MemoryBytes)})
			}
		}
		return all
	}
	whole := draws(simulatedRun(t, "--platform", "aliyun"))
	if len(whole) != 12 {
		t.Fatalf("%d cells", len(whole))
	}
	check := func(args ...string) {
		t.Helper()
		part := draws(simulatedRun(t, append([]string{"--platform", "aliyun"}, args...)...))
		if len(part) == 0 || len(part) == len(whole) {
			t.Fatalf("%v: %d cells", args, len(part))
		}
		for key, samples := range part {
			n := min(len(samples), len(whole[key]))
			if n == 0 || !reflect.DeepEqual(samples[:n], whole[key][:n]) {
				t.Errorf("%v: the draws of %v differ", args, key)
			}
		}
	}
	check("--scenario", "hello")
	check("--scenario", "network,hello")
	check("--scenario", "storage", "--variant", "optimized")
	check("--scenario", "hello,storage", "--runs", "20")
}

func TestSimulatedVariantsExist(t *testing.T) {
	programs := simulated.Programs()
	for _, s := range scenarios.All() {
		for _, v := range simulated.Variants() {
			if _, err := choice("variant", v, variantNames(scenarios.Variants())); err != nil {
				t.Error(err)
			}
			if _, ok := programs[simulated.ProgramName(s.Name, v)]; !ok {
				t.Errorf("%s/%s cannot be simulated", s.Name, v)
			}
		}
	}
}

// The limits of the experiment reach the model.
func TestTheQuotaReachesTheModel(t *testing.T) {
	throttled := func(args ...string) (ms float64) {
		f := simulatedRun(t, append([]string{"--platform", "aliyun", "--scenario", "storage"}, args...)...)
		for _, c := range f.Cells {
			for _, s := range c.Samples {
				ms += *s.ThrottledMS
			}
		}
		return ms
	}
	half, none, tenth := throttled(), throttled("--vcpu", "0"), throttled("--vcpu", "0.1")
	if none != 0 || half <= 0 || tenth <= half {
		t.Errorf("throttled by half a processor %v ms, by a tenth %v, by no limit %v", half, tenth, none)
	}
}
