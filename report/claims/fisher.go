package claims

import "math"

// fisher is the two-sided p-value of Fisher's exact test that a of n and b of m
// come from one proportion: the chance of all tables with these margins that are
// no likelier than the one at hand.
func fisher(a, n, b, m int) float64 {
	total := a + b
	weight := func(k int) float64 { return logChoose(n, k) + logChoose(m, total-k) }
	here := weight(a)
	extreme, all := 0.0, 0.0
	for k := max(0, total-m); k <= min(n, total); k++ {
		w := math.Exp(weight(k) - here)
		all += w
		if w <= 1+1e-9 {
			extreme += w
		}
	}
	return extreme / all
}

func logChoose(n, k int) float64 {
	f := func(x int) float64 { v, _ := math.Lgamma(float64(x) + 1); return v }
	return f(n) - f(k) - f(n-k)
}
