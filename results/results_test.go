package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// example is a file with one scenario, two variants and runs samples per cell.
func example(runs int) *File {
	f := &File{
		Schema: Schema, Status: Complete,
		Tool:        Tool{Name: "dtbench", Version: "(devel)", Go: "go1.26.0"},
		Environment: Environment{OS: "linux", Arch: "amd64", CPUs: 2},
		Experiment: Experiment{
			Platform: "local", Provenance: Measured, Contract: "lambda", Runtime: "go",
			Scenarios: []string{"hello"}, Variants: []string{"benchmark", "optimized"},
			Runs: runs, Trim: 1, Seed: 1, MemoryMB: 512, VCPU: 0.5, CPUPeriodMS: 20, TimeoutS: 10,
			Limits: "cgroup-v1", ObjectSize: 1024, SecretAccesses: map[string]int{"hello": 1}, Latency: "none", Interleaved: true,
		},
		Arms: []Arm{{Label: "benchmark", Variant: "benchmark", Functions: []Function{}}},
	}
	for _, v := range f.Experiment.Variants {
		for _, s := range []Start{Cold, Hot} {
			f.Cells = append(f.Cells, Cell{Scenario: "hello", Variant: v, Start: s, Samples: []Sample{}})
		}
	}
	order := 0
	for k := range runs {
		for _, v := range f.Experiment.Variants {
			if err := f.Apply(Entry{Pair: pair(v, k, &order)}); err != nil {
				panic(err)
			}
		}
	}
	return f
}

func pair(variant string, k int, order *int) *Pair {
	id := fmt.Sprintf("%s-%d", variant, k)
	*order += 2
	start := 2.5
	return &Pair{
		Scenario: "hello", Variant: variant,
		Cold: Sample{Order: *order - 1, Instance: id, Invocation: 1, TotalMS: 3.25, StartMS: &start, HandlerMS: 0.1, MemoryBytes: 6 << 20},
		Hot:  Sample{Order: *order, Instance: id, Invocation: 3, TotalMS: 0.25, HandlerMS: 0.1, MemoryBytes: 6 << 20},
	}
}

func encodeExample(t testing.TB, f *File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadGivesWhatWasWritten(t *testing.T) {
	f := example(15)
	f.Environment.StealPercent = new(float64)
	got, err := Read(bytes.NewReader(encodeExample(t, f)))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, f) {
		t.Errorf("read\n%+v\nwrote\n%+v", got, f)
	}
}

func TestReadRefuses(t *testing.T) {
	good := string(encodeExample(t, example(15)))
	check := func(name, data, want string) {
		t.Helper()
		_, err := Read(strings.NewReader(data))
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
			return
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q is not one line that says %q", name, err, want)
		}
	}
	replace := func(old, new string) string {
		t.Helper()
		if !strings.Contains(good, old) {
			t.Fatalf("the example has no %s", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	check("empty", "", "empty")
	check("cut in half", good[:len(good)/2], "malformed JSON")
	check("not JSON", "hello", "malformed JSON")
	check("another object", `{"a":1}`, `no "schema"`)
	check("a later version", replace(`dtbench/results/v1`, `dtbench/results/v2`), `"dtbench/results/v2"`)
	check("negative time", replace(`"total_ms": 3.25`, `"total_ms": -3.25`), "cells[0].samples[0].total_ms: negative")
	check("NaN", replace(`"total_ms": 3.25`, `"total_ms": NaN`), "malformed JSON")
	check("a number too large", replace(`"total_ms": 3.25`, `"total_ms": 1e999`), "total_ms")
	check("a number that no run takes", replace(`"total_ms": 3.25`, `"total_ms": 1e308`), "total_ms: implausible")
	check("a hot sample that is not the third", replace(`"invocation": 3,`, `"invocation": 2,`), "cells[1].samples[0].invocation")
	check("a hot sample without a cold one", strings.Replace(good, `"instance": "benchmark-0"`, `"instance": "x"`, 1), "cells[1].samples[0].instance: it has no cold")
	check("one instance in two variants", strings.ReplaceAll(good, `"instance": "optimized-0"`, `"instance": "benchmark-0"`), "has the same one")
	check("a trim that overflows", replace(`"trim": 1`, `"trim": 4611686018427387904`), "experiment.trim")
	check("negative memory", replace(`"memory_bytes": 6291456`, `"memory_bytes": -1`), "cells[0].samples[0].memory_bytes: negative")
	check("text for a number", replace(`"total_ms": 3.25`, `"total_ms": "fast"`), "cells[0].samples[0].total_ms")
	check("a missing field", replace(`"instance": "benchmark-0",`, ``), "instance")
	check("an unknown status", replace(`"status": "complete"`, `"status": "fine"`), "status")
	check("an unknown start", replace(`"start": "hot"`, `"start": "warm"`), "cells[1].start")
	check("a hot sample in a cold cell", replace(`"invocation": 1,`, `"invocation": 3,`), "cells[0].samples[0].invocation")
	check("an instance twice", replace(`"instance": "benchmark-1"`, `"instance": "benchmark-0"`), "cells[0].samples[1].instance")
	check("an order twice", replace(`"order": 5,`, `"order": 1,`), "order")
	check("a cell twice", replace(`"variant": "optimized",`+"\n   \"start\"", `"variant": "benchmark",`+"\n   \"start\""), "a second cell")
	check("a cell of no variant", replace(`"variant": "optimized",`+"\n   \"start\"", `"variant": "magic",`+"\n   \"start\""), `"magic"`)
	check("too many samples", replace(`"runs": 15`, `"runs": 14`), "15 samples in a run of 14")
	check("a trim that leaves nothing", replace(`"trim": 1`, `"trim": 8`), "experiment.trim")
}

func TestReadAcceptsWhatALaterMinorVersionAdds(t *testing.T) {
	data := strings.Replace(string(encodeExample(t, example(3))), `"status"`, `"novelty": {"x": [1]}, "status"`, 1)
	if _, err := Read(strings.NewReader(data)); err != nil {
		t.Error(err)
	}
}

func TestReadAcceptsAPartialFile(t *testing.T) {
	f := example(15)
	f.Status = Partial
	f.Cells[3].Samples = f.Cells[3].Samples[:2]
	f.Cells[3].Stopped = "failed"
	f.Cells[3].Dropped = []Drop{{Reason: "crashed", Count: 4}}
	if _, err := Read(bytes.NewReader(encodeExample(t, f))); err != nil {
		t.Error(err)
	}
}

// Every JSON field of the types is in the schema, so that the schema can refuse
// a wrong one.
func TestSchemaKnowsEveryField(t *testing.T) {
	var schema map[string]any
	if err := json.Unmarshal(schemaJSON, &schema); err != nil {
		t.Fatal(err)
	}
	defs := schema["$defs"].(map[string]any)
	var walk func(at string, typ reflect.Type, node map[string]any)
	walk = func(at string, typ reflect.Type, node map[string]any) {
		if ref, ok := node["$ref"].(string); ok {
			node = defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		}
		for typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		switch {
		case typ.Kind() == reflect.Slice:
			walk(at+"[]", typ.Elem(), node["items"].(map[string]any))
		case typ.Kind() == reflect.Struct && typ.PkgPath() != "time":
			properties := node["properties"].(map[string]any)
			for i := range typ.NumField() {
				name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
				child, ok := properties[name].(map[string]any)
				if !ok {
					t.Errorf("the schema lacks %s.%s", at, name)
					continue
				}
				walk(at+"."+name, typ.Field(i).Type, child)
			}
		}
	}
	walk("", reflect.TypeFor[File](), schema)
}

func TestWriteFileLeavesTheOldFileOnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.json")
	if err := WriteFile(path, example(3)); err != nil {
		t.Fatal(err)
	}
	bad := example(3)
	bad.Cells[0].Samples[0].TotalMS = -1
	if err := WriteFile(path, bad); !errors.Is(err, ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
	if _, err := ReadFile(path); err != nil {
		t.Errorf("the old file is gone: %v", err)
	}
	failing := errors.New("disk full")
	err := Replace(path, 0o644, func(io.Writer) error { return failing })
	if !errors.Is(err, failing) {
		t.Errorf("got %v", err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("temporary files are left: %v", entries)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(encodeExample(f, example(3)))
	f.Add([]byte(`{"schema":"dtbench/results/v1"}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		var b bytes.Buffer // what is accepted can be written and read again
		if err := Write(&b, file); err != nil {
			t.Fatalf("accepted, not written: %v", err)
		}
		if _, err := Read(&b); err != nil {
			t.Fatalf("written, not accepted: %v", err)
		}
	})
}

func TestDifferencesNamesFields(t *testing.T) {
	a, b := example(3).Experiment, example(3).Experiment
	if d := Differences(a, b); len(d) != 0 {
		t.Errorf("equal experiments differ: %q", d)
	}
	b.Seed, b.Scenarios, b.Region = 2, []string{"hello", "storage"}, "eu"
	want := []string{
		`region: none in the file, "eu" now`,
		`scenarios: ["hello"] in the file, ["hello","storage"] now`,
		`seed: 1 in the file, 2 now`,
	}
	if d := Differences(a, b); !reflect.DeepEqual(d, want) {
		t.Errorf("got %q, want %q", d, want)
	}
}
