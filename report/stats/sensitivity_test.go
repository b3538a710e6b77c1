package stats

import (
	"encoding/json"
	"errors"
	"math"
	"math/bits"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

type yuenReference struct {
	Difference    float64 `json:"difference"`
	StandardError float64 `json:"standard_error"`
	DF            float64 `json:"df"`
	P             float64 `json:"p"`
}

// sensitivity is one data set of testdata/sensitivity.json with the figures of
// R, SciPy and NumPy; testdata/README.md says how they were made.
type sensitivity struct {
	Name          string         `json:"name"`
	Trim          int            `json:"trim"`
	X             []float64      `json:"x"`
	Y             []float64      `json:"y"`
	U             float64        `json:"u"`
	Delta         float64        `json:"delta"`
	MannWhitney   float64        `json:"mann_whitney"`
	Shift         float64        `json:"shift"`
	ShiftInterval [2]float64     `json:"shift_interval"`
	ShiftLevel    float64        `json:"shift_level"`
	Yuen          *yuenReference `json:"yuen"`
	YuenLogs      *yuenReference `json:"yuen_logs"`
	Outliers      []struct {
		Index int     `json:"index"`
		Score float64 `json:"score"`
	} `json:"outliers"`
}

func loadSensitivity(t *testing.T) []sensitivity {
	t.Helper()
	data, err := os.ReadFile("testdata/sensitivity.json")
	if err != nil {
		t.Fatal(err)
	}
	var refs struct {
		Cases []sensitivity `json:"cases"`
	}
	if err := json.Unmarshal(data, &refs); err != nil {
		t.Fatal(err)
	}
	if len(refs.Cases) < 20 {
		t.Fatalf("testdata/sensitivity.json holds %d cases", len(refs.Cases))
	}
	return refs.Cases
}

func TestSensitivityAgreesWithRAndSciPy(t *testing.T) {
	tied := 0
	for _, ref := range loadSensitivity(t) {
		t.Run(ref.Name, func(t *testing.T) {
			if all := slices.Concat(ref.X, ref.Y); len(slices.Compact(slices.Sorted(slices.Values(all)))) < len(all) {
				tied++
			}
			mw, err := MannWhitneyTest(ref.X, ref.Y)
			if err != nil || !mw.Exact || mw.Warnings != nil {
				t.Fatalf("%+v, %v", mw, err)
			}
			near(t, "U", mw.U, ref.U)
			near(t, "Cliff's delta", mw.Delta, ref.Delta)
			near(t, "Mann-Whitney p", mw.P, ref.MannWhitney)

			hl, err := HodgesLehmannShift(ref.X, ref.Y, 0.95)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "shift", hl.Shift, ref.Shift)
			near(t, "shift, low", hl.Low, ref.ShiftInterval[0])
			near(t, "shift, high", hl.High, ref.ShiftInterval[1])
			near(t, "shift, level", hl.Level, ref.ShiftLevel)

			yuen := func(what string, got Yuen, err error, want *yuenReference) {
				t.Helper()
				if want == nil {
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				near(t, what+", difference", got.Difference, want.Difference)
				near(t, what+", standard error", got.StandardError, want.StandardError)
				near(t, what+", degrees of freedom", got.DF, want.DF)
				near(t, what+", p", got.P, want.P)
			}
			got, err := YuenTest(ref.X, ref.Y, ref.Trim)
			yuen("Yuen", got, err, ref.Yuen)
			got, err = YuenTestOfLogs(ref.X, ref.Y, ref.Trim)
			yuen("Yuen on logs", got, err, ref.YuenLogs)

			outliers, err := Outliers(ref.X)
			if err != nil || len(outliers) != len(ref.Outliers) {
				t.Fatalf("outliers %+v, %v; want %+v", outliers, err, ref.Outliers)
			}
			for i, o := range outliers {
				if o.Index != ref.Outliers[i].Index || o.Value != ref.X[o.Index] {
					t.Errorf("outlier %+v, want %+v", o, ref.Outliers[i])
				}
				near(t, "outlier score", o.Score, ref.Outliers[i].Score)
			}
		})
	}
	if tied < 10 {
		t.Errorf("only %d cases have ties", tied)
	}
}

// rankP visits every way to deal the midranks and counts in integers.
func rankP(x, y []float64) float64 {
	pooled := slices.Concat(x, y)
	twice := make([]int, len(pooled)) // doubled midranks by counting
	for i, a := range pooled {
		for _, b := range pooled {
			switch {
			case b < a:
				twice[i] += 2
			case b == a:
				twice[i]++
			}
		}
		twice[i]++
	}
	away := func(mask uint) int {
		sum := -len(x) * (len(pooled) + 1)
		for i, r := range twice {
			if mask>>i&1 == 1 {
				sum += r
			}
		}
		return max(sum, -sum)
	}
	observed := away(1<<len(x) - 1)
	var extreme, all float64
	for mask := range uint(1) << len(pooled) {
		if bits.OnesCount(mask) == len(x) {
			all++
			if away(mask) >= observed {
				extreme++
			}
		}
	}
	return extreme / all
}

func TestRankTestIsTheCountOverAllDeals(t *testing.T) {
	rng := rand.New(rand.NewPCG(50, 51))
	for range 60 {
		nx, ny := 1+rng.IntN(6), 1+rng.IntN(6)
		for _, arms := range [][2][]float64{
			{integers(rng, nx, 1, 4), integers(rng, ny, 1, 5)},
			{lognormal(rng, nx, 0, 1), lognormal(rng, ny, 0.5, 1)},
		} {
			mw, err := MannWhitneyTest(arms[0], arms[1])
			if err != nil {
				t.Fatal(err)
			}
			near(t, "p", mw.P, rankP(arms[0], arms[1]))
		}
	}
}

func TestRankTestBeyondTheExactLimit(t *testing.T) {
	rng := rand.New(rand.NewPCG(52, 53))
	x, y := lognormal(rng, 75, 1, 0.3), lognormal(rng, 75, 1.08, 0.3)
	exact, err := MannWhitneyTest(x, y)
	if err != nil || !exact.Exact {
		t.Fatalf("75 against 75: %+v, %v", exact, err)
	}
	approximate := normalRankP(math.Abs(exact.U-75*75/2.0), 75, 75, 0)
	if math.Abs(approximate-exact.P) > 0.02*exact.P {
		t.Errorf("normal approximation %v, exact %v", approximate, exact.P)
	}
	big, err := MannWhitneyTest(lognormal(rng, 20_000, 1, 0.3), lognormal(rng, 20_000, 1, 0.3))
	if err != nil || big.Exact || len(big.Warnings) != 1 || !(big.P > 0 && big.P <= 1) {
		t.Errorf("20,000 against 20,000: %+v, %v", big, err)
	}
	if flat, _ := MannWhitneyTest(make([]float64, 500), make([]float64, 500)); flat.P != 1 || flat.Delta != 0 {
		t.Errorf("all tied: %+v", flat)
	}
}

func TestShiftIsTheMedianOfAllDifferences(t *testing.T) {
	rng := rand.New(rand.NewPCG(54, 55))
	for range 40 {
		x, y := integers(rng, 1+rng.IntN(9), -5, 5), lognormal(rng, 1+rng.IntN(9), 0, 1)
		if rng.IntN(2) == 0 {
			y = integers(rng, len(y), -4, 6)
		}
		var all []float64
		for _, a := range x {
			for _, b := range y {
				all = append(all, a-b)
			}
		}
		slices.Sort(all)
		d := differences{slices.Sorted(slices.Values(x)), slices.Sorted(slices.Values(y))}
		for k, want := range all {
			if got := d.kth(k + 1); got != want || math.Signbit(got) && got == 0 {
				t.Fatalf("difference %d of %d is %v, want %v", k+1, len(all), got, want)
			}
		}
		described, _ := Describe(all)
		hl, err := HodgesLehmannShift(x, y, 0.95)
		if err != nil || hl.Shift != described.Median {
			t.Errorf("shift %v, %v; want %v", hl.Shift, err, described.Median)
		}
		if hl.Low > hl.Shift || hl.Shift > hl.High {
			t.Errorf("%v outside [%v, %v]", hl.Shift, hl.Low, hl.High)
		}
		if small := hl.Level < 0.95; small != (len(hl.Warnings) == 1) {
			t.Errorf("level %v with warnings %q", hl.Level, hl.Warnings)
		}
	}
	big, err := HodgesLehmannShift(lognormal(rng, 3000, 0, 1), lognormal(rng, 3000, 0, 1), 0.95)
	if err != nil || math.Abs(big.Level-0.95) > 1e-4 || !strings.Contains(strings.Join(big.Warnings, ""), "normal") || big.Low > 0 || big.High < 0 {
		t.Errorf("3000 against 3000: %+v, %v", big, err)
	}
}

func TestYuenOfArmsThatDoNotVary(t *testing.T) {
	flat := func(v float64) []float64 { return slices.Repeat([]float64{v}, 15) }
	equal, err := YuenTest(flat(3), flat(3), 1)
	if err != nil || equal.P != 1 || equal.DF != 24 {
		t.Errorf("%+v, %v", equal, err)
	}
	apart, err := YuenTest(flat(3), flat(4), 1)
	if err != nil || apart.P != 0 || apart.Difference != -1 {
		t.Errorf("%+v, %v", apart, err)
	}
}

func TestOutliersAreNotedNotDropped(t *testing.T) {
	xs := []float64{10, 11, 9, 10.5, 9.5, 500, 10, 10.2}
	kept := slices.Clone(xs)
	o, err := Outliers(xs)
	if err != nil || len(o) != 1 || o[0].Index != 5 || o[0].Value != 500 || !slices.Equal(xs, kept) {
		t.Errorf("%+v, %v", o, err)
	}
	near(t, "score", o[0].Score, 0.6745*(500-10.1)/0.5)
	if o, err := Outliers(slices.Repeat([]float64{2}, 9)); err != nil || o != nil {
		t.Errorf("a constant sample: %v, %v", o, err)
	}
	if o, err := Outliers([]float64{5e-100, 5e-100, 5e-100, 5.1e-100, 1e100}); err != nil || len(o) == 0 || o[len(o)-1].Score > 1e100 {
		t.Errorf("a wild value: %v, %v", o, err)
	}
}

func TestBootstrapSurroundsTheRatio(t *testing.T) {
	rng := rand.New(rand.NewPCG(58, 59))
	x, y := lognormal(rng, 15, 1.1, 0.1), lognormal(rng, 15, 1, 0.1)
	draws, err := BootstrapRatios(x, y, 1, Sampling{Seed: 7})
	if err != nil || len(draws) != 10_000 || !slices.IsSorted(draws) {
		t.Fatalf("%d draws, %v", len(draws), err)
	}
	again, _ := BootstrapRatios(x, y, 1, Sampling{Seed: 7})
	if !slices.Equal(draws, again) {
		t.Error("the same seed gives other draws")
	}
	// At this spread the percentiles and the delta interval nearly agree.
	c := mustCompare(t, x, y, Options{Trim: 1})
	low, high := Percentile(draws, 0.025), Percentile(draws, 0.975)
	if math.Abs(low/c.Low-1) > 0.05 || math.Abs(high/c.High-1) > 0.05 {
		t.Errorf("bootstrap [%v, %v], delta method [%v, %v]", low, high, c.Low, c.High)
	}
	check := func(p, want float64) {
		t.Helper()
		near(t, "percentile", Percentile([]float64{1, 4, 16}, p), want)
	}
	check(0, 1)
	check(1, 16)
	check(0.5, 4)
	check(0.25, 2) // halfway on the logarithm
	if Percentile([]float64{3}, 0.9) != 3 {
		t.Error("percentile of one value")
	}
}

func TestSensitivityRefuses(t *testing.T) {
	ok, bad := []float64{1, 2, 3, 4}, []float64{1, math.NaN(), 2, 3}
	check := func(want error, f func() error) {
		t.Helper()
		if err := f(); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	check(ErrTooFew, func() error { _, err := MannWhitneyTest(nil, ok); return err })
	check(ErrNotFinite, func() error { _, err := MannWhitneyTest(ok, bad); return err })
	check(ErrTooFew, func() error { _, err := HodgesLehmannShift(ok, nil, 0.95); return err })
	check(ErrNotFinite, func() error { _, err := HodgesLehmannShift(bad, ok, 0.95); return err })
	check(ErrOption, func() error { _, err := HodgesLehmannShift(ok, ok, 1); return err })
	check(ErrTooFew, func() error { _, err := YuenTest(ok[:3], ok, 1); return err })
	check(ErrTooFew, func() error { _, err := YuenTestOfLogs(nil, ok, 1); return err })
	check(ErrNotFinite, func() error { _, err := YuenTestOfLogs(ok, bad, 1); return err })
	check(ErrNotPositive, func() error { _, err := YuenTestOfLogs(ok, []float64{0, 1, 2, 3}, 1); return err })
	check(ErrTooFew, func() error { _, err := Outliers(nil); return err })
	check(ErrNotFinite, func() error { _, err := Outliers(bad); return err })
	check(ErrOption, func() error { _, err := BootstrapRatios(ok, ok, 1, Sampling{Draws: 100}); return err })
	check(ErrNotPositive, func() error { _, err := BootstrapRatios(ok, make([]float64, 4), 1, Sampling{}); return err })
	check(ErrTooFew, func() error { _, err := BootstrapRatios(ok, ok, 2, Sampling{}); return err })
}

// LeastP is what arms of one size without overlap get.
func TestLeastP(t *testing.T) {
	check := func(nx, ny, g int) {
		t.Helper()
		x, y := make([]float64, nx), make([]float64, ny)
		for i := range x {
			x[i] = 1 + 0.01*float64(i*i)
		}
		for i := range y {
			y[i] = 50 + 0.013*float64(i*i)
		}
		p, err := PermutationTest(x, y, g, Sampling{})
		if err != nil {
			t.Fatal(err)
		}
		least := LeastP(nx, ny, g)
		if reached := math.Abs(p.P-least) < 1e-9*least; p.P < least*(1-1e-9) || nx == ny && !reached {
			t.Errorf("%d against %d, g %d: p %v, least %v", nx, ny, g, p.P, least)
		}
	}
	check(4, 4, 1)
	check(6, 6, 1)
	check(5, 8, 1)
	check(8, 6, 2)
	check(7, 7, 2)
	check(3, 3, 0)
	check(15, 15, 1)
}

func TestUpperBoundIsTheEndOfTheNinetyPercentInterval(t *testing.T) {
	rng := rand.New(rand.NewPCG(60, 61))
	c := mustCompare(t, lognormal(rng, 15, 1, 0.2), lognormal(rng, 15, 1, 0.2), Options{Trim: 1})
	_, high := c.Ratio.Interval(0.90)
	near(t, "upper bound", c.Ratio.UpperBound(0.95), high)
	if flat := (Ratio{Value: 1.2, DF: 5}); flat.UpperBound(0.95) != 1.2 {
		t.Error("a ratio without spread has a bound of its own")
	}
}

func BenchmarkRanks(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{15, 60} {
		x, y := lognormal(rng, n, 3, 0.25), lognormal(rng, n, 3.1, 0.25)
		b.Run(map[int]string{15: "15+15", 60: "60+60"}[n], func(b *testing.B) {
			for b.Loop() {
				if _, err := MannWhitneyTest(x, y); err != nil {
					b.Fatal(err)
				}
				if _, err := HodgesLehmannShift(x, y, 0.95); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
