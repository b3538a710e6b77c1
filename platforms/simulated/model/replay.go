package model

import (
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
)

// Replay fits every published cell by itself, the optimized rows too: one
// lognormal law whose expected trimmed mean is the published figure. It lets
// the pipeline from samples to tables be tried on the paper's own figures, and
// can support no claim, since it only gives back what it was given. A pinned
// replay makes the trimmed means of every batch the published figures. The
// error wraps ErrPreset.
func Replay(parameters Parameters, preset Preset, published paper.Published, pinned bool) (*Model, error) {
	v, err := parameters.under(preset)
	if err != nil {
		return nil, err
	}
	m := &Model{
		preset: preset, provenance: results.Replayed, pinned: pinned,
		drift: drift{v.batchDrift, v.runDrift, v.runDriftAutocorrelation},
		laws:  map[Cell]law{}, published: map[Cell]figures{}, metering: parameters.metering(),
	}
	for _, t := range published.Tables {
		p, err := parameters.Platform(t.Platform)
		if err != nil {
			return nil, err
		}
		for _, row := range t.Cells {
			sigma := SigmaOf(v.variation(t.Scenario, row.Start))
			cell := Cell{t.Platform, t.Scenario, row.Variant, row.Start}
			m.published[cell] = figures{row.TimeMS, row.MemoryMB}
			m.laws[cell] = law{
				work: Distribution{
					Median: row.TimeMS / TrimmedFactor(sigma, paper.Runs, paper.Trim) / m.drift.inflation(),
					Sigma:  sigma,
				},
				resolution: p.ResolutionMS, memory: row.MemoryMB, memorySD: v.memorySD,
			}
		}
	}
	m.hash = hashOf([]byte("replayed"), parameters.data, m.publishedBytes())
	return m, nil
}

// variation is the coefficient of variation of a whole cell in a replay.
func (v values) variation(scenario string, start results.Start) float64 {
	switch {
	case start == results.Cold:
		return v.coldCV
	case scenario == "storage":
		return v.storageCV
	case scenario == "network":
		return v.networkCV
	}
	return v.helloCV
}
