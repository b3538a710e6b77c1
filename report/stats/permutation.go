package stats

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// Permutation is the outcome of a permutation test.
type Permutation struct {
	P float64 // in (0, 1]
	// Extreme of Splits ways to deal the pooled values to the two arms have a
	// |ln ρ| at least as large as the observed one. When Exact, Splits is the
	// binomial coefficient and P = Extreme / Splits; otherwise the splits were
	// drawn at random and P = (Extreme + 1) / (Splits + 1).
	Extreme, Splits uint64
	Exact           bool
}

// Sampling configures the Monte Carlo test that stands in where the exact one
// is out of reach.
type Sampling struct {
	Draws int    // random splits; 0 is DefaultDraws
	Seed  uint64 // same seed, same splits, on every machine
}

// DefaultDraws is the number of random splits where none is given.
const DefaultDraws = 100_000

func (s Sampling) draws() int {
	if s.Draws == 0 {
		return DefaultDraws
	}
	return s.Draws
}

// LeastP is a p-value that PermutationTest with s cannot fall below for nx and
// ny values with g trimmed at each end: that of the function LeastP, and where
// it draws random splits no less than 1/(Draws + 1). It also says whether the
// test counts over all splits.
func (s Sampling) LeastP(nx, ny, g int) (p float64, exact bool) {
	p = LeastP(nx, ny, g)
	if exact = (split{n: nx + ny, nx: nx, g: g}).exact(); !exact {
		p = max(p, 1/float64(s.draws()+1))
	}
	return p, exact
}

// Limits of the exact test. They keep it below about 50 ms and a few MB.
const (
	maxExact = 34      // values in both arms together
	maxEdges = 1 << 21 // splits that need evaluation one by one
)

// PermutationTest tests that variant and baseline come from one distribution,
// with |ln ρ| as the statistic, ρ the ratio of the trimmed means with g values
// dropped at each end of each arm. Up to 34 values in all (17 + 17) it counts
// over every split, of which 15 + 15 values have C(30,15) = 155,117,520; beyond
// that, and where a large trim makes counting too slow, it draws random splits.
//
// The count does not visit the splits. With c = exp|ln ρ| observed and A and B
// the trimmed sums of the arms, a split is extreme when A·h_y ≥ c·B·h_x, or the
// same with the arms exchanged: linear in A and B. Sort the pooled values and
// cut them into a low and a high half. As long as each half holds at least g
// values of each arm, what is trimmed at the bottom depends on the low half
// alone and what is trimmed at the top on the high half alone, so the left side
// is a score of the low half plus a score of the high half. Sort the scores of
// the high half by how many of its values go to the variant and search for the
// partner of each low half; the remaining splits, few for a small g, are
// evaluated one by one.
//
// Errors: those of Trim; ErrNotPositive when a value is negative or a trimmed
// mean is zero; ErrOption when s.Draws is negative.
func PermutationTest(variant, baseline []float64, g int, s Sampling) (Permutation, error) {
	var means [2]Trimmed
	for i, xs := range [][]float64{variant, baseline} {
		t, err := Trim(xs, g)
		if err != nil {
			return Permutation{}, fmt.Errorf("permutation test: %w", err)
		}
		if t.Mean < smallest || slices.Min(xs) < 0 {
			return Permutation{}, fmt.Errorf("permutation test: %w: least value %v, trimmed mean %v", ErrNotPositive, slices.Min(xs), t.Mean)
		}
		means[i] = t
	}
	if s.Draws < 0 {
		return Permutation{}, fmt.Errorf("permutation test: %w: %d draws", ErrOption, s.Draws)
	}
	pooled := slices.Concat(variant, baseline)
	slices.Sort(pooled)
	sp := split{pooled: pooled, n: len(pooled), nx: len(variant), g: g}
	// The slack counts splits that tie with the observed one but round lower.
	c := math.Exp(math.Abs(math.Log(means[0].Mean/means[1].Mean))) * (1 - epsilon)
	if sp.exact() {
		total := binomial(len(pooled), len(variant))
		extreme := total
		if c > 1 { // else every split is at least as far from 1
			extreme = sp.count(c)
		}
		return Permutation{P: float64(extreme) / float64(total), Extreme: extreme, Splits: total, Exact: true}, nil
	}
	draws := s.draws()
	extreme := uint64(draws)
	if c > 1 {
		extreme = sp.sample(c, draws, s.Seed)
	}
	return Permutation{P: float64(extreme+1) / float64(draws+1), Extreme: extreme, Splits: uint64(draws)}, nil
}

// LeastP is a p-value that PermutationTest cannot fall below when it counts over
// all splits of nx and ny values with g trimmed at each end, whatever they are:
//
//	C(2g, g)·(2 if n_x = n_y) / C(n_x + n_y, n_x)
//
// Distinct values in arms of one size that do not overlap reach it: C(2g, g)
// splits differ only in values that the trim hides, and each has its mirror
// image.
func LeastP(nx, ny, g int) float64 {
	logChoose := func(n, k int) float64 {
		all, _ := math.Lgamma(float64(n + 1))
		some, _ := math.Lgamma(float64(k + 1))
		rest, _ := math.Lgamma(float64(n - k + 1))
		return all - some - rest
	}
	logP := logChoose(2*g, g) - logChoose(nx+ny, nx)
	if nx == ny {
		logP += math.Ln2
	}
	return min(1, math.Exp(logP))
}

// split describes the ways to deal sorted pooled values to two arms: nx of them
// to the variant, the rest to the baseline, g trimmed at each end of both.
type split struct {
	pooled   []float64
	n, nx, g int // n is the length of pooled
}

func (s split) ny() int  { return s.n - s.nx }
func (s split) low() int { return s.n / 2 }

// exact says whether counting over all splits is within reach.
func (s split) exact() bool { return s.n <= maxExact && s.edges() <= maxEdges }

// interior says whether a split with k variant values in the low half leaves
// at least g values of each arm in each half.
func (s split) interior(k int) bool {
	j := s.nx - k
	return min(k, s.low()-k, j, s.n-s.low()-j) >= s.g
}

// edges counts the splits that are not interior, saturating above maxEdges.
func (s split) edges() uint64 {
	var n uint64
	for k := range s.low() + 1 {
		if !s.interior(k) {
			n += binomial(s.low(), k) * binomial(s.n-s.low(), s.nx-k)
		}
		if n > maxEdges {
			break
		}
	}
	return n
}

// half is one half of the sorted pooled values, with the sum of every subset.
type half struct {
	size int
	sums []float64 // indexed by bit mask
	byX  [][]uint32
}

func newHalf(values []float64) half {
	h := half{size: len(values), sums: make([]float64, 1<<len(values)), byX: make([][]uint32, len(values)+1)}
	for k := range h.byX {
		h.byX[k] = make([]uint32, 0, binomial(len(values), k))
	}
	h.byX[0] = append(h.byX[0], 0)
	for mask := uint32(1); mask < 1<<len(values); mask++ {
		h.sums[mask] = h.sums[mask&(mask-1)] + values[bits.TrailingZeros32(mask)]
		k := bits.OnesCount32(mask)
		h.byX[k] = append(h.byX[k], mask)
	}
	return h
}

// count returns how many of all splits are extreme: A·h_y ≥ c·B·h_x or
// B·h_x ≥ c·A·h_y, c > 1. No split is both, since A and B cannot both be zero
// when the observed ones are not.
func (s split) count(c float64) uint64 {
	low, high := newHalf(s.pooled[:s.low()]), newHalf(s.pooled[s.low():])
	hx, hy := float64(s.nx-2*s.g), float64(s.ny()-2*s.g)
	up := s.countAbove(low, high, hy, c*hx)
	if s.nx == s.ny() {
		return 2 * up // exchanging the arms maps one kind on the other
	}
	return up + s.countAbove(low, high, -c*hy, -hx)
}

// countAbove counts the splits with a·A − b·B ≥ 0.
func (s split) countAbove(low, high half, a, b float64) uint64 {
	var n uint64
	var scores []float64
	for k := max(0, s.nx-high.size); k <= min(s.nx, low.size); k++ {
		if !s.interior(k) {
			n += s.countEdge(low, high, k, a, b)
			continue
		}
		scores = scores[:0]
		full := uint32(1)<<high.size - 1
		for _, x := range high.byX[s.nx-k] {
			scores = append(scores, a*high.sums[dropHighest(x, s.g)]-b*high.sums[dropHighest(full&^x, s.g)])
		}
		slices.Sort(scores)
		full = uint32(1)<<low.size - 1
		for _, x := range low.byX[k] {
			need := b*low.sums[dropLowest(full&^x, s.g)] - a*low.sums[dropLowest(x, s.g)]
			first, _ := slices.BinarySearch(scores, need)
			n += uint64(len(scores) - first)
		}
	}
	return n
}

// countEdge counts, one by one, the splits with k variant values in the low
// half for which a·A − b·B ≥ 0.
func (s split) countEdge(low, high half, k int, a, b float64) uint64 {
	var n uint64
	all := uint64(1)<<len(s.pooled) - 1
	sum := func(mask uint64) float64 {
		for range s.g {
			mask &= mask - 1
			mask &^= 1 << (bits.Len64(mask) - 1)
		}
		return low.sums[mask&(1<<low.size-1)] + high.sums[mask>>low.size]
	}
	for _, l := range low.byX[k] {
		for _, h := range high.byX[s.nx-k] {
			x := uint64(h)<<low.size | uint64(l)
			if a*sum(x) >= b*sum(all&^x) {
				n++
			}
		}
	}
	return n
}

func dropLowest(mask uint32, g int) uint32 {
	for range g {
		mask &= mask - 1
	}
	return mask
}

func dropHighest(mask uint32, g int) uint32 {
	for range g {
		mask &^= 1 << (bits.Len32(mask) - 1)
	}
	return mask
}

// sample counts the extreme ones among random splits.
func (s split) sample(c float64, draws int, seed uint64) uint64 {
	rng := rand.New(rand.NewPCG(seed, 0x64746265_6e636821)) // "dtbench!"
	n := len(s.pooled)
	order := make([]int, n)
	inX := make([]bool, n)
	for i := range order {
		order[i] = i
	}
	hx, hy := float64(s.nx-2*s.g), float64(s.ny()-2*s.g)
	var extreme uint64
	for range draws {
		for i := range s.nx { // the first nx places of a Fisher–Yates shuffle
			j := i + rng.IntN(n-i)
			order[i], order[j] = order[j], order[i]
			inX[order[i]] = true
		}
		a, b := s.trimmedSums(order, inX)
		if a*hy >= c*b*hx || b*hx >= c*a*hy {
			extreme++
		}
		for _, i := range order[:s.nx] {
			inX[i] = false
		}
	}
	return extreme
}

// trimmedSums returns the sums of both arms, the first nx of order (marked in
// inX) and the rest, without the g least and the g greatest values of each.
// Those are found from the ends, where only a few places need a look.
func (s split) trimmedSums(order []int, inX []bool) (a, b float64) {
	n := len(inX)
	var low, high [2]int // the kept places of arm y (0) and x (1): low ≤ i ≤ high
	high[0], high[1] = n-1, n-1
	arm := func(i int) int {
		if inX[i] {
			return 1
		}
		return 0
	}
	var below, above [2]int
	for i := 0; below[0] < s.g || below[1] < s.g; i++ {
		if k := arm(i); below[k] < s.g {
			below[k]++
			low[k] = i + 1
		}
	}
	for i := n - 1; above[0] < s.g || above[1] < s.g; i-- {
		if k := arm(i); above[k] < s.g {
			above[k]++
			high[k] = i - 1
		}
	}
	sum := func(places []int, low, high int) (total float64) {
		for _, i := range places {
			if i >= low && i <= high {
				total += s.pooled[i]
			}
		}
		return total
	}
	return sum(order[:s.nx], low[1], high[1]), sum(order[s.nx:], low[0], high[0])
}

// binomial is n over k, 0 when k is outside 0 … n. It is exact for n ≤ 60.
func binomial(n, k int) uint64 {
	if k < 0 || k > n {
		return 0
	}
	c := uint64(1)
	for i := 1; i <= min(k, n-k); i++ {
		c = c * uint64(n-i+1) / uint64(i)
	}
	return c
}
