package gate

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/dtbench/dtbench/report/stats"
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
		return 4
	}
	return 200
}

// Unchanged functions on a noisy machine, all 24 cells of a full file: the gate
// must not cry wolf.
func TestAlarmsOfUnchangedRuns(t *testing.T) {
	n := comparisons()
	got := rates(t, n, craft{steady: true, noise: heavyTailed(0.25)}, nil)
	if got[Regression] > max(1, n*5/100) || got[NotComparable] > 0 {
		t.Errorf("%d of %d unchanged runs alarm", got[Regression], n)
	}
}

// A change that matters on a quiet machine: in one of 12 time cells, the
// hardest case.
func TestAlarmsOfRealChanges(t *testing.T) {
	n := comparisons()
	got := rates(t, n, craft{steady: true, noise: lognormal(0.05)}, only("storage", "optimized", results.Hot, 1.2))
	if got[Regression] < n*95/100 {
		t.Errorf("%d of %d real changes alarm", got[Regression], n)
	}
}

// What RunsNeeded promises in the legend: with that many runs an unchanged cell
// is ok about nine times in ten, at any spread.
func TestRunsNeededDecide(t *testing.T) {
	noise := lognormal(0.2)
	rng := rand.New(rand.NewPCG(3, 4))
	arm := func(n int) stats.Trimmed {
		xs := make([]float64, n)
		for i := range xs {
			xs[i] = noise(rng)
		}
		trimmed, err := stats.Trim(xs, 1)
		if err != nil {
			t.Fatal(err)
		}
		return trimmed
	}
	runs, err := stats.RunsNeeded(arm(5000), arm(5000), DefaultThreshold, DefaultAlpha, 0.80)
	if err != nil {
		t.Fatal(err)
	}
	clear := 0
	for range 1000 {
		r, err := stats.NewRatio(arm(runs), arm(runs))
		if err != nil {
			t.Fatal(err)
		}
		if r.UpperBound(boundLevel) < 1+DefaultThreshold {
			clear++
		}
	}
	t.Logf("with %d runs %d of 1000 unchanged cells are ok", runs, clear)
	if clear < 840 || clear > 960 {
		t.Errorf("with %d runs %d of 1000 unchanged cells are ok", runs, clear)
	}
}

// No change on a quiet machine: the gate says so, and does not hedge.
func TestAllClearOfQuietRuns(t *testing.T) {
	n := comparisons()
	got := rates(t, n, craft{steady: true, noise: lognormal(0.03)}, nil)
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
			if each := b.Elapsed() / time.Duration(b.N); each > 5*time.Second {
				b.Errorf("%v each, more than 5 s", each)
			}
		})
	}
}
