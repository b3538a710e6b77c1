package profiles

import (
	"bytes"
	"errors"
	"math"
	"os"
	"slices"
	"testing"
)

func storedPython(t *testing.T) *Samples {
	t.Helper()
	s, err := LoadSamples(PaperPython)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The stored profile of the Python stand-in is what the stored samples give, to
// the byte.
func TestThePythonProfileIsDerivedFromItsSamples(t *testing.T) {
	p, err := FromSamples(storedPython(t))
	if err != nil {
		t.Fatal(err)
	}
	want, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("paper-python.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("paper-python.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("paper-python.json is not what samples/paper-python.json gives: go test ./results/profiles -update")
	}
	if _, err := LoadSamples("nobody"); !errors.Is(err, ErrUnknown) {
		t.Errorf("samples of nobody: %v", err)
	}
	core, err := LoadSamples(Go)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := FromSamples(core); !errors.Is(err, ErrInvalid) {
		t.Errorf("a profile from the samples of the core: %v", err)
	}
}

func TestSamplesAreReadAsTheyWereWritten(t *testing.T) {
	var first, second bytes.Buffer
	if err := storedPython(t).Write(&first); err != nil {
		t.Fatal(err)
	}
	s, err := ReadSamples(bytes.NewReader(first.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(&second); err != nil {
		t.Fatal(err)
	}
	stored, err := os.ReadFile("samples/paper-python.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) || !bytes.Equal(first.Bytes(), stored) {
		t.Error("another round, another text")
	}
}

func TestBadSamplesAreRefused(t *testing.T) {
	check := func(what string, spoil func(s *Samples)) {
		t.Helper()
		s := storedPython(t)
		spoil(s)
		if _, err := FromSamples(s); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", what, err)
		}
		if err := s.Write(&bytes.Buffer{}); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s, written: %v", what, err)
		}
	}
	check("no command", func(s *Samples) { s.Command = "" })
	check("another version", func(s *Samples) { s.Schema = Schema })
	check("a negative time", func(s *Samples) { s.Series[0].Values[3] = -1 })
	check("no number", func(s *Samples) { s.Series[0].Values[3] = math.NaN() })
	check("too few processes", func(s *Samples) { s.Series[0].Values = s.Series[0].Values[:MinProcesses-1] })
	check("a series twice", func(s *Samples) { s.Series = append(s.Series, s.Series[0]) })
	for i := range storedPython(t).Series {
		check("a series missing", func(s *Samples) { s.Series = slices.Delete(s.Series, i, i+1) })
	}
	if _, err := ReadSamples(bytes.NewReader([]byte(`{"values":[]}`))); !errors.Is(err, ErrInvalid) {
		t.Errorf("an unknown field: %v", err)
	}
}

// The ranks against sums of binomial probabilities: with n values the median
// lies outside of [x(r), x(n−1−r)] with probability 2·P(Bin(n, ½) ≤ r).
func TestTheIntervalOfAMedianHoldsItsLevel(t *testing.T) {
	outside := func(n, rank int) float64 {
		sum := 0.0
		for k := 0; k <= rank; k++ {
			a, _ := math.Lgamma(float64(n + 1))
			b, _ := math.Lgamma(float64(k + 1))
			c, _ := math.Lgamma(float64(n - k + 1))
			sum += math.Exp(a - b - c - float64(n)*math.Ln2)
		}
		return 2 * sum
	}
	for n := MinProcesses; n <= 100; n++ {
		rank := medianRank(n, 0.025)
		if p := outside(n, rank); p > 0.025 {
			t.Errorf("%d values: rank %d leaves the median out with probability %v", n, rank, p)
		}
		if p := outside(n, rank+1); p <= 0.025 {
			t.Errorf("%d values: rank %d is not the largest, %v", n, rank, p)
		}
	}
	if outside(MinProcesses-1, 0) <= 0.025 {
		t.Errorf("%d processes would do", MinProcesses-1)
	}
}

func TestEstimate(t *testing.T) {
	e := NewEstimate([]float64{9, 1, 8, 2, 7, 3, 6, 4, 5})
	if e.N != 9 || e.Median != 5 || e.Q1 != 3 || e.Q3 != 7 || e.Interval != [2]float64{1, 9} {
		t.Errorf("%+v", e)
	}
}

// A context with a quarter of the bare cost has an overlap of three quarters, in
// an interval that follows from the ends.
func TestOverlapsAreComputedFromTheSamples(t *testing.T) {
	s := storedPython(t)
	for i := range s.Series {
		series := &s.Series[i]
		if series.Quantity != ImportMS && series.Quantity != ImportBytes {
			continue
		}
		series.Values = []float64{10, 10, 10, 10, 10, 10, 12}
		if series.Context == HTTP {
			series.Values = []float64{2, 2.5, 2.5, 2.5, 2.5, 2.5, 3}
		}
	}
	rows := Overlaps(s)
	if len(rows) != len(Builds())*len(Contexts()) {
		t.Fatalf("%d rows", len(rows))
	}
	for _, r := range rows {
		want := Share{Value: 0, Interval: [2]float64{1 - 12.0/10, 1 - 10.0/12}}
		switch r.Context {
		case Bare:
			want = Share{}
		case HTTP:
			want = Share{Value: 0.75, Interval: [2]float64{1 - 3.0/10, 1 - 2.0/12}}
		}
		if !near(r.Time, want) || !near(r.Memory, want) || r.ProcessBytes.N == 0 {
			t.Errorf("%s (%s): %+v, want %+v", r.Context, r.Build, r.Time, want)
		}
	}
}

func near(a, b Share) bool {
	const tiny = 1e-12
	return math.Abs(a.Value-b.Value) < tiny && math.Abs(a.Interval[0]-b.Interval[0]) < tiny && math.Abs(a.Interval[1]-b.Interval[1]) < tiny
}

// The stored measurement decides the question that it was made for: once an HTTP
// client is loaded, little of the mechanism's import is left.
func TestTheStoredMeasurementShowsTheOverlap(t *testing.T) {
	for _, r := range Overlaps(storedPython(t)) {
		switch r.Context {
		case "storage", "network":
			if r.Time.Interval[0] < 0.9 || r.Memory.Interval[0] < 0.9 {
				t.Errorf("%s (%s): overlap %+v in time, %+v in memory", r.Context, r.Build, r.Time, r.Memory)
			}
		}
	}
}
