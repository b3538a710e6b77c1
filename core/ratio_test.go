package core

import (
	"slices"
	"testing"
	"time"
)

// Benchmarks here hold a bound and fail when it is broken. What is compared is
// measured in turns, so that both see the same machine, and the figure is the
// median of the quotients. Other load can only spoil a figure, so that a bound
// counts as broken when it was missed three times in a row.

const (
	chunk    = 500 // accesses between two readings of the clock
	attempts = 3
	spell    = 700 * time.Millisecond // of one attempt
)

// sample runs a and b in turns for a spell and returns the medians of their
// times for one of n, in nanoseconds, and of the quotient.
func sample(a, b func(n int), n int) (first, second, quotient float64) {
	a(n)
	b(n)
	var as, bs, quotients []float64
	for end := time.Now().Add(spell); time.Now().Before(end) || len(as) < 5; {
		start := time.Now()
		a(n)
		middle := time.Now()
		b(n)
		x, y := float64(middle.Sub(start))/float64(n), float64(time.Since(middle))/float64(n)
		as, bs, quotients = append(as, x), append(bs, y), append(quotients, x/y)
	}
	return median(as), median(bs), median(quotients)
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// atMost reports a against b and fails if their quotient is over the bound.
func atMost(b *testing.B, bound float64, of, to func(n int), n int) {
	b.Helper()
	hold(b, "ratio", bound, func() (float64, map[string]float64) {
		x, y, q := sample(of, to, n)
		return q, map[string]float64{"ns": x, "ns-floor": y}
	})
}

// hold measures until a figure is within its bound, three times at most.
func hold(b *testing.B, unit string, bound float64, measure func() (figure float64, others map[string]float64)) {
	b.Helper()
	if b.N > 1 {
		return // measured already, in less time than the benchmark should take
	}
	b.ResetTimer()
	var figure float64
	var others map[string]float64
	for range attempts {
		if figure, others = measure(); figure <= bound {
			break
		}
	}
	b.ReportMetric(figure, unit)
	b.ReportMetric(bound, "at-most")
	for name, value := range others {
		b.ReportMetric(value, name)
	}
	b.ReportMetric(0, "ns/op")
	if figure > bound {
		b.Errorf("%s of %.3f is over %.3f", unit, figure, bound)
	}
	if rest := time.Second - b.Elapsed(); rest > 0 {
		time.Sleep(rest) // or the benchmark is called again for more
	}
}
