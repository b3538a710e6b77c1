package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/internal/golden"
	"github.com/dtbench/dtbench/results"
)

// files are the synthetic results that every format is tested on.
var files = map[string]func(testing.TB) *results.File{
	"normal": normal, "extreme": extreme, "single": single, "several": several, "interrupted": interrupted,
}

// outputs are the golden files made of each of them, by extension.
var outputs = map[string]struct {
	report  Reporter
	options Options
}{
	"80.txt":  {Text, Options{Width: 80}},
	"120.txt": {Text, Options{Width: 120}},
	"md":      {Markdown, Options{}},
	"svg":     {SVG, Options{}},
}

func render(t *testing.T, r Reporter, f *results.File, o Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r(&b, f, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	t.Parallel()
	var want []string
	for name, build := range files {
		for ext, out := range outputs {
			file := filepath.Join("testdata", name+"."+ext)
			want = append(want, file)
			golden.Check(t, file, render(t, out.report, build(t), out.options))
		}
	}
	have, err := filepath.Glob(filepath.Join("testdata", "*"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("testdata holds %v, the tests use %v", have, want)
	}
}

func TestSameFileSameBytes(t *testing.T) {
	build := func() *results.File {
		f := several(t)
		for i := range f.Cells {
			f.Cells[i].Samples = f.Cells[i].Samples[:6] // few, as there are many comparisons
		}
		return f
	}
	for _, f := range slices.Concat(tableFormats, chartFormats) {
		name, r := f.name, f.report
		if !bytes.Equal(render(t, r, build(), Options{}), render(t, r, build(), Options{})) {
			t.Errorf("%s: two reports of one file differ", name)
		}
	}
}

func TestReportersLeaveTheFileAlone(t *testing.T) {
	f := interrupted(t)
	f.Overheads = []results.Overhead{{Scenario: "forged"}}
	f.Cells[0].TimeMS = &results.Summary{Metric: "forged"}
	before, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range append(tableFormats[:len(tableFormats):len(tableFormats)], chartFormats[0]) {
		render(t, format.report, f, Options{})
	}
	after, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("a reporter changed the file")
	}
}

func TestReportersNeverTrustStoredSummaries(t *testing.T) {
	f := normal(t)
	want := render(t, Text, f, Options{})
	for i := range f.Cells {
		f.Cells[i].TimeMS = &results.Summary{Metric: "total", TrimmedMean: 1}
		f.Cells[i].MemoryMB = &results.Summary{Metric: "vm_hwm", TrimmedMean: 1}
	}
	f.Overheads = []results.Overhead{{Scenario: "hello", Start: results.Cold, Metric: "time_ms", Variant: "optimized", Baseline: "benchmark", Percent: -99}}
	if got := render(t, Text, f, Options{}); !bytes.Equal(got, want) {
		t.Errorf("a forged summary reached the table\n%s", got)
	}
}

// full is a writer whose disk is full.
type full struct{}

var errFull = errors.New("no space left on device")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestReportersReturnWriteErrors(t *testing.T) {
	t.Parallel()
	f := single(t)
	for _, format := range slices.Concat(tableFormats, chartFormats) {
		name, r := format.name, format.report
		if err := r(full{}, f, Options{}); !errors.Is(err, errFull) {
			t.Errorf("%s: %v, want %v", name, err, errFull)
		}
	}
}

func TestFormats(t *testing.T) {
	if got := Formats(); !slices.Equal(got, []string{"text", "markdown", "csv", "json", "html", "latex", "gobench", "benchmark-action", "junit"}) {
		t.Errorf("formats %v", got)
	}
	for _, name := range Formats() {
		r, err := ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(render(t, r, single(t), Options{})) == 0 {
			t.Errorf("%s wrote nothing", name)
		}
	}
	check := func(file, begins string) {
		t.Helper()
		r, err := ChartFor(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := render(t, r, single(t), Options{}); !strings.HasPrefix(string(got), begins) {
			t.Errorf("%s begins %q, want %q", file, got[:8], begins)
		}
	}
	check("run.svg", "<?xml")
	check("dir.d/run.PNG", "\x89PNG")
	check("a.b.pdf", "%PDF")
	if _, err := ByName("xls"); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), `"xls": choose text, markdown`) {
		t.Errorf("xls: %v", err)
	}
	for _, file := range []string{"chart", "chart.gif", "svg"} {
		if _, err := ChartFor(file); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "choose svg, png, pdf") {
			t.Errorf("%s: %v", file, err)
		}
	}
}
