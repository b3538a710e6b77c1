package gate

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/results"
)

// What was not measured is named as such on whichever side it stands.
func TestProvenanceOfBothSides(t *testing.T) {
	check := func(base, head results.Provenance, title string, want ...string) {
		t.Helper()
		file := func(seed uint64, p results.Provenance) *results.File {
			f := craft{seed: seed, scenarios: []string{"hello"}}.file()
			f.Experiment.Provenance = p
			for i := range f.Cells {
				for j := range f.Cells[i].Samples {
					f.Cells[i].Samples[j].ReportedMS = &f.Cells[i].Samples[j].TotalMS
				}
			}
			return f
		}
		c := compare(t, file(1, base), file(2, head), Options{Force: true})
		var got []string
		for _, n := range c.Notices {
			if strings.Contains(n, "nothing was measured") {
				got = append(got, n)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s against %s: %q, want %q", base, head, got, want)
		}
		if first, _, _ := strings.Cut(render(t, c, "text", 0), "\n"); !strings.HasSuffix(first, title) {
			t.Errorf("%s against %s: %s", base, head, first)
		}
	}
	check(results.Measured, results.Measured, ", local (measured)")
	check(results.Simulated, results.Simulated, ", local (simulated)", "The figures are simulated: nothing was measured.")
	check(results.Measured, results.Simulated, ", local (measured) against local (simulated)", "The figures of HEAD are simulated: nothing was measured there.")
	check(results.Replayed, results.Measured, ", local (replayed) against local (measured)", "The figures of BASE are replayed: nothing was measured there.")
	check(results.Replayed, results.Simulated, ", local (replayed) against local (simulated)",
		"The figures of BASE are replayed: nothing was measured there.", "The figures of HEAD are simulated: nothing was measured there.")
}

func TestDriftBetweenTheFiles(t *testing.T) {
	const inTurn, batches = "measured one after the other", "batches of their own"
	check := func(base, head results.Provenance, want string) {
		t.Helper()
		b, h := craft{seed: 1}.file(), craft{seed: 2}.file()
		b.Experiment.Provenance, h.Experiment.Provenance = base, head
		at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
		b.Environment.Started, b.Environment.Finished = at, at.Add(time.Minute)
		h.Environment.Started, h.Environment.Finished = at.Add(time.Hour), at.Add(2*time.Hour)
		text := strings.Join(compare(t, b, h, Options{Force: true}).Notices, "\n")
		for _, notice := range []string{inTurn, batches} {
			if strings.Contains(text, notice) != (notice == want) {
				t.Errorf("%s against %s: want %q in\n%s", base, head, want, text)
			}
		}
	}
	check(results.Measured, results.Measured, inTurn)
	check(results.Simulated, results.Simulated, batches)
	check(results.Simulated, results.Measured, "")
}

// What is scaled to the published figures does not drift, whatever the model has.
func TestPinnedFiles(t *testing.T) {
	base, head := craft{seed: 1}.file(), craft{seed: 2}.file()
	for _, f := range []*results.File{base, head} {
		f.Experiment.Provenance, f.Experiment.Interleaved = results.Replayed, false
	}
	drifts := func() int {
		t.Helper()
		return strings.Count(strings.Join(compare(t, base, head, Options{}).Notices, "\n"), "drift apart")
	}
	if n := drifts(); n != 3 { // of each, and between them
		t.Errorf("%d notices of drift in free draws", n)
	}
	base.Experiment.Pinned = true
	if n := drifts(); n != 2 {
		t.Errorf("%d notices of drift where one is pinned", n)
	}
	head.Experiment.Pinned = true
	if n := drifts(); n != 0 {
		t.Errorf("%d notices of drift between pinned files", n)
	}
	if n := compare(t, base, head, Options{}).Notices; !slices.ContainsFunc(n, func(s string) bool { return strings.HasPrefix(s, "The draws of HEAD are pinned") }) {
		t.Errorf("nothing says so: %q", n)
	}
}

func TestNotices(t *testing.T) {
	base, head := craft{seed: 1}.file(), craft{seed: 2}.file()
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	base.Environment.Started, base.Environment.Finished = at, at.Add(time.Minute)
	head.Environment.Started, head.Environment.Finished = at.Add(time.Hour), at.Add(2*time.Hour)
	head.Environment.CPU = "another"
	head.Warnings = []string{"the machine was busy"}
	head.Cells[0].Samples[0].TotalMS = 400
	text := strings.Join(compare(t, base, head, Options{}).Notices, "\n")
	for _, want := range []string{
		"measured one after the other", `Another machine: CPU "" in BASE, "another" in HEAD.`, "Warning in HEAD: the machine was busy",
		"all kept: 1 in HEAD of cold hello/benchmark",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the notices lack %q:\n%s", want, text)
		}
	}
	head.Environment.Started = at.Add(time.Second) // interleaved
	if n := compare(t, base, head, Options{}).Notices; slices.ContainsFunc(n, func(s string) bool { return strings.Contains(s, "one after") }) {
		t.Errorf("runs that overlap: %q", n)
	}
	quiet := func(seed uint64) *results.File {
		f := craft{seed: seed}.file()
		for i := range f.Cells {
			for j := range f.Cells[i].Samples {
				f.Cells[i].Samples[j].MemoryBytes = 0
			}
		}
		return f
	}
	if c := compare(t, quiet(3), quiet(4), Options{}); len(c.Cells) != 12 || !slices.Contains(c.Notices, "No sample has memory: only times are compared.") {
		t.Errorf("%d cells, notices %q", len(c.Cells), c.Notices)
	}
}
