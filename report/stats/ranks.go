package stats

import (
	"fmt"
	"math"
	"slices"
)

// MannWhitney is the outcome of the rank test, with its effect size.
type MannWhitney struct {
	// U is the number of pairs (one value of each arm) in which the variant's
	// value is the larger, tied pairs counting one half.
	U float64
	// Delta is Cliff's δ = 2U/(n_x·n_y) − 1, from −1 (every value of the variant
	// lies below every one of the baseline) to 1.
	Delta float64
	// P is the two-sided p-value: the share of all ways to deal the pooled
	// midranks to the arms for which |U − n_x·n_y/2| is at least as large as
	// observed.
	P float64
	// Exact is false where P comes from the normal approximation, with
	// correction for ties and for continuity.
	Exact    bool
	Warnings []string // nil when there is nothing to say
}

// maxRankWork bounds the exact rank test to about 0.1 s: 75 + 75 values.
const maxRankWork = 1 << 27

// MannWhitneyTest tests that variant and baseline come from one distribution,
// by ranks. The exact p-value is conditional on the ties: tied values share
// their mean rank (midrank), and the null distribution is that of the midranks
// of these very data, so that data rounded to few distinct values are treated
// right. (SciPy's mannwhitneyu(method="exact") uses the distribution without
// ties and is wrong there.)
//
// With both samples of one size the null distribution is symmetric and this
// p-value is also twice the smaller tail. ErrTooFew when a sample is empty,
// ErrNotFinite for NaN and infinities.
func MannWhitneyTest(variant, baseline []float64) (MannWhitney, error) {
	nx, ny := len(variant), len(baseline)
	if nx == 0 || ny == 0 {
		return MannWhitney{}, fmt.Errorf("rank test: %w: %d and %d values", ErrTooFew, nx, ny)
	}
	pooled := slices.Concat(variant, baseline)
	if err := finite(pooled); err != nil {
		return MannWhitney{}, fmt.Errorf("rank test: %w", err)
	}
	slices.Sort(pooled)
	ranks, ties := doubledMidranks(pooled)
	sum := 0 // of the variant's doubled midranks
	for _, x := range variant {
		i, _ := slices.BinarySearch(pooled, x)
		sum += ranks[i]
	}
	pairs := float64(nx) * float64(ny)
	// Doubled throughout: U₂ = 2U = sum − n_x(n_x + 1), with mean n_x·n_y.
	u2 := sum - nx*(nx+1)
	t := MannWhitney{U: float64(u2) / 2, Delta: float64(u2)/pairs - 1, Exact: true}
	away := math.Abs(float64(u2) - pairs)
	if 2*pairs*float64(min(nx, ny))*float64(nx+ny) > maxRankWork {
		t.Exact = false
		t.P = normalRankP(away/2, float64(nx), float64(ny), ties)
		t.Warnings = []string{"the rank test uses the normal approximation"}
		return t, nil
	}
	counts := rankSums(ranks, nx)
	least := 0 // U₂ of counts[0]
	for i := range nx {
		least += ranks[i] - 2*(i+1)
	}
	var extreme, all float64
	for e, n := range counts {
		all += n
		if math.Abs(float64(least+e)-pairs) >= away {
			extreme += n
		}
	}
	t.P = extreme / all
	return t, nil
}

// doubledMidranks returns twice the midrank of each of the sorted values, an
// integer, and Σ(t³ − t) over the groups of t tied values.
func doubledMidranks(sorted []float64) (ranks []int, ties float64) {
	ranks = make([]int, len(sorted))
	for first := 0; first < len(sorted); {
		last := first
		for last+1 < len(sorted) && sorted[last+1] == sorted[first] {
			last++
		}
		for i := first; i <= last; i++ {
			ranks[i] = first + last + 2
		}
		t := float64(last - first + 1)
		ties += t*t*t - t
		first = last + 1
	}
	return ranks, ties
}

// rankSums counts the k-element subsets of the ascending ranks by the sum of
// their ranks: element e of the result counts those whose sum exceeds the least
// one by e. Counts are exact up to 2⁵³ and good to a relative 1e-14 beyond.
//
// It adds the ranks one by one. A rank that becomes the j-th smallest of its
// subset (from 0) exceeds the j-th smallest of all by ranks[i] − ranks[j].
func rankSums(ranks []int, k int) []float64 {
	most := 0
	for j := range k {
		most += ranks[len(ranks)-1-j] - ranks[j]
	}
	// counts[j][e]: subsets of j elements so far, whose sum is e in excess.
	counts := make([][]float64, k+1)
	for j := range counts {
		counts[j] = make([]float64, most+1)
	}
	counts[0][0] = 1
	reach := make([]int, k+1) // greatest excess so far, by j
	for i, r := range ranks {
		for j := min(i, k-1); j >= max(0, k-len(ranks)+i); j-- {
			step := r - ranks[j]
			to := counts[j+1][step:]
			for e, n := range counts[j][:reach[j]+1] {
				to[e] += n
			}
			reach[j+1] = max(reach[j+1], reach[j]+step)
		}
	}
	return counts[k]
}

// normalRankP is the two-sided p-value of |U − n_x·n_y/2| = away:
//
//	z = (away − 1/2) / √( n_x·n_y/12 · [N + 1 − Σ(t³ − t)/(N(N−1))] )
func normalRankP(away, nx, ny, ties float64) float64 {
	n := nx + ny
	variance := nx * ny / 12 * (n + 1 - ties/(n*(n-1)))
	if variance <= 0 { // all values are tied
		return 1
	}
	return math.Erfc(max(0, away-0.5) / math.Sqrt(2*variance))
}
