package gate

import (
	"fmt"
	"testing"

	"github.com/dtbench/dtbench/results"
)

// rates counts the verdicts of n simulated comparisons of files with 15 runs.
func rates(t *testing.T, n int, noise craft, change func(results.CellKey) float64) map[Verdict]int {
	t.Helper()
	got := map[Verdict]int{}
	for i := range uint64(n) {
		noise.times, noise.seed = nil, 1000+2*i
		base := noise.file()
		noise.times, noise.seed = change, 1001+2*i
		got[compare(t, base, noise.file(), Options{}).Verdict]++
	}
	t.Logf("%d comparisons: %v", n, got)
	return got
}

func comparisons() int {
	if testing.Short() {
		return 12
	}
	return 200
}

// Unchanged functions on a noisy machine, all 24 cells of a full file: the gate
// must not cry wolf.
func TestAlarmsOfUnchangedRuns(t *testing.T) {
	n := comparisons()
	got := rates(t, n, craft{noise: heavyTailed(0.25)}, nil)
	if got[Regression] > max(1, n*5/100) || got[NotComparable] > 0 {
		t.Errorf("%d of %d unchanged runs alarm", got[Regression], n)
	}
}

// A change that matters on a quiet machine: in one cell, the hardest case.
func TestAlarmsOfRealChanges(t *testing.T) {
	n := comparisons()
	got := rates(t, n, craft{scenarios: []string{"storage"}, noise: lognormal(0.05)}, only("storage", "optimized", results.Hot, 1.2))
	if got[Regression] < n*95/100 {
		t.Errorf("%d of %d real changes alarm", got[Regression], n)
	}
}

// No change on a quiet machine: the gate says so, and does not hedge.
func TestAllClearOfQuietRuns(t *testing.T) {
	n := comparisons()
	got := rates(t, n, craft{scenarios: []string{"hello"}, noise: lognormal(0.03)}, nil)
	if got[OK] < n*95/100 {
		t.Errorf("%d of %d unchanged runs are ok", got[OK], n)
	}
}

func BenchmarkCompareFullFiles(b *testing.B) {
	for _, runs := range []int{15, 17, 60} {
		base, head := craft{seed: 1, runs: runs, noise: lognormal(0.25)}.file(), craft{seed: 2, runs: runs, noise: lognormal(0.25)}.file()
		b.Run(fmt.Sprintf("%d_runs", runs), func(b *testing.B) {
			for b.Loop() {
				if c := compare(b, base, head, Options{}); len(c.Cells) != 24 {
					b.Fatal(len(c.Cells))
				}
			}
		})
	}
}
