// Package power says what the design of Liu et al., PeerJ Computer Science
// 11:e3029, 2025 (15 runs, the smallest and the largest dropped) can show and
// what it cannot: the least change that it would find in each cell, the spread
// that each published change needs to be noise, and how often it finds a change
// where there is none when the arms are measured one after the other on a
// platform that drifts.
//
// The paper gives no spread. Those used here are the simulated platforms'
// presets and measured runs, and each is named beside its figures.
package power

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/dtbench/dtbench/report/claims"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
)

// Analysis is what can and cannot be shown.
type Analysis struct {
	Cells    []Cell     // the 16 optimized figures, by table, start and metric
	Measured []Measured // cells of measured runs
	Alarms   []Alarm    // by drift, ascending
}

// Cell is one published change from benchmark to optimized.
type Cell struct {
	Table         int
	PlatformNamed bool
	Platform      string
	Scenario      string
	Start         results.Start
	Metric        string
	Percent       float64 // the published change
	// NoiseCV is the coefficient of variation that single runs of both arms
	// would need for a change of this size to have p >= 0.05 if nothing differs.
	// It is infinite beyond MostCV.
	NoiseCV float64
	// Detectable changes by preset, in the order of the presets; time only.
	Detectable []Detectable
}

// Name is the cell in a few words.
func (c Cell) Name() string {
	return fmt.Sprintf("Table %d: %s, %s", c.Table, c.Scenario, c.Start)
}

// Detectable is the least change that the design would find under one preset, as
// claims.Preset.Detectable has it.
type Detectable struct {
	Preset  string
	Percent float64
}

// Measured is the least detectable change of one comparison of a measured run,
// by its own spread.
type Measured struct {
	Run      string // platform and runtime
	Runs     int
	Scenario string
	Start    results.Start
	Percent  float64
}

// Evidence is what an analysis rests on.
type Evidence struct {
	Published paper.Published
	Presets   []claims.Preset // of any cost profile: only benchmark arms are used
	Runs      []*results.File // measured and live ones count
	Seed      uint64
	// Repetitions of each simulated false-alarm rate; 0 means 250.
	Repetitions int
}

// Analyse computes the analysis. Same evidence, same figures. Errors are those
// of the test behind the false-alarm rates.
func Analyse(e Evidence) (*Analysis, error) {
	a := &Analysis{}
	noise := newNoise(e.Seed)
	for _, t := range e.Published.Tables {
		for _, start := range []results.Start{results.Cold, results.Hot} {
			for _, metric := range []string{results.MetricTime, results.MetricMemory} {
				percent, ok := t.Percent(start, metric)
				if !ok {
					continue
				}
				c := Cell{
					Table: t.Number, PlatformNamed: t.PlatformNamed, Platform: t.Platform, Scenario: t.Scenario,
					Start: start, Metric: metric, Percent: percent, NoiseCV: noise.neededCV(percent),
				}
				if metric == results.MetricTime {
					c.Detectable = detectable(e.Presets, t, start)
				}
				a.Cells = append(a.Cells, c)
			}
		}
	}
	slices.SortStableFunc(a.Cells, func(a, b Cell) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Start, b.Start), -cmp.Compare(a.Metric, b.Metric))
	})
	for _, f := range e.Runs {
		if f.Experiment.Provenance.Observed() {
			a.Measured = append(a.Measured, ofRun(f)...)
		}
	}
	var err error
	a.Alarms, err = alarms(e.Seed, e.Repetitions)
	return a, err
}

// detectable takes each preset once: the benchmark arm is the same whatever the
// profile of the token's cost.
func detectable(presets []claims.Preset, t paper.Table, start results.Start) []Detectable {
	var out []Detectable
	for _, p := range presets {
		if p.Provenance != results.Simulated || slices.ContainsFunc(out, func(d Detectable) bool { return d.Preset == p.Name }) {
			continue
		}
		if fraction, ok := p.Detectable(t, start); ok {
			out = append(out, Detectable{p.Name, 100 * fraction})
		}
	}
	return out
}

func ofRun(f *results.File) []Measured {
	var out []Measured
	for _, scenario := range f.Experiment.Scenarios {
		for _, start := range []results.Start{results.Cold, results.Hot} {
			if c, ok := claims.Compare(f, scenario, start); ok {
				out = append(out, Measured{
					fmt.Sprintf("%s, %s", f.Experiment.Platform, f.Experiment.Runtime), f.Experiment.Runs,
					scenario, start, 100 * c.MinimumDetectable,
				})
			}
		}
	}
	return out
}
