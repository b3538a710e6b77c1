package stats

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func mustCompare(t *testing.T, x, y []float64, o Options) Comparison {
	t.Helper()
	c, err := Compare(x, y, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTrimKeepsThePaperSThirteenOfFifteen(t *testing.T) {
	xs := []float64{900, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0.001}
	tr, err := Trim(xs, 1)
	if err != nil {
		t.Fatal(err)
	}
	if tr.Mean != 8 || tr.H() != 13 {
		t.Errorf("mean of %d = %v, want 8 of 13", tr.H(), tr.Mean)
	}
	// Winsorized: 2, 2, 3, …, 14, 14; by hand Σ(x−8)² = 2·36 + 182 = 254.
	near(t, "winsorized variance", tr.WinsorizedVariance, 254.0/14)
	near(t, "d", tr.SquaredError(), 254.0/(13*12))
}

func TestTrimRefusesTooFew(t *testing.T) {
	check := func(n, g int, want error) {
		t.Helper()
		if _, err := Trim(make([]float64, n), g); !errors.Is(err, want) {
			t.Errorf("n=%d g=%d: %v, want %v", n, g, err, want)
		}
	}
	check(0, 0, ErrTooFew)
	check(1, 0, ErrTooFew)
	check(2, 0, nil)
	check(3, 1, ErrTooFew)
	check(4, 1, nil)
	check(15, 7, ErrTooFew)
	check(15, math.MaxInt, ErrTooFew)
	check(15, -1, ErrOption)
	if _, err := Describe(nil); !errors.Is(err, ErrTooFew) {
		t.Errorf("Describe(nil): %v", err)
	}
	if _, err := Describe([]float64{1, math.Inf(-1)}); !errors.Is(err, ErrNotFinite) {
		t.Errorf("Describe with an infinity: %v", err)
	}
}

func TestDescribe(t *testing.T) {
	d, err := Describe([]float64{4, 1, 3, 2})
	if err != nil || d != (Description{N: 4, Mean: 2.5, Median: 2.5, SD: d.SD, Min: 1, Max: 4}) {
		t.Errorf("%+v, %v", d, err)
	}
	near(t, "sd", d.SD, math.Sqrt(5.0/3))
	one, err := Describe([]float64{7})
	if err != nil || one != (Description{N: 1, Mean: 7, Median: 7, Min: 7, Max: 7}) {
		t.Errorf("%+v, %v", one, err)
	}
}

func TestNothingReordersTheCallersSlice(t *testing.T) {
	x, y := []float64{5, 1, 4, 2, 3}, []float64{9, 7, 8, 6, 5}
	ps := []float64{0.9, 0.1, 0.5}
	xc, yc, pc := slices.Clone(x), slices.Clone(y), slices.Clone(ps)
	mustCompare(t, x, y, Options{Trim: 1})
	if _, err := Describe(x); err != nil {
		t.Fatal(err)
	}
	Holm(ps)
	if !slices.Equal(x, xc) || !slices.Equal(y, yc) || !slices.Equal(ps, pc) {
		t.Error("a slice changed")
	}
}

func TestProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(20, 21))
	for range 50 {
		g := rng.IntN(3)
		x, y := lognormal(rng, 2*g+2+rng.IntN(6), 2, 0.4), lognormal(rng, 2*g+2+rng.IntN(6), 2.2, 0.4)
		c := mustCompare(t, x, y, Options{Trim: g})

		// Swapping the arms inverts the ratio and changes no p-value.
		s := mustCompare(t, y, x, Options{Trim: g})
		near(t, "swapped ratio", s.Ratio.Value, 1/c.Ratio.Value)
		near(t, "swapped low", s.Low, 1/c.High)
		near(t, "swapped high", s.High, 1/c.Low)
		near(t, "swapped p", s.Permutation.P, c.Permutation.P)
		near(t, "swapped equivalence", s.Equivalence, c.Equivalence)
		near(t, "swapped minimum detectable", s.MinimumDetectable, c.MinimumDetectable)

		// Another unit changes nothing but the difference.
		u := mustCompare(t, scaled(x, 1000), scaled(y, 1000), Options{Trim: g})
		near(t, "scaled ratio", u.Ratio.Value, c.Ratio.Value)
		near(t, "scaled low", u.Low, c.Low)
		near(t, "scaled p", u.Permutation.P, c.Permutation.P)
		near(t, "scaled difference", u.Difference, 1000*c.Difference)
		if u.RunsNeeded != c.RunsNeeded {
			t.Errorf("scaled runs needed %d, %d", u.RunsNeeded, c.RunsNeeded)
		}

		// A factor on one arm multiplies the ratio and its interval.
		f := mustCompare(t, scaled(x, 3), y, Options{Trim: g})
		near(t, "ratio times 3", f.Ratio.Value, 3*c.Ratio.Value)
		near(t, "low times 3", f.Low, 3*c.Low)
		near(t, "minimum detectable", f.MinimumDetectable, c.MinimumDetectable)

		// A shift moves the trimmed mean and leaves the spread.
		shifted := slices.Clone(x)
		for i := range shifted {
			shifted[i] += 100
		}
		a, _ := Trim(x, g)
		b, err := Trim(shifted, g)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "shifted mean", b.Mean, a.Mean+100)
		near(t, "shifted spread", b.SquaredError(), a.SquaredError())
	}
}

func TestArmsThatDoNotVary(t *testing.T) {
	const n = 15
	flat := func(v float64) []float64 { return slices.Repeat([]float64{v}, n) }

	equal := mustCompare(t, flat(7.62), flat(7.62), Options{Trim: 1})
	if equal.Low != 1 || equal.High != 1 || equal.Permutation.P != 1 || equal.MinimumDetectable != 0 || equal.RunsNeeded != 4 {
		t.Errorf("equal arms: %+v", equal)
	}
	if v := equal.Verdict(1, 0.05); v != Equivalent {
		t.Errorf("equal arms are %s", v)
	}

	apart := mustCompare(t, flat(13.25), flat(7.62), Options{Trim: 1})
	// Of all splits, those with the same trimmed sums: the cut, or one value
	// that the trim hides exchanged each way round.
	if apart.Low != apart.High || apart.Low != apart.Ratio.Value {
		t.Errorf("interval [%v, %v], want the ratio %v twice", apart.Low, apart.High, apart.Ratio.Value)
	}
	if p := apart.Permutation; p.Extreme != 2*(1+n*n) || p.Splits != 155_117_520 {
		t.Errorf("%d of %d splits are extreme, want %d", p.Extreme, p.Splits, 2*(1+n*n))
	}
	if v := apart.Verdict(apart.Permutation.P, 0.05); v != Slower {
		t.Errorf("arms apart are %s", v)
	}
	if len(apart.Warnings) != 1 || !strings.Contains(apart.Warnings[0], "do not vary") {
		t.Errorf("warnings %q", apart.Warnings)
	}
}

func TestVerdict(t *testing.T) {
	check := func(c Comparison, adjusted float64, want Verdict) {
		t.Helper()
		if got := c.Verdict(adjusted, 0.05); got != want {
			t.Errorf("%+v with p %v: %s, want %s", c, adjusted, got, want)
		}
	}
	check(Comparison{Low: 1.01, High: 1.4, Equivalence: 0.9}, 0.049, Slower)
	check(Comparison{Low: 0.5, High: 0.99, Equivalence: 0.9}, 0.049, Faster)
	check(Comparison{Low: 1.01, High: 1.4, Equivalence: 0.9}, 0.05, Inconclusive)
	check(Comparison{Low: 0.99, High: 1.4, Equivalence: 0.9}, 0.01, Inconclusive)
	check(Comparison{Low: 0.99, High: 1.02, Equivalence: 0.01}, 0.6, Equivalent)
	check(Comparison{Low: 0.99, High: 1.02, Equivalence: 0.01}, 0.01, Inconclusive)
	check(Comparison{Low: 1.01, High: 1.02, Equivalence: 0.01}, 0.01, Slower)
	check(Comparison{Low: 0.7, High: 1.3, Equivalence: 0.4}, 0.6, Inconclusive)
}

func TestHolm(t *testing.T) {
	check := func(ps, want []float64) {
		t.Helper()
		got := Holm(ps)
		if len(got) != len(want) {
			t.Fatalf("Holm(%v) = %v, want %v", ps, got, want)
		}
		for i := range got {
			if math.Abs(got[i]-want[i]) > 1e-15 {
				t.Errorf("Holm(%v) = %v, want %v", ps, got, want)
			}
		}
	}
	check(nil, nil)
	check([]float64{0.03}, []float64{0.03})
	check([]float64{0.01, 0.04, 0.03, 0.005}, []float64{0.03, 0.06, 0.06, 0.02}) // worked by hand
	check([]float64{0.5, 0.6, 0.9}, []float64{1, 1, 1})
	check([]float64{0.02, 0.02, 0.02}, []float64{0.06, 0.06, 0.06})
	check([]float64{1, 0.0001}, []float64{1, 0.0002})
}

func TestEverythingIsFinite(t *testing.T) {
	extremes := [][]float64{
		{1e-90, 1e-90, 2e-90, 1e90},
		{1e90, 2e90, 1e89, 1e88},
		{0, 0, 1, 1e12},
		{1, 1, 1, 1},
		{0, 1, 1e100, 1e100},
		{5e-100, 5e-100, 5e-100, 5e-100},
	}
	for _, x := range extremes {
		for _, y := range extremes {
			for g := range 2 {
				c, err := Compare(x, y, Options{Trim: g})
				if errors.Is(err, ErrNotPositive) {
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range []float64{c.Difference, c.Ratio.Value, c.Ratio.LogVariance, c.Ratio.DF, c.Low, c.High, c.Permutation.P, c.Equivalence, c.MinimumDetectable} {
					if math.IsNaN(v) || math.IsInf(v, 0) {
						t.Fatalf("x=%v y=%v g=%d: %+v", x, y, g, c)
					}
				}
			}
		}
	}
}

func TestRunsNeededIsTheLeast(t *testing.T) {
	rng := rand.New(rand.NewPCG(30, 31))
	for range 20 {
		x, _ := Trim(lognormal(rng, 15, 2, 0.3*rng.Float64()), 1)
		y, _ := Trim(lognormal(rng, 15, 2, 0.3*rng.Float64()), 1)
		n, err := RunsNeeded(x, y, 0.10, 0.05, 0.80)
		if err != nil {
			t.Fatal(err)
		}
		mde := func(n int) float64 {
			x.N, y.N = n, n
			r, _ := NewRatio(x, y)
			return r.MinimumDetectable(0.05, 0.80)
		}
		if mde(n) > 0.10 || (n > 4 && mde(n-1) <= 0.10) {
			t.Errorf("runs needed %d: MDE %v there, %v with one less", n, mde(n), mde(n-1))
		}
	}
	wild := Trimmed{N: 15, G: 1, Mean: 1, WinsorizedVariance: 1e12}
	if n, err := RunsNeeded(wild, wild, 0.10, 0.05, 0.80); err != nil || n != MostRuns {
		t.Errorf("beyond count: %d, %v; want MostRuns", n, err)
	}
	if _, err := RunsNeeded(Trimmed{N: 4, Mean: 1}, Trimmed{N: 4, Mean: 1}, 0, 0.05, 0.8); !errors.Is(err, ErrOption) {
		t.Errorf("target 0: %v", err)
	}
}

func TestCompareRefusesAndWarns(t *testing.T) {
	ok := []float64{1, 2, 3, 4}
	check := func(x, y []float64, o Options, want error) {
		t.Helper()
		if _, err := Compare(x, y, o); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	check(ok[:3], ok, Options{Trim: 1}, ErrTooFew)
	check(ok, ok[:1], Options{}, ErrTooFew)
	check([]float64{0, 0, 0, 0}, ok, Options{}, ErrNotPositive)
	check(ok, ok, Options{Alpha: 1}, ErrOption)
	check(ok, ok, Options{Alpha: math.NaN()}, ErrOption)
	check(ok, ok, Options{Margin: -0.1}, ErrOption)
	check(ok, ok, Options{Power: 0.2}, ErrOption)
	check(ok, ok, Options{Target: -1}, ErrOption)
	check(ok, ok, Options{}, nil)

	few := mustCompare(t, []float64{1, 2, 3}, []float64{100, 200, 300}, Options{})
	if len(few.Warnings) != 1 || !strings.Contains(few.Warnings[0], "no p-value can fall below 0.1") {
		t.Errorf("3 against 3: warnings %q, p %v", few.Warnings, few.Permutation.P)
	}
	many := mustCompare(t, slices.Repeat(ok, 10), slices.Repeat(ok, 10), Options{Draws: 100})
	if len(many.Warnings) != 1 || !strings.Contains(many.Warnings[0], "100 random splits") {
		t.Errorf("40 against 40: warnings %q", many.Warnings)
	}
}

// Arms from one skewed distribution: the primary test rejects at its level.
// The binomial 99.9 % band of 400 tests at 5 % is 6 to 36.
func TestFalseAlarmRateIsTheLevel(t *testing.T) {
	rng := rand.New(rand.NewPCG(40, 41))
	alarms := 0
	for range 400 {
		p, err := PermutationTest(lognormal(rng, 10, 0, 0.5), lognormal(rng, 10, 0, 0.5), 1, Sampling{})
		if err != nil {
			t.Fatal(err)
		}
		if p.P < 0.05 {
			alarms++
		}
	}
	t.Logf("%d of 400 false alarms", alarms)
	if alarms < 6 || alarms > 36 {
		t.Errorf("%d of 400 tests between equal arms reject at 5 %%", alarms)
	}
}

func BenchmarkCompare(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	x, y := lognormal(rng, 15, 3, 0.25), lognormal(rng, 15, 3.1, 0.25)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compare(x, y, Options{Trim: 1}); err != nil {
			b.Fatal(err)
		}
	}
}
