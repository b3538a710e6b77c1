package report

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/report/stats"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
)

func summarised(t *testing.T, f *results.File) *results.File {
	t.Helper()
	if err := Summarise(f, Options{}); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSummariseIsWhatStatsSay(t *testing.T) {
	f := summarised(t, normal(t))
	if len(f.Overheads) != 12 {
		t.Fatalf("%d overheads, want 3 scenarios × 2 starts × 2 metrics", len(f.Overheads))
	}
	values := func(variant string, start results.Start) (times, memory []float64) {
		for _, c := range f.Cells {
			if c.Scenario == "storage" && c.Variant == variant && c.Start == start {
				for _, s := range c.Samples {
					times, memory = append(times, s.TotalMS), append(memory, float64(s.MemoryBytes)/1e6)
				}
			}
		}
		return times, memory
	}
	for _, o := range f.Overheads {
		if o.Scenario != "storage" {
			continue
		}
		x, xm := values("optimized", o.Start)
		y, ym := values("benchmark", o.Start)
		if o.Metric == results.MetricMemory {
			x, y = xm, ym
		}
		c, err := stats.Compare(x, y, stats.Options{Trim: 1})
		if err != nil {
			t.Fatal(err)
		}
		if o.Difference != c.Difference || o.Percent != 100*(c.Ratio.Value-1) || o.CI95 != [2]float64{100 * (c.Low - 1), 100 * (c.High - 1)} ||
			o.P != c.Permutation.P || o.MinimumDetectablePercent != 100*c.MinimumDetectable || o.RunsNeeded != c.RunsNeeded {
			t.Errorf("%+v\nwant %+v", o, c)
		}
		if o.Variant != "optimized" || o.Baseline != "benchmark" || o.PHolm < o.P {
			t.Errorf("%+v", o)
		}
	}
	c := f.Cells[0]
	times := make([]float64, len(c.Samples))
	for i, s := range c.Samples {
		times[i] = s.TotalMS
	}
	tr, _ := stats.Trim(times, 1)
	d, _ := stats.Describe(times)
	low, high := tr.Interval(0.95)
	want := results.Summary{Metric: "total", TrimmedMean: tr.Mean, CI95: [2]float64{low, high}, Mean: d.Mean, Median: d.Median, SD: d.SD, Min: d.Min, Max: d.Max}
	if *c.TimeMS != want {
		t.Errorf("%+v\nwant %+v", *c.TimeMS, want)
	}
	if c.MemoryMB.Metric != "vm_hwm" || math.Abs(c.MemoryMB.TrimmedMean-7.74) > 0.05 {
		t.Errorf("memory %+v: want about 7.74 MB of 10^6 bytes", *c.MemoryMB)
	}
}

func TestHolmRunsOverTimeAndOverMemoryApart(t *testing.T) {
	f := summarised(t, several(t))
	for _, metric := range []string{results.MetricTime, results.MetricMemory} {
		var ps, got []float64
		for _, o := range f.Overheads {
			if o.Metric == metric {
				ps, got = append(ps, o.P), append(got, o.PHolm)
			}
		}
		if len(ps) != 24 || !slices.Equal(got, stats.Holm(ps)) {
			t.Errorf("%s: %d overheads, adjusted %v, want %v", metric, len(ps), got, stats.Holm(ps))
		}
	}
}

func TestSummariseIgnoresAndReplacesWhatIsStored(t *testing.T) {
	f := interrupted(t)
	for i := range f.Cells {
		f.Cells[i].TimeMS = &results.Summary{Metric: "total", TrimmedMean: 12345}
	}
	f.Overheads = []results.Overhead{{Scenario: "forged", Verdict: results.Faster}}
	summarised(t, f)
	for _, o := range f.Overheads {
		if o.Scenario == "forged" {
			t.Error("a stored overhead survived")
		}
	}
	if f.Cells[9].TimeMS != nil || f.Cells[9].MemoryMB != nil {
		t.Error("a cell of 3 samples has a summary with 1 dropped at each end")
	}
	if f.Cells[8].TimeMS == nil || f.Cells[8].TimeMS.TrimmedMean > 100 {
		t.Errorf("a cell of 14 samples: %+v", f.Cells[8].TimeMS)
	}
	first, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := json.Marshal(summarised(t, f)); err != nil || string(second) != string(first) {
		t.Error("summarising twice changes the file")
	}
}

func TestSummariseKeepsTheOrderOfSamples(t *testing.T) {
	f := summarised(t, normal(t))
	last := 0
	for _, c := range f.Cells {
		for _, s := range c.Samples {
			if s.Order != last+1 {
				t.Fatalf("sample %d follows %d", s.Order, last)
			}
			last = s.Order
		}
	}
}

func TestCellsThatCannotBeCompared(t *testing.T) {
	f := single(t)
	for i := range f.Cells[2].Samples { // hello optimized cold
		f.Cells[2].Samples[i].HandlerMS = 0
		zero := 0.0
		f.Cells[2].Samples[i].InitMS = &zero
	}
	if err := Summarise(f, Options{Time: InitHandler}); err != nil {
		t.Fatal(err)
	}
	for _, o := range f.Overheads {
		if o.Start == results.Cold && o.Metric == results.MetricTime {
			t.Errorf("an overhead of zero: %+v", o)
		}
	}
	if text := string(render(t, Text, f, Options{Time: InitHandler})); !strings.Contains(text, "no overhead, as an arm averages zero") {
		t.Error("the text does not say why an overhead is missing")
	}

	f = single(t)
	f.Cells[0].Samples[0].TotalMS = math.Inf(1)
	if err := Summarise(f, Options{}); err == nil || !strings.Contains(err.Error(), "hello benchmark cold: total") {
		t.Errorf("an infinite sample: %v", err)
	}

	empty := &results.File{Status: results.Partial}
	summarised(t, empty)
	if text := string(render(t, Text, empty, Options{Width: 80})); !strings.Contains(text, "partial") {
		t.Errorf("%s", text)
	}
}

// Beyond 17 against 17 samples p comes from random splits, which the seed of
// the run draws, and the report says so.
func TestManySamples(t *testing.T) {
	t.Parallel()
	many := func(seed uint64) *results.File {
		f := build(t, plan{
			platform: "local", provenance: results.Measured, runs: 30, spread: 0.2,
			scenarios: []string{"hello"}, variants: []string{"benchmark", "optimized"},
			cold: map[string]level{"hello/benchmark": {4, 8}, "hello/optimized": {4.2, 8}},
			hot:  map[string]level{"hello/benchmark": {0.2, 8}, "hello/optimized": {0.2, 8}},
		})
		f.Experiment.Seed = seed
		return summarised(t, f)
	}
	one, again, two := many(1), many(1), many(2)
	if !slices.Equal(one.Overheads, again.Overheads) {
		t.Error("the same seed gives other overheads")
	}
	if one.Overheads[0].P == two.Overheads[0].P || math.Abs(one.Overheads[0].P-two.Overheads[0].P) > 0.02 {
		t.Errorf("p = %v with seed 1 and %v with seed 2: want two estimates of one number", one.Overheads[0].P, two.Overheads[0].P)
	}
	if text := string(render(t, Text, one, Options{})); !strings.Contains(text, " comparisons: p comes from 100000 random splits, not from all of them.") {
		t.Error("the text does not say where p comes from")
	}
}

// pinned makes a file whose trimmed means are the published figures.
func pinned(t *testing.T, platform string, tables ...int) *results.File {
	t.Helper()
	published, err := paper.Load()
	if err != nil {
		t.Fatal(err)
	}
	p := plan{
		platform: platform, provenance: results.Replayed, runs: 15,
		variants: []string{"benchmark", "optimized"}, cold: map[string]level{}, hot: map[string]level{},
	}
	for _, number := range tables {
		table, _ := published.Table(number)
		p.scenarios = append(p.scenarios, table.Scenario)
		for _, c := range table.Cells {
			levels := p.cold
			if c.Start == results.Hot {
				levels = p.hot
			}
			levels[table.Scenario+"/"+c.Variant] = level{c.TimeMS, c.MemoryMB}
		}
	}
	f := build(t, p)
	for i := range f.Cells {
		c := &f.Cells[i]
		levels := p.cold
		if c.Start == results.Hot {
			levels = p.hot
		}
		l := levels[c.Scenario+"/"+c.Variant]
		for j := range c.Samples { // symmetric, so the trimmed mean is the level
			around := 1 + 0.01*float64(j-7)
			ms := l.time * around
			c.Samples[j].ReportedMS = &ms
			c.Samples[j].MemoryBytes = int64(math.Round(l.memory * around * 1e6))
		}
	}
	return f
}

func TestThePublishedFiguresInThePapersForm(t *testing.T) {
	text := string(render(t, Text, pinned(t, "aliyun", 3, 5, 6), Options{Width: 80})) +
		string(render(t, Text, pinned(t, "tencent", 4), Options{Width: 80}))
	for _, want := range []string{
		"hello on aliyun (replayed), time: reported\nMean of 13 of 15, 1 dropped at each end.\n",
		`
                 Cold start               Hot start
Type        Time (ms)  Memory (MB)  Time (ms)  Memory (MB)
----------------------------------------------------------
Benchmark        2.01         7.74       1.12         7.62
Optimized       69.67        13.22       1.81        13.25
`, `
Benchmark      397.33        35.65      59.33        35.55
Optimized      415.92        43.65      40.42        35.87
`, `
Benchmark      822.12        62.65     498.97        62.81
Optimized      809.55        62.86     533.95        63.02
`, `
Benchmark       47.41         8.58       1.20         8.58
Optimized       63.47        15.27       1.01        15.27
`,
		"- The figures are replayed: nothing was measured, and they support no claim.\n",
		"- network: the paper does not name the platform of its Table 6; it stands here\n  as aliyun.\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
	text = strings.Join(strings.Fields(text), " ")
	for _, want := range []string{
		"hello cold +67.66 +3366 ", "storage cold +18.59 +4.68 ", "storage hot -18.91 -31.9 ", "network cold -12.57 -1.53 ",
		"network hot +34.98 +7.01 ", "hello cold +16.06 +33.9 ", "hello hot -0.190 -15.8 ", "hello cold +5.48 +70.8 ", "storage cold +8.00 +22.4 ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}
