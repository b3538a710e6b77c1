// Package stats holds the statistics behind dtbench's tables: trimmed means
// with Yuen's standard error, the ratio of two trimmed means with its interval,
// an exact permutation test of that ratio, equivalence, Holm's correction, the
// verdict, and how small an overhead the data could have shown. Beside this
// primary comparison stand views that must not contradict it unnoticed: Yuen's
// test, plain and on logarithms, and by ranks the Mann–Whitney test, Cliff's δ
// and the Hodges–Lehmann shift. Outliers are noted and never dropped, and the
// bootstrap serves plots alone.
//
// The headline of the reproduced paper (Liu et al., PeerJ Computer Science
// 11:e3029, 2025) is the mean of the 13 values that remain of 15 when the
// smallest and the largest are dropped. A plain t-test on such data is wrong:
// dropping the tails shrinks the sample variance, so 8 to 10 % of tests between
// equal arms come out "significant" at a nominal 5 %. Everything here therefore
// sees the untrimmed samples and accounts for the trimming itself.
//
// Notation, used in every comment: a sample x of n values, sorted
// x₍₁₎ ≤ … ≤ x₍ₙ₎; g values trimmed at each end; h = n − 2g values left;
// TM the trimmed mean; s²_w the winsorized variance.
//
// The package prints nothing, reads no clock and no global random source, and
// never reorders or changes a caller's slice. Its numbers are finite: input
// that would lead to NaN or an infinity is refused with an error. All functions
// may be called concurrently.
//
// Sources: K. K. Yuen, "The two-sample trimmed t for unequal population
// variances", Biometrika 61 (1974), 165–170. R. R. Wilcox, Introduction to
// Robust Estimation and Hypothesis Testing, 4th ed., 2017, chapters 3 and 5.
// B. L. Welch, Biometrika 34 (1947), 28–35 (degrees of freedom).
// E. J. G. Pitman, Supplement to the JRSS 4 (1937), 119–130 (permutation
// tests). E. Horowitz and S. Sahni, JACM 21 (1974), 277–292 (meet in the
// middle). B. Phipson and G. K. Smyth, SAGMB 9 (2010), art. 39 (p of a Monte
// Carlo test). D. J. Schuirmann, J. Pharmacokinet. Biopharm. 15 (1987),
// 657–680 (two one-sided tests). S. Holm, Scand. J. Statist. 6 (1979), 65–70.
// H. B. Mann and D. R. Whitney, Ann. Math. Statist. 18 (1947), 50–60. E. L.
// Lehmann, Nonparametrics: Statistical Methods Based on Ranks, 1975, chapters 1
// and 2 (midranks, ties, the interval of the shift). J. L. Hodges and E. L.
// Lehmann, Ann. Math. Statist. 34 (1963), 598–611. N. Cliff, Psychol. Bull. 114
// (1993), 494–509. B. Iglewicz and D. C. Hoaglin, How to Detect and Handle
// Outliers, 1993 (modified z-score). B. Efron and R. J. Tibshirani, An
// Introduction to the Bootstrap, 1993, chapter 13 (percentiles).
package stats

import "errors"

// Reasons why a computation is refused; test with errors.Is.
var (
	// ErrTooFew: too few values for the trim. An interval needs h ≥ 2, so a
	// sample needs n ≥ 2g + 2.
	ErrTooFew = errors.New("too few values for the trim")
	// ErrNotFinite: a value is NaN or infinite.
	ErrNotFinite = errors.New("value is not finite")
	// ErrNotPositive: a ratio is asked of values that are negative, or of a
	// trimmed mean that is zero.
	ErrNotPositive = errors.New("value is not positive")
	// ErrOption: an option is out of its range.
	ErrOption = errors.New("option out of range")
)

// epsilon is the relative slack of every comparison between statistics that
// are equal in exact arithmetic but summed in another order.
const epsilon = 1e-12
