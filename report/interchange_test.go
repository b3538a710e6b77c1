package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/report/stats"
	"github.com/dtbench/dtbench/results"
)

// hostile renames what a file may name to text that every format would have to
// escape, and warns of more.
func hostile(f *results.File, name string) *results.File {
	rename := func(list []string, from string) {
		for i := range list {
			if list[i] == from {
				list[i] = name
			}
		}
	}
	rename(f.Experiment.Scenarios, "hello")
	rename(f.Experiment.Variants, "optimized")
	for i := range f.Cells {
		c := &f.Cells[i]
		if c.Scenario == "hello" {
			c.Scenario = name
		}
		if c.Variant == "optimized" {
			c.Variant = name
		}
	}
	f.Experiment.Platform, f.Environment.CPU, f.Tool.Version, f.Tool.Commit = name, name, name, name
	f.Warnings = append(f.Warnings, name)
	return f
}

func document(t *testing.T, format string, o Options, files ...Source) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, format, files, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func readCSV(t *testing.T, data []byte) []map[string]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll() // refuses rows of another length
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		record := map[string]string{}
		for i, field := range row {
			record[rows[0][i]] = field
		}
		out = append(out, record)
	}
	return out
}

func TestCSVHoldsEverySample(t *testing.T) {
	f := interrupted(t)
	rows := readCSV(t, document(t, "csv", Options{}, Source{"a.json", f}, Source{"b.json", single(t)}))
	samples := 0
	for _, c := range f.Cells {
		samples += len(c.Samples)
	}
	if len(rows) != samples+60 {
		t.Fatalf("%d rows for %d samples", len(rows), samples+60)
	}
	trimmed := map[string]int{}
	byCell := map[string][]float64{}
	for _, r := range rows {
		ms, err := strconv.ParseFloat(r["time_ms"], 64)
		if err != nil || r["time_ms"] != r["total_ms"] || r["metric"] != "total" {
			t.Errorf("time %q, total %q, metric %q", r["time_ms"], r["total_ms"], r["metric"])
		}
		key := r["file"] + " " + r["scenario"] + " " + r["variant"] + " " + r["start"]
		if r["trimmed"] == "true" {
			trimmed[key]++
			continue
		}
		byCell[key] = append(byCell[key], ms)
	}
	a, err := analyse(f, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range a.cells {
		key := "a.json " + c.name()
		if c.timeMS == nil {
			if trimmed[key] != 0 {
				t.Errorf("%s has no trimmed mean, yet %d samples are marked", key, trimmed[key])
			}
			continue
		}
		sum := 0.0
		for _, v := range byCell[key] {
			sum += v
		}
		if mean := sum / float64(len(byCell[key])); trimmed[key] != 2 || !near(mean, c.timeMS.TrimmedMean) {
			t.Errorf("%s: %d marked, mean of the rest %v, trimmed mean %v", key, trimmed[key], mean, c.timeMS.TrimmedMean)
		}
	}
	if r := rows[3]; r["memory_bytes"] != "" || r["cgroup_peak_bytes"] != "" || r["init_ms"] == "" {
		t.Errorf("what was not observed is not empty: %v", r)
	}
	if r := rows[20]; r["start"] != "hot" || r["init_ms"] != "" {
		t.Errorf("%v", r)
	}
}

func near(a, b float64) bool { return a == b || (a-b)/b < 1e-9 && (b-a)/b < 1e-9 }

func TestCSVStartsNoFormula(t *testing.T) {
	for _, name := range []string{"=HYPERLINK(\"http://x\")", "+1", "-1", "@SUM(A1)", "a,\"b\"\nc"} {
		for _, r := range readCSV(t, document(t, "csv", Options{}, Source{name, hostile(single(t), name)})) {
			for column, field := range r {
				if field != "" && strings.ContainsRune("=+-@\t\r\n", rune(field[0])) || strings.Contains(field, "\n") {
					t.Fatalf("%s is %q", column, field)
				}
			}
		}
	}
}

// benchstat reads the file and finds the medians that the samples have.
func TestBenchstatFindsTheSameMedians(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]*results.File{"normal": normal(t), "hostile": hostile(normal(t), "x y/z\n=1: é|")} {
		path := filepath.Join(t.TempDir(), "r.txt")
		if err := os.WriteFile(path, document(t, "gobench", Options{}, Source{"r.json", f}), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("go", "tool", "benchstat", "-format", "csv", "-row", ".fullname", path)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, &stderr)
		}
		for line := range strings.Lines(stderr.String()) {
			if !strings.Contains(line, "need >= ") && strings.TrimSpace(line) != "" {
				t.Errorf("%s: benchstat says %s", name, line)
			}
		}
		medians := map[string]map[string]float64{}
		unit := ""
		r := csv.NewReader(bytes.NewReader(out))
		r.FieldsPerRecord = -1
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			switch {
			case len(row) > 1 && row[0] == "" && row[1] != "" && !strings.Contains(row[1], "r.txt"):
				unit = row[1]
				medians[unit] = map[string]float64{}
			case len(row) > 1 && strings.HasPrefix(row[0], "Invoke/"):
				if medians[unit][row[0]], err = strconv.ParseFloat(row[1], 64); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, c := range f.Cells {
			key := "Invoke/scenario=" + word(c.Scenario) + "/variant=" + word(c.Variant) + "/start=" + string(c.Start)
			var ms, bytes []float64
			for _, s := range c.Samples {
				ms, bytes = append(ms, s.TotalMS/1e3), append(bytes, float64(s.MemoryBytes))
			}
			time, err := stats.Describe(ms)
			if err != nil {
				t.Fatal(err)
			}
			memory, err := stats.Describe(bytes)
			if err != nil {
				t.Fatal(err)
			}
			if got := medians["sec/op"][key]; !near(got, time.Median) {
				t.Errorf("%s: benchstat's median is %v s, the file's %v", key, got, time.Median)
			}
			if got := medians["peak-RSS-bytes"][key]; !near(got, memory.Median) {
				t.Errorf("%s: benchstat's median is %v bytes, the file's %v", key, got, memory.Median)
			}
		}
	}
}

func TestNanosecondsLoseNothing(t *testing.T) {
	check := func(ms float64, want string) {
		t.Helper()
		if got := nanoseconds(ms); got != want {
			t.Errorf("%v ms: %s ns, want %s", ms, got, want)
		}
	}
	check(3.050173, "3050173")
	check(0, "0")
	check(0.1, "100000")
	check(1234567.891234, "1234567891234")
	check(0.0000005, "0.5")
}

func TestBenchmarkActionReadsIt(t *testing.T) {
	var entries []map[string]any
	if err := json.Unmarshal(document(t, "benchmark-action", Options{}, Source{"r.json", interrupted(t)}), &entries); err != nil {
		t.Fatal(err)
	}
	// Ten cells of time and memory, one of them too small for either.
	if len(entries) != 18 {
		t.Errorf("%d entries", len(entries))
	}
	names := map[string]bool{}
	for _, e := range entries {
		// What the action requires: a name, a number and a unit (src/extract.ts).
		name, _ := e["name"].(string)
		value, isNumber := e["value"].(float64)
		unit, _ := e["unit"].(string)
		if name == "" || names[name] || !isNumber || value <= 0 || unit != "ms" && unit != "MB" {
			t.Errorf("%v", e)
		}
		names[name] = true
	}
	first := entries[0]
	if first["name"] != "local/hello/benchmark/cold/time" || !near(first["value"].(float64), 3.8644) && fmt.Sprintf("%.2f", first["value"]) != "3.86" || first["range"] == "" {
		t.Errorf("%v", first)
	}
	empty := single(t)
	empty.Cells = nil
	if got := string(document(t, "benchmark-action", Options{}, Source{"r.json", empty})); got != "[]\n" {
		t.Errorf("a file without cells: %q", got)
	}
}

// junitShape is what the JUnit schema that Jenkins publishes allows: children
// and required attributes by element.
var junitShape = map[string]struct{ children, required string }{
	"testsuites": {"testsuite", ""},
	"testsuite":  {"properties testcase system-out system-err", "name tests failures errors"},
	"properties": {"property", ""},
	"property":   {"", "name value"},
	"testcase":   {"skipped error failure system-out system-err", "name classname"},
	"failure":    {"", "message type"},
	"system-out": {"", ""},
}

func TestJUnitIsWellFormed(t *testing.T) {
	data := document(t, "junit", Options{}, Source{"a.json", interrupted(t)}, Source{"b.json", hostile(normal(t), "<&\"]]>\x1b\x00 x")})
	var path []string
	counted := map[string]int{}
	attributes := map[string]string{}
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			if len(path) > 0 && !slices.Contains(strings.Fields(junitShape[path[len(path)-1]].children), name) {
				t.Errorf("%s inside %s", name, path[len(path)-1])
			}
			path = append(path, name)
			counted[name]++
			have := map[string]string{}
			for _, at := range token.Attr {
				have[at.Name.Local] = at.Value
			}
			for _, want := range strings.Fields(junitShape[name].required) {
				if _, ok := have[want]; !ok {
					t.Errorf("%s without %s", name, want)
				}
			}
			if name == "testsuites" {
				attributes = have
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		}
	}
	// The interrupted file lacks two cells and has two that are not full.
	if counted["testsuite"] != 2 || counted["testcase"] != 24 || counted["failure"] != 4 || attributes["tests"] != "24" || attributes["failures"] != "4" {
		t.Errorf("%v %v", counted, attributes)
	}
	if !bytes.Contains(data, []byte(`message="network benchmark hot has 3 of 15 samples, stopped: 5 attempts in a row had the wrong temperature; too few for a trimmed mean"`)) {
		t.Errorf("%s", data)
	}
}

func TestWriteNamesTheFileInErrors(t *testing.T) {
	t.Parallel()
	for _, name := range Formats() {
		err := Write(io.Discard, name, []Source{{"good.json", normal(t)}, {"bad.json", withoutReported(t)}}, Options{Time: Reported})
		if !errors.Is(err, ErrNoMetric) || !strings.HasPrefix(err.Error(), "bad.json: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Write(io.Discard, "xls", nil, Options{}); !errors.Is(err, ErrFormat) {
		t.Error(err)
	}
}

// One file is itself; several are one array, which every JSON reader takes.
func TestJSONOfSeveralFilesIsAnArray(t *testing.T) {
	one := document(t, "json", Options{}, Source{"a.json", single(t)})
	if _, err := results.Read(bytes.NewReader(one)); err != nil {
		t.Errorf("one file is no result file: %v", err)
	}
	var files []results.File
	if err := json.Unmarshal(document(t, "json", Options{}, Source{"a.json", single(t)}, Source{"b.json", normal(t)}), &files); err != nil {
		t.Fatal(err)
	}
	if len(files) != 2 || len(files[0].Experiment.Scenarios) != 1 || len(files[1].Experiment.Scenarios) != 3 || files[1].Cells[0].TimeMS == nil {
		t.Errorf("%d files", len(files))
	}
}

func withoutReported(t *testing.T) *results.File {
	f := single(t)
	for i := range f.Cells {
		for j := range f.Cells[i].Samples {
			f.Cells[i].Samples[j].ReportedMS = nil
		}
	}
	return f
}
