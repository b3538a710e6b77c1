package reproduce

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/dtbench/dtbench/platforms/simulated/model"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
	"github.com/dtbench/dtbench/results/reproduction"
)

var tool = results.Tool{Name: "dtbench", Version: "test", Go: "test"}

// statistic is the paper's: the mean of 13 of 15.
func statistic(values []float64) float64 {
	slices.Sort(values)
	sum := 0.0
	for _, v := range values[paper.Trim : len(values)-paper.Trim] {
		sum += v
	}
	return sum / float64(len(values)-2*paper.Trim)
}

func TestPinnedReplayGivesThePublishedTables(t *testing.T) {
	check := func(seed uint64, preset model.Preset) {
		t.Helper()
		o := options(t, 1)
		o.Seed = seed
		list, hash, err := Replay(o, string(preset), true, tool)
		if err != nil || hash == "" || len(list) != 4 {
			t.Fatalf("%d tables, hash %q, %v", len(list), hash, err)
		}
		for _, r := range list {
			if e := r.File.Experiment; !e.Pinned || e.Preset != string(preset) || e.ParametersSHA256 != hash || e.Contract != "replayed" {
				t.Errorf("table %d: the file does not say what it rests on: %+v", r.Table.Number, e)
			}
			for _, c := range r.File.Cells {
				var times, memory []float64
				for _, s := range c.Samples {
					times, memory = append(times, *s.ReportedMS), append(memory, float64(s.MemoryBytes)/1e6)
				}
				if len(times) != paper.Runs || slices.Min(times) == slices.Max(times) {
					t.Errorf("table %d: %d samples, spread from %v to %v", r.Table.Number, len(times), slices.Min(times), slices.Max(times))
				}
				p, _ := r.Table.Cell(c.Variant, c.Start)
				got, want := fmt.Sprintf("%.2f %.2f", statistic(times), statistic(memory)), fmt.Sprintf("%.2f %.2f", p.TimeMS, p.MemoryMB)
				if got != want {
					t.Errorf("seed %d, %s, table %d, %s %s: %s, want %s", seed, preset, r.Table.Number, c.Variant, c.Start, got, want)
				}
			}
		}
	}
	for _, preset := range model.Presets() {
		check(1, preset)
		check(2, preset)
		check(1<<63, preset)
	}
}

func TestFreeReplayIsThePublishedTablesOnAverage(t *testing.T) {
	list, _, err := Replay(options(t, Draws), reproduction.PresetCentral, false, tool)
	if err != nil {
		t.Fatal(err)
	}
	cells := 0
	for _, r := range list {
		for _, c := range r.Means {
			cells++
			check := func(metric string, mean, published, standardError float64) {
				t.Helper()
				if z := (mean - published) / standardError; math.Abs(z) > 3 || standardError <= 0 {
					t.Errorf("table %d, %s %s %s: mean %v, published %v: %.1f standard errors of %v", r.Table.Number, c.Published.Variant, c.Published.Start, metric, mean, published, z, standardError)
				}
			}
			check("time", c.TimeMS, c.Published.TimeMS, c.TimeError)
			check("memory", c.MemoryMB, c.Published.MemoryMB, c.MemoryError)
		}
	}
	if cells != 16 {
		t.Errorf("%d cells, want 16", cells)
	}
}

// Same seed, same bytes, and files that every reader accepts.
func TestReplayedFiles(t *testing.T) {
	write := func(seed uint64, pinned bool) string {
		t.Helper()
		o := options(t, 1)
		o.Seed = seed
		list, _, err := Replay(o, reproduction.PresetLow, pinned, tool)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		for _, r := range list {
			if r.File.Experiment.Provenance != results.Replayed {
				t.Errorf("table %d is %s", r.Table.Number, r.File.Experiment.Provenance)
			}
			if err := results.Write(&b, r.File); err != nil {
				t.Errorf("table %d: %v", r.Table.Number, err)
			}
		}
		return b.String()
	}
	free := write(1, false)
	if write(1, false) != free {
		t.Error("the same seed gives other bytes")
	}
	if write(2, false) == free || write(1, true) == free {
		t.Error("another seed, or pinning, gives the same bytes")
	}
}

func TestReplayRows(t *testing.T) {
	list, _, err := Replay(options(t, 50), reproduction.PresetCentral, false, tool)
	if err != nil {
		t.Fatal(err)
	}
	cell := &list[0].File.Cells[0] // Table 3, benchmark, cold
	cell.TimeMS, cell.MemoryMB = &results.Summary{TrimmedMean: 2.5}, &results.Summary{TrimmedMean: 7.5}
	rows := ReplayRows(list, 50)
	if len(rows) != 4*2*2 {
		t.Fatalf("%d rows, want 16", len(rows))
	}
	if r := rows[0]; r.Table != 3 || r.Variant != benchmark || r.Profile != "15 draws" || r.Cold != (reproduction.Figures{TimeMS: 2.5, MemoryMB: 7.5}) || r.Hot != (reproduction.Figures{}) {
		t.Errorf("%+v", r)
	}
	if r := rows[1]; r.Profile != "mean of 50" || math.Abs(r.Hot.TimeMS-1.12) > 0.2 || r.Basis != reproduction.BasisReplayed {
		t.Errorf("%+v", r)
	}
}

func TestReplayOfAnUnknownPreset(t *testing.T) {
	if _, _, err := Replay(options(t, 1), "best", false, tool); err == nil {
		t.Error("no error")
	}
}
