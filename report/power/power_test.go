package power

import (
	"bytes"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/internal/golden"
	"github.com/dtbench/dtbench/report/claims"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
)

// evidence has presets whose trimmed means vary by 2, 5 and 10 %, each there for
// two profiles, and a run in which everything varies by 5 %.
func evidence(t *testing.T) Evidence {
	t.Helper()
	p, err := paper.Load()
	if err != nil {
		t.Fatal(err)
	}
	e := Evidence{Published: p, Seed: 1, Repetitions: 6}
	for i, name := range []string{"low", "low", "central", "central", "high", "high"} {
		preset := claims.Preset{Name: name, Profile: []string{"go", "paper-python"}[i%2], Provenance: results.Simulated}
		for _, table := range p.Tables {
			for _, c := range table.Cells {
				rng := rand.New(rand.NewPCG(1, uint64(len(preset.Cells))))
				d := claims.Draws{Platform: table.Platform, Scenario: table.Scenario, Variant: c.Variant, Start: c.Start, CV: 0.1}
				for range 4000 {
					d.TrimmedMeans = append(d.TrimmedMeans, c.TimeMS*math.Exp([]float64{0.02, 0.05, 0.1}[i/2]*rng.NormFloat64()))
				}
				preset.Cells = append(preset.Cells, d)
			}
		}
		e.Presets = append(e.Presets, preset)
	}
	f := &results.File{Experiment: results.Experiment{Platform: "local", Runtime: "go", Provenance: results.Measured, Runs: 15, Trim: 1, Scenarios: []string{"hello"}}}
	for _, variant := range []string{"benchmark", "optimized"} {
		rng := rand.New(rand.NewPCG(2, uint64(len(variant))))
		c := results.Cell{Scenario: "hello", Variant: variant, Start: results.Hot}
		for range 15 {
			c.Samples = append(c.Samples, results.Sample{TotalMS: math.Exp(0.05 * rng.NormFloat64())})
		}
		f.Cells = append(f.Cells, c)
	}
	e.Runs = []*results.File{f}
	return e
}

func analyse(t *testing.T, e Evidence) *Analysis {
	t.Helper()
	if testing.Short() {
		e.Repetitions = 1
	}
	a, err := Analyse(e)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAnalyse(t *testing.T) {
	a := analyse(t, evidence(t))
	if len(a.Cells) != 16 || len(a.Measured) != 1 || len(a.Alarms) != len(drifts) {
		t.Fatalf("%d cells, %d measured, %d drifts", len(a.Cells), len(a.Measured), len(a.Alarms))
	}
	for i, c := range a.Cells {
		if (c.Metric == results.MetricTime) != (i%2 == 0) {
			t.Errorf("cell %d is %s %s", i, c.Name(), c.Metric)
		}
		if c.Metric == results.MetricMemory {
			if c.Detectable != nil {
				t.Errorf("%s: a detectable change of memory, of which no spread is known", c.Name())
			}
			continue
		}
		// exp((2.064 + 0.857)·√2·sd) − 1 with t of 24 degrees of freedom.
		for k, sd := range []float64{0.02, 0.05, 0.1} {
			want := 100 * math.Expm1(2.921*math.Sqrt2*sd)
			if d := c.Detectable[k]; len(c.Detectable) != 3 || math.Abs(d.Percent-want) > 0.05*want {
				t.Errorf("%s: %+v, want %.1f %% at %v", c.Name(), c.Detectable, want, sd)
			}
		}
	}
}

func TestSameEvidenceSameAnalysis(t *testing.T) {
	if testing.Short() {
		t.Skip("long and not concurrent")
	}
	e := evidence(t)
	first := analyse(t, e)
	if second := analyse(t, e); !reflect.DeepEqual(first, second) {
		t.Error("the same evidence gave another analysis")
	}
	e.Seed = 2
	if third := analyse(t, e); reflect.DeepEqual(first, third) {
		t.Error("another seed gave the same analysis")
	}
}

// What is replayed has no spread of its own, and what is simulated is not
// measured.
func TestWhatDoesNotCount(t *testing.T) {
	if testing.Short() {
		t.Skip("long and not concurrent")
	}
	e := evidence(t)
	for i := range e.Presets {
		e.Presets[i].Provenance = results.Replayed
	}
	e.Runs[0].Experiment.Provenance = results.Simulated
	a := analyse(t, e)
	if a.Cells[0].Detectable != nil || a.Measured != nil {
		t.Errorf("%+v, %+v", a.Cells[0].Detectable, a.Measured)
	}
	var b bytes.Buffer
	if err := a.SVG(&b); !errors.Is(err, ErrNothing) || b.Len() > 0 {
		t.Errorf("a figure without presets: %v after %d bytes", err, b.Len())
	}
}

// For small spreads the trimmed means of 13 vary by σ/√13 and a little more; two
// arms differ by 1.96·√2 times that in one case of twenty.
func TestNeededCV(t *testing.T) {
	if testing.Short() {
		t.Skip("long and not concurrent")
	}
	n := newNoise(1)
	check := func(percent, want, within float64) {
		t.Helper()
		if got := n.neededCV(percent); math.Abs(got-want) > within*want {
			t.Errorf("%v %%: %.4f, want %.4f", percent, got, want)
		}
	}
	for _, percent := range []float64{0.01, 0.3, 3, 10} {
		check(percent, math.Log1p(percent/100)*math.Sqrt(14)/(1.96*math.Sqrt2), 0.06)
	}
	check(-10, n.neededCV(100*(1/0.9-1)), 1e-9) // a decrease counts as the increase that undoes it
	if !math.IsInf(n.neededCV(3366), 1) {
		t.Errorf("3366 %%: %v", n.neededCV(3366))
	}
	last := 0.0
	for percent := 0.001; percent < 3000; percent *= 1.3 {
		cv := n.neededCV(percent)
		if cv < last {
			t.Errorf("%v %% needs less spread than a smaller change: %v after %v", percent, cv, last)
		}
		last = cv
	}
}

func TestAlarms(t *testing.T) {
	repetitions := 60
	if testing.Short() { // its goroutines are for the race detector
		repetitions = 8
	}
	list, err := alarms(1, repetitions)
	if err != nil {
		t.Fatal(err)
	}
	last := -1.0
	for i, a := range list {
		if a.Drift != drifts[i] || a.Repetitions != repetitions || a.Interleaved != list[0].Separate {
			t.Errorf("%+v", a)
		}
		if a.Separate < last-0.05 {
			t.Errorf("drift %v gives fewer alarms (%v) than less drift (%v)", a.Drift, a.Separate, last)
		}
		last = a.Separate
	}
	if testing.Short() {
		return
	}
	// Seeded: 5 % nominal, and by normal arithmetic 45 to 55 % at a drift of 0.13.
	if first, most := list[0].Separate, list[len(list)-1].Separate; first > 0.15 || most < 0.3 || most > 0.7 {
		t.Errorf("%v without drift, %v with most", first, most)
	}
}

// written is what write makes, held against testdata/name.
func written(t *testing.T, name string, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, filepath.Join("testdata", name), b.Bytes())
	return b.String()
}

func TestArtefacts(t *testing.T) {
	if testing.Short() {
		t.Skip("long and not concurrent")
	}
	a := analyse(t, evidence(t))
	text := written(t, "power.md", a.Markdown)
	for _, want := range []string{"simulated; the paper gives no spread", "Table 6: network, hot (platform not named)", "above 10", "local, go"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in the tables", want)
		}
	}
	picture := written(t, "power.svg", a.SVG)
	for _, want := range []string{"bands: simulated", "+3366 %", "hidden if spread is central", "Table 6: network, hot"} {
		if !strings.Contains(picture, want) {
			t.Errorf("%q is missing in the figure", want)
		}
	}
	var b bytes.Buffer
	if err := a.PNG(&b); err != nil || !bytes.HasPrefix(b.Bytes(), []byte("\x89PNG")) {
		t.Errorf("%d bytes, %v", b.Len(), err)
	}
}

func TestNothingToSay(t *testing.T) {
	var b bytes.Buffer
	if err := (&Analysis{}).Markdown(&b); err != nil || b.Len() > 0 {
		t.Errorf("%q, %v", b.String(), err)
	}
}
