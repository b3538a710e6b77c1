package stats

import (
	"cmp"
	"slices"
)

// Holm returns the p-values of one family of tests adjusted by Holm's
// step-down method, in the order of ps: with p₍₁₎ ≤ … ≤ p₍ₘ₎,
//
//	adjusted₍ᵢ₎ = max over j ≤ i of min(1, (m − j + 1)·p₍ⱼ₎)
//
// Comparing them with α keeps the chance of any false alarm in the family
// at or below α. Each p must lie in [0, 1]. ps is left as it is.
func Holm(ps []float64) []float64 {
	order := make([]int, len(ps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(ps[a], ps[b]) })
	adjusted := make([]float64, len(ps))
	running := 0.0
	for rank, i := range order {
		running = max(running, min(1, float64(len(ps)-rank)*ps[i]))
		adjusted[i] = running
	}
	return adjusted
}
