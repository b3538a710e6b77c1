package report

import (
	"bytes"
	"encoding/csv"
	"errors"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/results"
)

// of is a file with that provenance and everything in it that could be taken for
// a fact about functions that ran.
func of(t *testing.T, p results.Provenance) *results.File {
	t.Helper()
	f := normal(t)
	e := &f.Experiment
	e.Provenance, e.Interleaved, e.Store, e.Target = p, false, "store.example:9000", "target.example"
	e.Runtime = "python"
	f.Environment.CPU, f.Environment.LoadBefore = "Example 3000", 0.5
	if p.Observed() {
		f.Tool.Python = "CPython 3.11.7"
	} else {
		e.Preset, e.ParametersSHA256 = "high", strings.Repeat("ab", 32)
	}
	return f
}

// rendered is the file in a table format or as svg.
func rendered(t *testing.T, f *results.File, format string) string {
	t.Helper()
	var b bytes.Buffer
	var err error
	if format == "svg" {
		err = SVG(&b, f, Options{})
	} else {
		err = Write(&b, format, []Source{{Name: "r.json", File: f}}, Options{})
	}
	if err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return b.String()
}

// everywhere is the file in every format whose text can be searched.
func everywhere(t *testing.T, f *results.File) map[string]string {
	t.Helper()
	out := map[string]string{"svg": rendered(t, f, "svg")}
	for _, format := range Formats() {
		if format != "json" { // the file itself
			out[format] = rendered(t, f, format)
		}
	}
	return out
}

// No format says of figures that a model made what is true of processes only.
func TestNothingIsSaidOfProcessesThatNeverRan(t *testing.T) {
	var never []*regexp.Regexp // in no format
	for _, s := range []string{
		`(?i)\bcontract\b`, `lambda`, `VmHWM`, // functions
		`(?m)^(goos|goarch|cpu):`, `Load before`, `the machine changed`, `Times depend on the machine`, // machine
		`store\.example:9000: put`, `target\.example: put`, `DTBENCH_STORE_SECRET_KEY`, // services
		`The arms were not interleaved: drift`, `<test(suite|suites|case) [^>]*time="[0-9.]*[1-9]`, // course
		`(measured|simulated|replayed) on local`,
	} {
		never = append(never, regexp.MustCompile(s))
	}
	notReplayed := []*regexp.Regexp{ // of which a simulation has an idea
		regexp.MustCompile(`(?i)\b(runtime|enforced by|Memory limit|CPU limit|Timeout|Object size|Object store|Injected latency)\b`),
		regexp.MustCompile(`Where the time goes`), regexp.MustCompile(`dtbench run`),
	}
	check := func(p results.Provenance, patterns []*regexp.Regexp) {
		t.Helper()
		measured := everywhere(t, of(t, results.Measured))
		texts := everywhere(t, of(t, p))
		for _, pattern := range patterns {
			found := false
			for _, text := range measured {
				found = found || pattern.MatchString(text)
			}
			if !found {
				t.Errorf("%s is in no report of a measured file: it would go unnoticed", pattern)
			}
			for name, text := range texts {
				if at := pattern.FindStringIndex(text); at != nil {
					t.Errorf("%s of a %s file: …%s…", name, p, text[max(0, at[0]-60):min(len(text), at[1]+60)])
				}
			}
		}
	}
	check(results.Simulated, never)
	check(results.Replayed, append(never, notReplayed...))
}

// What stands there instead.
func TestProvenanceInWords(t *testing.T) {
	check := func(p results.Provenance, change func(*results.Experiment), format string, want ...string) {
		t.Helper()
		f := of(t, p)
		if change != nil {
			change(&f.Experiment)
		}
		text := strings.Join(strings.Fields(html.UnescapeString(rendered(t, f, format))), " ")
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s of a %s file does not say %q:\n%.1500s", format, p, w, text)
			}
		}
	}
	const charged = "Functions: none was deployed; dtbench called the handlers itself and charged them by a model as python runtime, 512 MiB, 0.5 vCPU in periods of 20 ms"
	const drawn = "Functions: none ran; the samples are drawn from laws fitted to the figures published for hello, storage, network on local."
	const batches = "Each arm is a batch of its own: where the model has batches drift apart, that counts as overhead"
	for _, format := range []string{"text", "markdown", "html", "latex"} {
		check(results.Measured, nil, format, "Functions: python runtime (CPython 3.11.7), lambda contract, 512 MiB", "The arms were not interleaved")
		check(results.Simulated, nil, format, charged, "Both are the model's.", "preset high", batches)
		check(results.Replayed, nil, format, drawn, "the paper does not say", "preset high", batches)
	}
	const pinned = "they were scaled until the trimmed means of every cell are the published figures"
	for _, format := range []string{"text", "markdown", "html", "latex", "junit"} {
		check(results.Replayed, func(e *results.Experiment) { e.Pinned = true }, format, pinned)
	}
	check(results.Simulated, nil, "svg", "Data: simulated, a model of local")
	check(results.Replayed, nil, "svg", "Data: replayed, drawn from the figures published for local")
	check(results.Replayed, nil, "benchmark-action", `"extra": "replayed, drawn from the figures published for local, reported, 15 samples`)
	check(results.Simulated, nil, "junit", `ms; memory`, `MB (simulated)</system-out>`)
	check(results.Simulated, nil, "html", "./dtbench run --platform local", "--preset high --out again.json")
	check(results.Replayed, nil, "html", "./dtbench reproduce --mode replay --preset high --seed 1 --out again ./dtbench report again/replay-table*.json ")
	check(results.Replayed, func(e *results.Experiment) { e.Pinned = true }, "html", "--mode replay --pinned --preset high --seed 1 ")
}

// A replayed sample is one time and one memory; what else its file carries is
// shown nowhere.
func TestAReplayedSampleIsOneTime(t *testing.T) {
	f := of(t, results.Replayed)
	for _, m := range []Metric{Total, ToHandler, InitHandler} {
		if err := Text(new(bytes.Buffer), f, Options{Time: m}); !errors.Is(err, ErrNoMetric) {
			t.Errorf("%s of a replay: %v", m, err)
		}
	}
	if err := Text(new(bytes.Buffer), f, Options{Time: Reported}); err != nil {
		t.Error(err)
	}
	rows, err := csv.NewReader(strings.NewReader(rendered(t, f, "csv"))).ReadAll()
	if err != nil || len(rows) < 100 {
		t.Fatal(len(rows), err)
	}
	for _, column := range []string{"total_ms", "handler_ms", "secrets_ms", "prepare_ms"} {
		i := slices.Index(rows[0], column)
		for _, row := range rows[1:] {
			if i < 0 || row[i] != "" {
				t.Fatalf("%s is shown", column)
			}
		}
	}
}
