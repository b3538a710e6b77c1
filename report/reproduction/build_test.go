package reproduction

import (
	"testing"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
	"github.com/dtbench/dtbench/results/profiles"
	"github.com/dtbench/dtbench/results/reproduction"
)

// load is a document with the published figures and nothing reproduced.
func load(t *testing.T, method Method) *Document {
	t.Helper()
	d := &Document{
		Method: method, Seed: 1, Preset: reproduction.PresetCentral, Command: "dtbench reproduce --seed 1",
		Tool:       results.Tool{Name: "dtbench", Version: "v1", Commit: "0123456789abcdef"},
		Experiment: results.Experiment{ObjectSize: 1024, SecretAccesses: map[string]int{"hello": 1, "network": 2}, CPUPeriodMS: 20, Runs: 15, Trim: 1, Limits: "none", Store: "embedded", Target: "embedded"},
		Claims: []reproduction.Claim{
			{ID: "P02", Claim: "3367% increase", Where: "Performance test results", Verdict: reproduction.Contradicted, Computed: "2.01 -> 69.67 = +3366.2 %", Evidence: reproduction.Published, Explanation: "The text does not follow from the table."},
			{ID: "P17", Claim: "\"relatively fixed overhead\"", Where: "Performance test results", Verdict: reproduction.NotShown, Computed: "low p = 0.003, high p = 0.4", Evidence: reproduction.Simulated, Explanation: "The presets disagree.", Conceded: "no confidence intervals"},
			{
				ID: "T07", Claim: "near the lower limit", Where: "Performance optimization", Verdict: reproduction.Holds, Computed: "factor 1.9", Evidence: reproduction.Measured, Explanation: "Measured here.",
				Also: []reproduction.Finding{{Evidence: reproduction.Measured, Verdict: reproduction.Contradicted, Computed: "factor 10.6"}},
			},
		},
	}
	var err error
	if d.Published, err = paper.Load(); err != nil {
		t.Fatal(err)
	}
	if d.Facts, err = paper.LoadFacts(); err != nil {
		t.Fatal(err)
	}
	return d
}

// calibrated is a document as dtbench reproduce makes it, with figures that can
// be checked by head: everything predicted is a multiple of the published figure.
func calibrated(t *testing.T) *Document {
	t.Helper()
	d := load(t, Calibrated)
	d.Draws, d.Parameters = 20000, "abcdef (go)"
	d.Assumptions = []Assumption{{Name: "cold_cv (ratio)", Low: "0.16", Central: "0.2", High: "0.3", Source: "elsewhere"}}
	d.Notices = []string{"Measured evidence is a stored run."}
	d.Sections = []Section{{Title: "Another part", Chart: &Chart{"other.svg", "Another"}, Markdown: "Text of another report.\n"}}
	for i, name := range reproduction.Profiles() {
		d.Profiles = append(d.Profiles, CostProfile{Fresh: i == 1, Profile: profiles.Profile{
			Name: name, Runtime: "go1", Machine: "a machine", Version: "v1", Date: "2026-01-01", Command: "measure", Note: "a note.",
			InitMS: 0.1, ModuleMS: 12, ModuleLoadedMS: map[string]float64{"storage": 0.5}, AccessMS: 0.01, MemoryMB: 6, MemoryLoadedMB: map[string]float64{"storage": 0},
		}})
	}
	for _, table := range d.Published.Tables {
		for _, variant := range variants {
			for _, name := range reproduction.Profiles() {
				row := reproduction.Row{Table: table.Number, Variant: variant, Basis: reproduction.BasisPredicted, Profile: name}
				if variant == "benchmark" {
					row.Basis, row.Profile = reproduction.BasisCalibrated, ""
				}
				for _, start := range starts {
					c, _ := table.Cell(variant, start)
					row.Set(start, reproduction.Figures{TimeMS: 2 * c.TimeMS, MemoryMB: c.MemoryMB / 2})
				}
				d.Rows = append(d.Rows, row)
				if variant == "benchmark" {
					break
				}
			}
		}
		for k, preset := range reproduction.Presets() {
			for _, profile := range reproduction.Profiles() {
				for _, start := range starts {
					c, _ := table.Cell("optimized", start)
					percent, _ := table.Percent(start, results.MetricTime)
					d.Changes = append(d.Changes, reproduction.Change{
						Table: table.Number, Start: start, Basis: reproduction.BasisPredicted, Profile: profile, Preset: preset,
						Percent: reproduction.Interval{Median: percent / 2, Low95: percent/2 - 10*float64(k), High95: percent/2 + 10*float64(k)},
					})
					for _, metric := range metrics {
						v, _ := c.Value(metric)
						p := 0.5
						if table.Number == 5 && k == 2 { // under one preset only
							p = 0.01
						}
						d.Predictions = append(d.Predictions, reproduction.Prediction{
							Table: table.Number, Platform: table.Platform, Scenario: table.Scenario, Start: start, Metric: metric, Published: v,
							Preset: preset, Profile: profile, Predicted: reproduction.Interval{Median: 2 * v, Low95: v, High95: 3 * v}, P: p,
						})
					}
				}
			}
		}
	}
	d.ByPreset = map[string][]reproduction.Claim{}
	for _, preset := range reproduction.Presets() {
		alone := append([]reproduction.Claim{}, d.Claims...)
		if preset == reproduction.PresetLow {
			alone[1].Verdict = reproduction.Contradicted
		}
		d.ByPreset[preset] = alone
	}
	return d
}

// measured is a document of a local run with functions in one language.
func measured(t *testing.T) *Document {
	t.Helper()
	d := load(t, Measured)
	run := &results.File{Experiment: results.Experiment{Platform: "local", Provenance: results.Measured, Runtime: "go", Runs: 15, Trim: 1}}
	for _, table := range d.Published.Tables {
		for _, variant := range variants {
			row := reproduction.Row{Table: table.Number, Variant: variant, Basis: reproduction.BasisMeasured, Profile: "go"}
			for _, start := range starts {
				row.Set(start, reproduction.Figures{TimeMS: 0.5, MemoryMB: 7})
				if run.Cell(results.CellKey{Scenario: table.Scenario, Variant: variant, Start: start}) != nil {
					continue
				}
				c := results.Cell{Scenario: table.Scenario, Variant: variant, Start: start}
				for i := range 15 {
					toHandler := 0.3
					c.Samples = append(c.Samples, results.Sample{TotalMS: float64(i), ToHandlerMS: &toHandler, HandlerMS: 0.1})
				}
				run.Cells = append(run.Cells, c)
			}
			d.Rows = append(d.Rows, row)
		}
		for _, start := range starts {
			d.Changes = append(d.Changes, reproduction.Change{Table: table.Number, Start: start, Basis: reproduction.BasisMeasured, Profile: "go", Percent: reproduction.Interval{Median: 5, Low95: -3, High95: 14}})
		}
	}
	d.Runs = []*results.File{run}
	return d
}

// replayed is a pinned replay.
func replayed(t *testing.T) *Document {
	t.Helper()
	d := load(t, ReplayPinned)
	for _, table := range d.Published.Tables {
		for _, variant := range variants {
			row := reproduction.Row{Table: table.Number, Variant: variant, Basis: reproduction.BasisReplayed, Profile: "15 draws"}
			for _, start := range starts {
				c, _ := table.Cell(variant, start)
				row.Set(start, reproduction.Figures{TimeMS: c.TimeMS, MemoryMB: c.MemoryMB})
			}
			d.Rows = append(d.Rows, row)
		}
	}
	return d
}
