package stats

import (
	"errors"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// visitAll is the oracle: it visits every split of the sorted pooled values in
// the order of Gosper's hack and counts the extreme ones. Subset sums of the two
// halves are looked up; what is trimmed is found by bit scans over the whole
// mask, so it shares no assumption about halves with the code under test.
// It handles g ≤ 1.
func visitAll(x, y []float64, g int) (extreme, splits uint64) {
	z := slices.Sorted(slices.Values(slices.Concat(x, y)))
	n, nx := len(z), len(x)
	const cut = 15
	var lowSums, highSums [1 << cut]float64
	for mask := range uint32(1 << cut) {
		for i := range cut {
			if mask>>i&1 == 1 && i < n {
				lowSums[mask] += z[i]
			}
			if mask>>i&1 == 1 && i+cut < n {
				highSums[mask] += z[i+cut]
			}
		}
	}
	var values [32]float64
	copy(values[:], z)
	sum := func(mask uint32) float64 {
		s := lowSums[mask&(1<<cut-1)] + highSums[mask>>cut]
		if g == 1 {
			s -= values[bits.TrailingZeros32(mask)] + values[(bits.Len32(mask)-1)&31]
		}
		return s
	}
	hx, hy := float64(nx-2*g), float64(n-nx-2*g)
	observed := trimmedMean(x, g) / trimmedMean(y, g)
	c := max(observed, 1/observed) * (1 - epsilon)
	full := uint32(1)<<n - 1
	for mask := uint32(1)<<nx - 1; mask <= full; {
		a, b := sum(mask)*hy, sum(full&^mask)*hx
		if a >= c*b || b >= c*a {
			extreme++
		}
		splits++
		lowest := mask & -mask
		ripple := mask + lowest
		if ripple < mask || lowest == 0 {
			break
		}
		mask = ripple | (mask^ripple)>>2/lowest
	}
	return extreme, splits
}

// visitNaively sorts and averages every split afresh, for any g.
func visitNaively(x, y []float64, g int) (extreme, splits uint64) {
	z := slices.Concat(x, y)
	t := math.Abs(math.Log(trimmedMean(x, g) / trimmedMean(y, g)))
	for mask := range 1 << len(z) {
		if bits.OnesCount(uint(mask)) != len(x) {
			continue
		}
		var a, b []float64
		for i, v := range z {
			if mask>>i&1 == 1 {
				a = append(a, v)
			} else {
				b = append(b, v)
			}
		}
		splits++
		if math.Abs(math.Log(trimmedMean(a, g)/trimmedMean(b, g))) >= t-epsilon {
			extreme++
		}
	}
	return extreme, splits
}

func trimmedMean(xs []float64, g int) float64 {
	s := slices.Sorted(slices.Values(xs))[g : len(xs)-g]
	var sum float64
	for _, x := range s {
		sum += x
	}
	return sum / float64(len(s))
}

func lognormal(rng *rand.Rand, n int, mu, sigma float64) []float64 {
	xs := make([]float64, n)
	for i := range xs {
		xs[i] = math.Exp(mu + sigma*rng.NormFloat64())
	}
	return xs
}

func integers(rng *rand.Rand, n, low, high int) []float64 {
	xs := make([]float64, n)
	for i := range xs {
		xs[i] = float64(low + rng.IntN(high-low+1))
	}
	return xs
}

func TestExactCountOfSmallSamplesIsTheNaiveCount(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	check := func(x, y []float64, g int) {
		t.Helper()
		p, err := PermutationTest(x, y, g, Sampling{})
		if err != nil {
			t.Fatal(err)
		}
		extreme, splits := visitNaively(x, y, g)
		if !p.Exact || p.Extreme != extreme || p.Splits != splits || p.P != float64(extreme)/float64(splits) {
			t.Errorf("g=%d x=%v y=%v: %d of %d (exact %v), want %d of %d", g, x, y, p.Extreme, p.Splits, p.Exact, extreme, splits)
		}
	}
	for range 40 {
		for g := range 3 {
			nx, ny := 2*g+2+rng.IntN(4), 2*g+2+rng.IntN(4)
			check(lognormal(rng, nx, 0, 0.3), lognormal(rng, ny, 0.2, 0.3), g)
			check(integers(rng, nx, 1, 4), integers(rng, ny, 1, 5), g)
		}
	}
	check([]float64{0, 0, 0, 5, 7}, []float64{0, 0, 1, 3, 0}, 1)
	check([]float64{1, 1, 1, 1}, []float64{2, 2, 2, 2}, 1)
	check([]float64{1, 1, 1, 1}, []float64{1, 1, 1, 1}, 1)
}

func TestOracleAgreesWithTheNaiveCount(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 30 {
		x, y := integers(rng, 4+rng.IntN(4), 1, 9), lognormal(rng, 4+rng.IntN(5), 1, 0.4)
		extreme, splits := visitAll(x, y, 1)
		if e, s := visitNaively(x, y, 1); e != extreme || s != splits {
			t.Errorf("oracle %d of %d, naive %d of %d", extreme, splits, e, s)
		}
	}
}

// The splits where one half goes whole to one arm are the ones that the fast
// count treats apart; in these data they decide.
func TestExactCountAtEdgeSplits(t *testing.T) {
	check := func(x, y []float64, wantExtreme uint64) {
		t.Helper()
		p, err := PermutationTest(x, y, 1, Sampling{})
		if err != nil {
			t.Fatal(err)
		}
		extreme, _ := visitAll(x, y, 1)
		if p.Extreme != extreme || p.Extreme != wantExtreme {
			t.Errorf("%d extreme, oracle %d, want %d", p.Extreme, extreme, wantExtreme)
		}
	}
	low := []float64{1, 2, 3, 4, 5, 6, 7, 8}
	high := []float64{101, 102, 103, 104, 105, 106, 107, 108}
	check(high, low, 4) // the cut itself, one swap that trimming hides, both mirrored
	check(low, high, 4)
}

func TestExactCountOf155117520SplitsIsTheOracle(t *testing.T) {
	if testing.Short() {
		t.Skip("visits 155,117,520 splits three times, about a second each")
	}
	rng := rand.New(rand.NewPCG(5, 6))
	separated := lognormal(rng, 15, 3, 0.1)
	for _, arms := range [][2][]float64{
		{lognormal(rng, 15, 3, 0.25), lognormal(rng, 15, 3.2, 0.25)},
		{integers(rng, 15, 6, 9), integers(rng, 15, 6, 10)},
		{separated, scaled(separated, 40)},
	} {
		p, err := PermutationTest(arms[0], arms[1], 1, Sampling{})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		extreme, splits := visitAll(arms[0], arms[1], 1)
		t.Logf("%d of %d, p = %.3g; the oracle took %v", extreme, splits, p.P, time.Since(began))
		if splits != 155_117_520 || p.Splits != splits || p.Extreme != extreme {
			t.Errorf("%d of %d, want %d of %d", p.Extreme, p.Splits, extreme, splits)
		}
	}
}

func TestPermutationOfEqualArmsIsOne(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6}
	p, err := PermutationTest(x, x, 1, Sampling{})
	if err != nil || p.P != 1 {
		t.Errorf("p = %v, %v; want 1", p.P, err)
	}
}

func TestMonteCarloStandsInBeyondTheExactLimit(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	x, y := lognormal(rng, 30, 3, 0.25), lognormal(rng, 30, 3.1, 0.25)
	p, err := PermutationTest(x, y, 1, Sampling{Seed: 9, Draws: 5000})
	if err != nil {
		t.Fatal(err)
	}
	if p.Exact || p.Splits != 5000 || p.P != float64(p.Extreme+1)/5001 {
		t.Errorf("%+v: want (b+1)/(B+1) of 5000 draws", p)
	}
	if again, _ := PermutationTest(x, y, 1, Sampling{Seed: 9, Draws: 5000}); again != p {
		t.Errorf("same seed: %+v and %+v", p, again)
	}
	if far, _ := PermutationTest(x, scaled(y, 10), 1, Sampling{Draws: 999}); far.P != 0.001 {
		t.Errorf("disjoint arms: p = %v, want (0+1)/(999+1)", far.P)
	}
}

// The sampler estimates what the exact count computes: with 200,000 draws its
// standard error is 0.0011 or less.
func TestMonteCarloEstimatesTheExactP(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 11))
	for _, n := range []int{8, 12, 15} {
		x, y := lognormal(rng, n, 3, 0.25), lognormal(rng, n-1, 3.1, 0.25)
		exact, err := PermutationTest(x, y, 1, Sampling{})
		if err != nil {
			t.Fatal(err)
		}
		pooled := slices.Sorted(slices.Values(slices.Concat(x, y)))
		rho := trimmedMean(x, 1) / trimmedMean(y, 1)
		s := split{pooled: pooled, n: len(pooled), nx: n, g: 1}
		estimate := float64(s.sample(max(rho, 1/rho)*(1-epsilon), 200_000, 12)) / 200_000
		if math.Abs(estimate-exact.P) > 0.005 {
			t.Errorf("n = %d: estimated %v, exact %v", n, estimate, exact.P)
		}
	}
}

// The bound holds for both kinds of test and is reached by arms far apart.
func TestLeastPOfSampling(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	for _, c := range []struct {
		nx, ny, draws int
		exact         bool
		want          float64
	}{
		{15, 15, 999, true, LeastP(15, 15, 1)},
		{17, 17, 0, true, LeastP(17, 17, 1)},
		{17, 18, 0, false, 1.0 / 100_001},
		{60, 60, 999, false, 0.001},
	} {
		s := Sampling{Draws: c.draws}
		if got, exact := s.LeastP(c.nx, c.ny, 1); got != c.want || exact != c.exact {
			t.Errorf("%+v: %v, exact %v", c, got, exact)
		}
		p, err := PermutationTest(lognormal(rng, c.nx, 0, 0.1), lognormal(rng, c.ny, 5, 0.1), 1, s)
		if err != nil || p.Exact != c.exact || math.Abs(p.P/c.want-1) > 1e-9 {
			t.Errorf("%+v: the test gives %+v, %v", c, p, err)
		}
	}
}

func TestPermutationRefuses(t *testing.T) {
	check := func(x, y []float64, g int, s Sampling, want error) {
		t.Helper()
		if _, err := PermutationTest(x, y, g, s); !errors.Is(err, want) {
			t.Errorf("error %v, want %v", err, want)
		}
	}
	ok := []float64{1, 2, 3, 4}
	check([]float64{1, 2, 3}, ok, 1, Sampling{}, ErrTooFew)
	check(ok, nil, 1, Sampling{}, ErrTooFew)
	check(ok, ok, -1, Sampling{}, ErrOption)
	check(ok, ok, 1, Sampling{Draws: -1}, ErrOption)
	check([]float64{-1, 2, 3, 4}, ok, 1, Sampling{}, ErrNotPositive)
	check([]float64{0, 0, 0, 9}, ok, 1, Sampling{}, ErrNotPositive)
	check([]float64{1, math.NaN(), 3, 4}, ok, 1, Sampling{}, ErrNotFinite)
	check(ok, []float64{1, math.Inf(1), 3, 4}, 1, Sampling{}, ErrNotFinite)
}

func scaled(xs []float64, by float64) []float64 {
	out := slices.Clone(xs)
	for i := range out {
		out[i] *= by
	}
	return out
}

func BenchmarkPermutation(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, c := range []struct {
		name   string
		nx, ny int
		most   time.Duration // a run of dtbench has 15 + 15; the rest have room
	}{
		{"15+15", 15, 15, 20 * time.Millisecond},
		{"14+15", 14, 15, 20 * time.Millisecond},
		{"17+17", 17, 17, 50 * time.Millisecond},
		{"30+30_sampled", 30, 30, 200 * time.Millisecond},
	} {
		x, y := lognormal(rng, c.nx, 3, 0.25), lognormal(rng, c.ny, 3.1, 0.25)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := PermutationTest(x, y, 1, Sampling{}); err != nil {
					b.Fatal(err)
				}
			}
			if each := b.Elapsed() / time.Duration(b.N); each > c.most {
				b.Errorf("%v each, more than %v", each, c.most)
			}
		})
	}
}
