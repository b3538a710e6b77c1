package stats_test

import (
	"fmt"

	"github.com/dtbench/dtbench/report/stats"
)

// Hot starts of two builds in ms, rounded as a platform reports them: many ties.
var (
	before = []float64{12, 12, 13, 13, 13, 14, 12, 13, 15, 13}
	after  = []float64{13, 14, 14, 15, 14, 13, 14, 15, 16, 14}
)

func ExampleCompare() {
	c, err := stats.Compare(after, before, stats.Options{Trim: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%+.1f %%, 95 %% interval %+.1f to %+.1f %%\n", 100*(c.Ratio.Value-1), 100*(c.Low-1), 100*(c.High-1))
	fmt.Printf("p = %.4f over %d splits, %d runs to find 10 %%\n", c.Permutation.P, c.Permutation.Splits, c.RunsNeeded)
	// Output:
	// +9.7 %, 95 % interval +2.6 to +17.3 %
	// p = 0.0100 over 184756 splits, 10 runs to find 10 %
}

func ExampleMannWhitneyTest() {
	ranks, _ := stats.MannWhitneyTest(after, before)
	shift, _ := stats.HodgesLehmannShift(after, before, 0.95)
	fmt.Printf("U = %v, delta = %.2f, p = %.4f (exact: %v)\n", ranks.U, ranks.Delta, ranks.P, ranks.Exact)
	fmt.Printf("shift %+.1f ms, %.1f %% interval %+.1f to %+.1f ms\n", shift.Shift, 100*shift.Level, shift.Low, shift.High)
	// Output:
	// U = 82.5, delta = 0.65, p = 0.0086 (exact: true)
	// shift +1.0 ms, 95.7 % interval +0.0 to +2.0 ms
}
