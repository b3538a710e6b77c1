package report

import (
	"testing"

	"github.com/dtbench/dtbench/results"
)

func TestNumbers(t *testing.T) {
	check := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	check(quantity(69.674), "69.67")
	check(quantity(1), "1.00")
	check(quantity(1234.5), "1234.50")
	check(quantity(0.182), "0.182")
	check(quantity(0.9994), "0.999")
	check(quantity(0.9996), "1.00")
	check(quantity(0.00123456), "0.00123")
	check(quantity(1e-12), "0.000000000")
	check(quantity(0), "0.00")
	check(signed(0.25), "+0.250")
	check(signed(-12.567), "-12.57")
	check(signed(0), "0.00")
	check(percentage(3366.17), "+3366")
	check(percentage(33.87), "+33.9")
	check(percentage(99.96), "+100")
	check(percentage(4.68), "+4.68")
	check(percentage(9.996), "+10.0")
	check(percentage(-1.529), "-1.53")
	check(percentage(-0.001), "0.00")
	check(percentage(0.004), "0.00")
	check(percentage(0), "0.00")
	check(percentage(123456789), "+1.2e+08")
	check(magnitude(12.34), "12.3")
	check(interval([2]float64{-1.2, 9.55}), "-1.20 to +9.55")
	check(probability(0.0009), "<0.001")
	check(probability(0.001), "0.001")
	check(probability(0.0496), "0.050")
	check(probability(1), "1.000")
	check(label("optimized"), "Optimized")
	check(label("ärm"), "Ärm")
	check(label(""), "")
	check(clean("a\x1b[31mb\r\nc\u202e"), "a [31mb  c ")
	check(span(13, 13), "13")
	check(span(9, 15), "9 to 15")
	check(count(1, "sample"), "1 sample")
	check(count(0, "sample"), "0 samples")
}

func TestVerdictWords(t *testing.T) {
	check := func(metric string, v results.Verdict, want string) {
		t.Helper()
		if got := verdict(results.Overhead{Metric: metric, Verdict: v}); got != want {
			t.Errorf("%s of %s is %q, want %q", v, metric, got, want)
		}
	}
	check(results.MetricTime, results.Slower, "slower")
	check(results.MetricTime, results.Faster, "faster")
	check(results.MetricMemory, results.Slower, "more")
	check(results.MetricMemory, results.Faster, "less")
	check(results.MetricMemory, results.Equivalent, "equivalent")
	check(results.MetricMemory, results.Inconclusive, "inconclusive")
}
