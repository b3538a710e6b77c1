package microcosts

import (
	"math"
	"slices"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/reproduction"
)

// summarise describes the values of the rounds.
func summarise(unit string, batch int, values []float64) results.Cost {
	sorted := slices.Sorted(slices.Values(values))
	low, high := medianInterval(len(sorted))
	for i, v := range sorted {
		sorted[i] = reproduction.Round(v)
	}
	return results.Cost{
		Unit: unit, Rounds: len(sorted), Batch: batch,
		Median: (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2,
		Low95:  sorted[low], High95: sorted[high],
		P95: percentile(sorted, 0.95), P99: percentile(sorted, 0.99),
	}
}

// percentile is the smallest value that at least a share p does not exceed.
func percentile(sorted []float64, p float64) float64 {
	return sorted[min(len(sorted)-1, max(0, int(math.Ceil(p*float64(len(sorted))))-1))]
}

// medianInterval gives the indices of the order statistics that cover the median
// of n independent values at 95 %, by the normal approximation of the binomial;
// the whole range for a few.
func medianInterval(n int) (low, high int) {
	half := 1.96 * math.Sqrt(float64(n)) / 2
	low = max(0, int(math.Floor(float64(n)/2-half)))
	return low, n - 1 - low
}

// each applies f to the values of two operations round by round.
func each(a, b []float64, f func(x, y float64) float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = f(a[i], b[i])
	}
	return out
}
