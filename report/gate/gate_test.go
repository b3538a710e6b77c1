package gate

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/report/stats"
	"github.com/dtbench/dtbench/results"
)

func TestVerdicts(t *testing.T) {
	base := craft{seed: 1}.file()
	check := func(name string, head *results.File, want Verdict, summary ...string) *Comparison {
		t.Helper()
		c := compare(t, base, head, Options{})
		if c.Verdict != want {
			t.Errorf("%s: %s, want %s: %s", name, c.Verdict, want, c.Summary())
		}
		for _, s := range summary {
			if !strings.Contains(c.Summary(), s) {
				t.Errorf("%s: the summary %q lacks %q", name, c.Summary(), s)
			}
		}
		return c
	}
	check("no change", craft{seed: 2}.file(), OK, "all 24 cells are ok, shown to be less than 10 % worse.")
	check("+30 % at small spread", craft{seed: 3, times: only("storage", "optimized", results.Hot, 1.3)}.file(), Regression,
		"hot storage/optimized got ", " % slower (1.5", "p <0.001); 23 other cells are ok.")
	check("everything slower", craft{seed: 4, times: everywhere(1.5)}.file(), Regression, "9 further cells got worse too; 12 other cells are ok.")
	check("faster", craft{seed: 5, times: only("hello", "benchmark", results.Cold, 0.6)}.file(), OK, "less than 10 % worse (1 got better).")
	check("missing cell", drop(craft{seed: 6}.file(), "network", "optimized", results.Cold), NotComparable,
		"Not comparable: missing in HEAD: network optimized cold. Of the cells that both files hold: no regression: all 22 cells are ok")

	heavier := craft{seed: 7}.file()
	for i := range heavier.Cells[0].Samples {
		heavier.Cells[0].Samples[i].MemoryBytes += 2 << 20
	}
	check("more memory", heavier, Regression, "cold hello/benchmark takes ", " % more memory (6.", " MB")

	noisy := compare(t, craft{seed: 8, noise: lognormal(1.2)}.file(), craft{seed: 9, noise: lognormal(1.2), times: everywhere(1.3)}.file(), Options{})
	cell := find(t, noisy, "storage", "optimized", results.Cold, results.MetricTime)
	if noisy.Verdict != Inconclusive || cell.Figures.RunsNeeded <= 15 || !strings.Contains(noisy.Summary(), " runs a side to detect a change of 10 %") {
		t.Errorf("+30 %% at huge spread: %s, %+v: %s", noisy.Verdict, cell.Figures, noisy.Summary())
	}
}

func TestConfigurationDifferencesAreNamed(t *testing.T) {
	check := func(change func(*results.Experiment), want ...string) {
		t.Helper()
		head := craft{seed: 2}.file()
		change(&head.Experiment)
		c := compare(t, craft{seed: 1}.file(), head, Options{})
		if (c.Verdict == NotComparable) != (want != nil) || !slices.Equal(c.Obstacles, want) {
			t.Errorf("%s with obstacles %q, want %q", c.Verdict, c.Obstacles, want)
		}
		for _, cell := range c.Cells {
			if want != nil && (cell.Verdict != NotComparable || cell.Figures != nil) {
				t.Errorf("%s was compared: %s", cell.name(), cell.Verdict)
			}
		}
	}
	check(func(e *results.Experiment) { e.Seed = 99 })
	check(func(e *results.Experiment) { slices.Reverse(e.Scenarios) })
	check(func(e *results.Experiment) { e.Platform = "aliyun" }, `platform is "local" in BASE and "aliyun" in HEAD`)
	check(func(e *results.Experiment) { e.Provenance = results.Simulated }, `provenance is "measured" in BASE and "simulated" in HEAD`)
	check(func(e *results.Experiment) { e.VCPU, e.MemoryMB = 0, 256 }, `memory_mb is 512 in BASE and 256 in HEAD`, `vcpu is 0.5 in BASE and 0 in HEAD`)
	check(func(e *results.Experiment) { e.Region = "eu" }, `region is none in BASE and "eu" in HEAD`)
	check(func(e *results.Experiment) { e.Interleaved = false }, `interleaved is true in BASE and false in HEAD`)
	check(func(e *results.Experiment) { e.SecretAccesses["hello"] = 9 },
		`secret_accesses is {"hello":1,"network":3,"storage":2} in BASE and {"hello":9,"network":3,"storage":2} in HEAD`)
}

// Another list of scenarios or variants means missing cells and nothing else.
func TestMissingCellsAreNamed(t *testing.T) {
	full := craft{seed: 1}.file()
	check := func(base, head *results.File, compared int, want ...string) {
		t.Helper()
		c := compare(t, base, head, Options{})
		if c.Verdict != NotComparable || !slices.Equal(c.Obstacles, want) {
			t.Errorf("%s with obstacles %q, want %q", c.Verdict, c.Obstacles, want)
		}
		if n := c.count(OK); n != compared {
			t.Errorf("%d cells are ok, want %d", n, compared)
		}
	}
	check(full, craft{seed: 2, scenarios: []string{"hello", "storage"}}.file(), 16,
		"missing in HEAD: network benchmark cold, network benchmark hot, network optimized cold, network optimized hot")
	check(craft{seed: 2, variants: []string{"benchmark"}, scenarios: []string{"hello"}}.file(), craft{seed: 3, scenarios: []string{"hello"}}.file(), 4,
		"missing in BASE: hello optimized cold, hello optimized hot")
	check(drop(craft{seed: 4}.file(), "hello", "benchmark", results.Hot), drop(craft{seed: 5}.file(), "hello", "benchmark", results.Hot), 22,
		"missing in both files: hello benchmark hot")
	short := craft{seed: 6}.file()
	short.Status = results.Interrupted
	short.Cells[3].Samples = short.Cells[3].Samples[:9]
	check(full, short, 22, "HEAD is interrupted", "9 of 15 samples in HEAD: hello optimized hot")
	check(craft{seed: 7, runs: 4}.file(), craft{seed: 8, runs: 4}.file(), 0,
		"too few samples: 4 against 4 in 12 cells cannot bring p below 0.69: hello benchmark cold, hello benchmark hot, hello optimized cold, hello optimized hot, storage benchmark cold, storage benchmark hot and 6 more")
}

func TestForceComparesAnywayAndSaysSo(t *testing.T) {
	base := craft{seed: 1}.file()
	head := drop(craft{seed: 2, times: only("hello", "optimized", results.Cold, 1.4)}.file(), "storage", "optimized", results.Hot)
	head.Experiment.VCPU = 0
	c := compare(t, base, head, Options{Force: true})
	if c.Verdict != Regression || !c.Forced || !strings.HasPrefix(c.Summary(), "Compared by force although vcpu is 0.5 in BASE and 0 in HEAD; missing in HEAD: storage optimized hot. cold hello/optimized got ") {
		t.Errorf("%s: %s", c.Verdict, c.Summary())
	}
	if cell := find(t, c, "storage", "optimized", results.Hot, results.MetricTime); cell.Verdict != NotComparable || cell.Head.Mean != nil || cell.Base.Mean == nil {
		t.Errorf("%+v", cell)
	}
	if !slices.Contains(c.Notices, "storage optimized hot time was not compared: missing in HEAD.") {
		t.Errorf("notices %q", c.Notices)
	}
	few := compare(t, craft{seed: 3, runs: 4}.file(), craft{seed: 4, runs: 4}.file(), Options{Force: true})
	if few.Verdict == NotComparable || !few.Forced {
		t.Errorf("4 runs, forced: %s", few.Verdict)
	}
	if none := compare(t, craft{seed: 3, runs: 3}.file(), craft{seed: 4, runs: 3}.file(), Options{Force: true}); none.Verdict != NotComparable {
		t.Errorf("3 runs with 2 trimmed, forced: %s", none.Verdict)
	}
	if plain := compare(t, base, craft{seed: 5}.file(), Options{Force: true}); plain.Forced || strings.Contains(plain.Summary(), "force") {
		t.Errorf("nothing to force: %s", plain.Summary())
	}
}

func TestThresholdDecides(t *testing.T) {
	base, head := craft{seed: 1}.file(), craft{seed: 2, times: only("hello", "optimized", results.Hot, 1.18)}.file()
	check := func(o Options, want Verdict) {
		t.Helper()
		if c := compare(t, base, head, o); c.Verdict != want {
			t.Errorf("%+v: %s, want %s: %s", o, c.Verdict, want, c.Summary())
		}
	}
	check(Options{}, Regression)
	check(Options{Threshold: 0.25}, OK)
	check(Options{Threshold: 0.182}, Inconclusive)
	check(Options{Alpha: 1e-9}, NotComparable) // no 15 against 15 can reach it
	check(Options{Exceptions: []Exception{{Scenario: "hello", Variant: "optimized", Start: results.Hot, Metric: results.MetricTime, Threshold: 0.3, Reason: "known"}}}, OK)
	c := compare(t, base, head, Options{Exceptions: []Exception{
		{Scenario: "hello", Threshold: 0.3, Reason: "new store"},
		{Scenario: "hello", Start: results.Hot, Metric: results.MetricTime, Threshold: 0.05, Reason: "the hot path must stay."},
	}})
	hot, cold := find(t, c, "hello", "optimized", results.Hot, results.MetricTime), find(t, c, "hello", "optimized", results.Cold, results.MetricTime)
	if hot.Threshold != 0.05 || hot.Verdict != Regression || cold.Threshold != 0.3 || cold.Reason != "new store" {
		t.Errorf("hot %v %s, cold %v %q", hot.Threshold, hot.Verdict, cold.Threshold, cold.Reason)
	}
	if !slices.Contains(c.Notices, `Threshold 5 % because "the hot path must stay": hot hello/benchmark, hot hello/optimized.`) {
		t.Errorf("notices %q", c.Notices)
	}
	for _, o := range []Options{{Threshold: -1}, {Threshold: math.NaN()}, {Alpha: 1}, {Alpha: math.NaN()}} {
		if _, err := Compare(Side{"b", base}, Side{"h", head}, o); !errors.Is(err, ErrOption) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// Beyond the exact test p cannot fall below one over the random splits: they
// follow alpha, and an alpha out of their reach is an obstacle.
func TestSmallAlphaOfManyRuns(t *testing.T) {
	small := craft{seed: 1, runs: 60, steady: true}
	base := small.file()
	small.seed, small.times = 2, only("storage", "optimized", results.Hot, 1.5)
	head := small.file()
	c := compare(t, base, head, Options{Alpha: 1e-4})
	cell := find(t, c, "storage", "optimized", results.Hot, results.MetricTime)
	if c.Verdict != Regression || cell.Figures.PHolm >= 1e-5 {
		t.Errorf("alpha 1e-4: %s with p %v", c.Verdict, cell.Figures.PHolm)
	}
	c = compare(t, base, head, Options{Alpha: 1e-6})
	want := "alpha 1e-06 is out of reach: 2000000 random splits in 12 cells cannot bring p below 6e-06: hello benchmark cold"
	if c.Verdict != NotComparable || !strings.HasPrefix(strings.Join(c.Obstacles, ""), want) {
		t.Errorf("alpha 1e-6: %s with %q", c.Verdict, c.Obstacles)
	}
}

// What the summary says of open cells holds: no more is promised than the
// figures do, and nearness is claimed only where it is.
func TestSummaryOfOpenCells(t *testing.T) {
	mean := 5.0
	comparison := func(cells ...Cell) *Comparison {
		c := &Comparison{Verdict: Inconclusive, Threshold: 0.1, Alpha: 0.05}
		for i, cell := range cells {
			cell.Scenario, cell.Variant, cell.Start, cell.Metric = string(rune('a'+i)), "v", results.Hot, results.MetricTime
			cell.Base, cell.Head = Arm{N: 15, Mean: &mean}, Arm{N: 15, Mean: &mean}
			if cell.Threshold == 0 {
				cell.Threshold = 0.1
			}
			c.Cells = append(c.Cells, cell)
		}
		return c
	}
	open := func(ratio float64, runs int) Cell {
		return Cell{Verdict: Inconclusive, Figures: &Figures{Ratio: ratio, CI95: [2]float64{ratio / 1.2, ratio * 1.2}, PHolm: 1, RunsNeeded: runs}}
	}
	strict := open(1, 400)
	strict.Threshold = 0.05
	check := func(c *Comparison, want string) {
		t.Helper()
		if got := strings.TrimPrefix(c.Summary(), "No regression is shown; "); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	check(comparison(open(1, 40), open(1.1, 28)), "2 cells are inconclusive (hot a/v, hot b/v): about 40 runs a side to detect a change of 10 %.")
	check(comparison(strict), "1 cell is inconclusive (hot a/v): about 400 runs a side to detect a change of 5 %.")
	check(comparison(open(1, 40), strict), "2 cells are inconclusive (hot a/v, hot b/v): about 400 runs a side to detect a change of the size of the threshold.")
	check(comparison(open(1.09, 12), open(1, 40)),
		"2 cells are inconclusive (hot a/v, hot b/v): about 40 runs a side to detect a change of 10 %, hot a/v too close to the threshold for more runs to help much.")
	check(comparison(open(1.05, 15), open(1.4, 15)), "2 cells are inconclusive (hot a/v, hot b/v): more runs may decide hot a/v, hot b/v.")
	beyond := comparison(open(1, 40), open(1, stats.MostRuns))
	check(beyond, "2 cells are inconclusive (hot a/v, hot b/v): more than a billion runs a side to detect a change of 10 %.")
	if row := beyond.Cells[1].fields(); row[8] != ">1e9" {
		t.Errorf("the table says %s runs", row[8])
	}
	if doc := render(t, beyond, "json", 0); strings.Contains(doc, "1073741824") || !strings.Contains(doc, `"runs_needed": null`) {
		t.Errorf("the bound of the search is printed as a figure:\n%s", doc)
	}
}

// Only what exceeds the threshold, the other way, is better: the memory of
// identical programs differs from run to run, and significantly.
func TestBetterExceedsTheThreshold(t *testing.T) {
	base := craft{seed: 1}.file()
	check := func(times, memory float64, want int) {
		t.Helper()
		head := craft{seed: 2, times: everywhere(times)}.file()
		for i := range head.Cells {
			for j := range head.Cells[i].Samples {
				s := &head.Cells[i].Samples[j]
				s.MemoryBytes = int64(memory * float64(s.MemoryBytes))
			}
		}
		c := compare(t, base, head, Options{})
		if got := len(c.better()); got != want || strings.Contains(c.Summary(), "got better") != (want > 0) {
			t.Errorf("times %v, memory %v: %d cells got better, want %d: %s", times, memory, got, want, c.Summary())
		}
	}
	check(1, 0.985, 0)
	check(0.95, 1, 0)
	check(0.8, 1, 12)
	check(1, 0.85, 12)
}

// Alpha is the price of an alarm. The interval that a reader sees and the bound
// that an ok rests on stay what their names say.
func TestLevelsStayWhenAlphaChanges(t *testing.T) {
	noise := craft{seed: 1, scenarios: []string{"hello"}, noise: lognormal(0.2)}
	base := noise.file()
	noise.seed = 2
	head := noise.file()
	usual := compare(t, base, head, Options{})
	for _, alpha := range []float64{0.2, 0.01, 0.001} {
		other := compare(t, base, head, Options{Alpha: alpha})
		for i := range usual.Cells {
			a, b := usual.Cells[i].Figures, other.Cells[i].Figures
			r, err := ratioOf(usual.Cells[i])
			if err != nil {
				t.Fatal(err)
			}
			low, high := r.Interval(0.95)
			if b.CI95 != a.CI95 || b.CI95 != [2]float64{low, high} {
				t.Errorf("alpha %v: ci95 %v, want %v", alpha, b.CI95, [2]float64{low, high})
			}
			if b.Upper != a.Upper || b.Upper != r.UpperBound(0.95) {
				t.Errorf("alpha %v: upper bound %v, want %v", alpha, b.Upper, r.UpperBound(0.95))
			}
		}
	}
}

func ratioOf(c Cell) (stats.Ratio, error) {
	head, err := stats.Trim(c.Head.values, 1)
	if err != nil {
		return stats.Ratio{}, err
	}
	base, err := stats.Trim(c.Base.values, 1)
	if err != nil {
		return stats.Ratio{}, err
	}
	return stats.NewRatio(head, base)
}

// A file says nothing against itself, nor against a copy in another order.
func TestSameSamplesAreAnObstacle(t *testing.T) {
	base, copied := craft{seed: 1}.file(), craft{seed: 1}.file()
	copied.Experiment.Seed = 9
	slices.Reverse(copied.Cells)
	slices.Reverse(copied.Cells[0].Samples)
	const obstacle = "BASE and HEAD hold the same samples, and a measurement says nothing about itself"
	for _, head := range []*results.File{base, copied} {
		c := compare(t, base, head, Options{})
		if c.Verdict != NotComparable || !slices.Equal(c.Obstacles, []string{obstacle}) || c.Summary() != "Not comparable: "+obstacle+"." {
			t.Errorf("%s: %s", c.Verdict, c.Summary())
		}
		if c := compare(t, base, head, Options{Force: true}); c.Verdict != OK || !strings.HasPrefix(c.Summary(), "Compared by force although "+obstacle) {
			t.Errorf("by force %s: %s", c.Verdict, c.Summary())
		}
	}
	copied.Cells[0].Samples[0].TotalMS *= 1.001
	if c := compare(t, base, copied, Options{}); c.Verdict != OK {
		t.Errorf("one sample differs: %s: %s", c.Verdict, c.Summary())
	}
}

// Whatever samples a valid file holds, there is a verdict or a refusal, and no
// NaN or infinity.
func TestExtremeSamples(t *testing.T) {
	extremes := []func(k int) float64{
		func(int) float64 { return 5 },
		func(k int) float64 { return float64(k % 2) },
		func(k int) float64 { return math.Pow(10, float64(12*k-90)) },
		func(k int) float64 { return 1e-90 * float64(k+1) },
		func(k int) float64 { return max(1e-300, float64(k-10)) },
	}
	seed := uint64(0)
	file := func(f func(int) float64) *results.File {
		seed++ // of the same samples there is nothing to say
		r := craft{seed: seed, scenarios: []string{"hello"}, variants: []string{"benchmark"}}.file()
		r.Experiment.Provenance = results.Simulated // its metric may be zero
		for i := range r.Cells {
			for j := range r.Cells[i].Samples {
				v := f(j)
				r.Cells[i].Samples[j].ReportedMS = &v
			}
		}
		return r
	}
	for i, x := range extremes {
		for j, y := range extremes {
			c := compare(t, file(x), file(y), Options{})
			for _, format := range Formats() {
				render(t, c, format, 80)
			}
			if i == j && i == 0 && c.Verdict != OK {
				t.Errorf("constant times: %s", c.Verdict)
			}
		}
	}
	zero := compare(t, file(extremes[0]), file(func(int) float64 { return 0 }), Options{})
	if zero.Verdict != NotComparable || zero.Obstacles[0] != "HEAD averages zero: hello benchmark cold, hello benchmark hot" {
		t.Errorf("%s: %q", zero.Verdict, zero.Obstacles)
	}
	if _, err := Compare(Side{"b", file(extremes[0])}, Side{"h", file(func(int) float64 { return 1e300 })}, Options{}); err == nil {
		t.Error("times beyond the range of the statistics are accepted")
	}
}

// Neither the files nor their samples change, and the same files give the same
// comparison.
func TestCompareIsPure(t *testing.T) {
	small := craft{seed: 1, runs: 18, scenarios: []string{"hello"}} // sampled p-values
	base := small.file()
	small.seed = 2
	head := small.file()
	var before, once, twice strings.Builder
	if err := results.Write(&before, base); err != nil {
		t.Fatal(err)
	}
	for _, b := range []*strings.Builder{&once, &twice} {
		if err := compare(t, base, head, Options{}).Write(b, "json", 0); err != nil {
			t.Fatal(err)
		}
	}
	var after strings.Builder
	if err := results.Write(&after, base); err != nil {
		t.Fatal(err)
	}
	if before.String() != after.String() || once.String() != twice.String() {
		t.Error("a file changed, or two comparisons differ")
	}
}

func TestSwappingTheFilesInvertsTheRatios(t *testing.T) {
	base, head := craft{seed: 1, noise: lognormal(0.2)}.file(), craft{seed: 2, noise: lognormal(0.2)}.file()
	there, back := compare(t, base, head, Options{}), compare(t, head, base, Options{})
	near := func(what string, a, b float64) {
		t.Helper()
		if math.Abs(a-b) > 1e-9*math.Abs(b) {
			t.Errorf("%s: %v and %v", what, a, b)
		}
	}
	for i := range there.Cells {
		a, b := there.Cells[i].Figures, back.Cells[i].Figures
		near("ratio", a.Ratio, 1/b.Ratio)
		near("interval", a.CI95[0], 1/b.CI95[1])
		near("p", a.PHolm, b.PHolm)
		near("ranks", a.MannWhitneyP, b.MannWhitneyP)
		near("shift", a.HodgesLehmann, -b.HodgesLehmann)
		near("delta", a.CliffsDelta, -b.CliffsDelta)
		near("logs", *a.YuenLogP, *b.YuenLogP)
		near("equivalence", a.TOSTP, b.TOSTP)
	}
}
