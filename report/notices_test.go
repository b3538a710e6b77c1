package report

import (
	"slices"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/results"
)

func notices(t *testing.T, f *results.File) []string {
	t.Helper()
	a, err := analyse(f, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return a.notices()
}

func TestACleanRunHasNoNotices(t *testing.T) {
	if got := notices(t, normal(t)); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

func TestNotices(t *testing.T) {
	t.Parallel()
	check := func(change func(*results.File), want string) {
		t.Helper()
		f := normal(t)
		change(f)
		if got := notices(t, f); !slices.Contains(got, want) {
			t.Errorf("no %q among %q", want, got)
		}
	}
	check(func(f *results.File) { f.Status = results.Partial }, "The run is partial, yet no sample is missing.")
	check(func(f *results.File) { f.Status = results.Partial; f.Cells = f.Cells[1:] }, "The run is partial: 1 of 12 cells are incomplete.")
	check(func(f *results.File) { f.Cells = f.Cells[1:] }, "hello benchmark cold is missing.")
	check(func(f *results.File) { f.Cells = f.Cells[1:] }, "The file says complete, yet 1 of its 12 cells are not.")
	check(func(f *results.File) { f.Cells[0].Samples = f.Cells[0].Samples[:9] }, "hello benchmark cold has 9 of 15 samples.")
	check(func(f *results.File) { f.Cells[0].Stopped = "the store is gone" }, "hello benchmark cold has 15 of 15 samples, stopped: the store is gone.")
	check(func(f *results.File) { f.Experiment.Interleaved = false }, "The arms were not interleaved: drift between them counts as overhead, and the p-values and intervals are too optimistic.")
	check(func(f *results.File) { f.Experiment.Limits = "none" }, "The memory and CPU limits were not enforced on this machine.")
	check(func(f *results.File) { f.Warnings = []string{"noisy"} }, "Warning in the file: noisy")
	check(func(f *results.File) { f.Cells[0].Dropped = []results.Drop{{Reason: "timeout", Count: 1}} }, "hello benchmark cold: 1 attempt dropped: timeout (1).")
	check(func(f *results.File) { f.Cells[0].Basis = "extrapolated" }, "hello benchmark cold: basis extrapolated; it decides no claim.")
	check(func(f *results.File) { f.Cells[0].Samples[0].MemoryBytes = 0 }, "hello benchmark cold: 1 of 15 samples without memory, left out.")
	check(func(f *results.File) { f.Experiment.Provenance = results.Simulated }, "The figures are simulated: nothing was measured, and they support no claim.")
	check(func(f *results.File) { f.Cells[2].Samples[3].Processes = 2 }, "optimized: an instance is 2 processes; its memory is theirs added up, what they share counted in each.")
	check(func(f *results.File) {
		f.Experiment.Variants = []string{"optimized"}
		f.Cells = slices.DeleteFunc(f.Cells, func(c results.Cell) bool { return c.Variant == "benchmark" })
	}, "No overheads: the file has no benchmark variant to compare with.")
	check(func(f *results.File) {
		for i := range f.Cells[:2] {
			for j := range f.Cells[i*2].Samples {
				f.Cells[i*2].Samples[j].MemoryBytes = 8e6
			}
		}
	}, "memory, hello cold, optimized against benchmark: the samples do not vary: the interval has no width.")
}

func TestUnequalThrottling(t *testing.T) {
	throttle := func(cell int, share float64) []string {
		f := normal(t)
		for i := range f.Cells[cell].Samples {
			ms := share * f.Cells[cell].Samples[i].TotalMS
			f.Cells[cell].Samples[i].ThrottledMS = &ms
		}
		return notices(t, f)
	}
	if got := throttle(2, 0.2); len(got) != 1 || !strings.Contains(got[0], "held optimized back for 20.0 % of its time and benchmark for 0.0 %") {
		t.Errorf("20 %%: %q", got)
	}
	if got := throttle(2, 0.049); len(got) != 0 {
		t.Errorf("4.9 %%, below the threshold: %q", got)
	}
	if got := throttle(0, 0.06); len(got) != 1 {
		t.Errorf("the baseline held back: %q", got)
	}
}

func TestThrottledShareInTables(t *testing.T) {
	f := interrupted(t)
	for _, r := range []Reporter{Text, Markdown} {
		if out := string(render(t, r, f, Options{})); !strings.Contains(out, "20.0 % (15 of 15)") {
			t.Error("no throttled share in the table")
		}
		if out := string(render(t, r, normal(t), Options{})); !strings.Contains(out, "Throttled share: 0 % in every cell") {
			t.Error("nothing said about throttling")
		}
	}
	for i := range f.Cells {
		for j := range f.Cells[i].Samples {
			f.Cells[i].Samples[j].ThrottledMS = nil
		}
	}
	if out := string(render(t, Text, f, Options{})); strings.Contains(out, "Throttled") {
		t.Error("a throttled share that nobody observed")
	}
}
