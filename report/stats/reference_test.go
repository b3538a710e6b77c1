package stats

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// reference is one data set of testdata/reference.json with the figures that
// SciPy and NumPy give for it; testdata/README.md says how they were made.
type reference struct {
	Name        string     `json:"name"`
	Trim        int        `json:"trim"`
	X           []float64  `json:"x"`
	Y           []float64  `json:"y"`
	Mean        float64    `json:"mean"`
	Median      float64    `json:"median"`
	SD          float64    `json:"sd"`
	TrimmedX    float64    `json:"trimmed_x"`
	TrimmedY    float64    `json:"trimmed_y"`
	WinsorizedX float64    `json:"winsorized_x"`
	WinsorizedY float64    `json:"winsorized_y"`
	SEX         float64    `json:"se_x"`
	SEY         float64    `json:"se_y"`
	IntervalX   [2]float64 `json:"interval_x"`
	IntervalY   [2]float64 `json:"interval_y"`
	Rho         float64    `json:"rho"`
	LogVariance float64    `json:"log_variance"`
	DF          float64    `json:"df"`
	Interval    [2]float64 `json:"interval"`
	TOST        float64    `json:"tost"`
	MDE         float64    `json:"mde"`
	RunsNeeded  int        `json:"runs_needed"`
	Extreme     *uint64    `json:"extreme"`
	Splits      *uint64    `json:"splits"`
}

type references struct {
	Cases     []reference                  `json:"cases"`
	Quantiles []struct{ P, Nu, T float64 } `json:"quantiles"`
	Tails     []struct{ P, Nu, T float64 } `json:"tails"`
}

func loadReferences(t testing.TB) references {
	t.Helper()
	data, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var r references
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Cases) == 0 || len(r.Quantiles) == 0 || len(r.Tails) == 0 {
		t.Fatal("testdata/reference.json holds no cases")
	}
	return r
}

// near reports an error unless got is want to a relative 1e-9.
func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > 1e-9*max(math.Abs(want), 1e-12) {
		t.Errorf("%s = %.17g, want %.17g", what, got, want)
	}
}

func TestFiguresAgreeWithSciPy(t *testing.T) {
	for _, ref := range loadReferences(t).Cases {
		t.Run(ref.Name, func(t *testing.T) {
			d, err := Describe(ref.X)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "mean", d.Mean, ref.Mean)
			near(t, "median", d.Median, ref.Median)
			near(t, "standard deviation", d.SD, ref.SD)

			c, err := Compare(ref.X, ref.Y, Options{Trim: ref.Trim})
			if err != nil {
				t.Fatal(err)
			}
			near(t, "trimmed mean of x", c.Variant.Mean, ref.TrimmedX)
			near(t, "trimmed mean of y", c.Baseline.Mean, ref.TrimmedY)
			near(t, "winsorized variance of x", c.Variant.WinsorizedVariance, ref.WinsorizedX)
			near(t, "winsorized variance of y", c.Baseline.WinsorizedVariance, ref.WinsorizedY)
			near(t, "standard error of x", math.Sqrt(c.Variant.SquaredError()), ref.SEX)
			near(t, "standard error of y", math.Sqrt(c.Baseline.SquaredError()), ref.SEY)
			low, high := c.Variant.Interval(0.95)
			near(t, "interval of x, low", low, ref.IntervalX[0])
			near(t, "interval of x, high", high, ref.IntervalX[1])
			low, high = c.Baseline.Interval(0.95)
			near(t, "interval of y, low", low, ref.IntervalY[0])
			near(t, "interval of y, high", high, ref.IntervalY[1])
			near(t, "ratio", c.Ratio.Value, ref.Rho)
			near(t, "variance of ln ratio", c.Ratio.LogVariance, ref.LogVariance)
			near(t, "degrees of freedom", c.Ratio.DF, ref.DF)
			near(t, "interval of the ratio, low", c.Low, ref.Interval[0])
			near(t, "interval of the ratio, high", c.High, ref.Interval[1])
			near(t, "equivalence", c.Equivalence, ref.TOST)
			near(t, "minimum detectable", c.MinimumDetectable, ref.MDE)
			near(t, "difference", c.Difference, ref.TrimmedX-ref.TrimmedY)
			if c.RunsNeeded != ref.RunsNeeded {
				t.Errorf("runs needed = %d, want %d", c.RunsNeeded, ref.RunsNeeded)
			}
		})
	}
}

func TestPermutationCountsAgreeWithNumPy(t *testing.T) {
	compared := 0
	for _, ref := range loadReferences(t).Cases {
		if ref.Extreme == nil {
			continue
		}
		compared++
		p, err := PermutationTest(ref.X, ref.Y, ref.Trim, Sampling{})
		if err != nil {
			t.Fatal(err)
		}
		if !p.Exact || p.Extreme != *ref.Extreme || p.Splits != *ref.Splits {
			t.Errorf("%s: %d of %d (exact: %v), want %d of %d", ref.Name, p.Extreme, p.Splits, p.Exact, *ref.Extreme, *ref.Splits)
		}
	}
	if compared < 10 {
		t.Errorf("only %d cases have counts", compared)
	}
}

func TestStudentAgreesWithSciPy(t *testing.T) {
	refs := loadReferences(t)
	for _, q := range refs.Quantiles {
		if got := quantile(q.P, q.Nu); math.Abs(got-q.T) > 1e-9*math.Abs(q.T) {
			t.Errorf("quantile(%v, %v) = %.15g, want %.15g", q.P, q.Nu, got, q.T)
		}
	}
	for _, q := range refs.Tails {
		if got := upperTail(q.T, q.Nu); math.Abs(got-q.P) > 1e-9*q.P {
			t.Errorf("upperTail(%v, %v) = %.15g, want %.15g", q.T, q.Nu, got, q.P)
		}
	}
}
