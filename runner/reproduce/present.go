package reproduce

import (
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/reproduction"
)

// Predictions lists the predictions for the optimized cells.
func Predictions(list []Simulation) (out []reproduction.Prediction) {
	for _, s := range list {
		for _, c := range s.Cells {
			if c.Variant != optimized {
				continue
			}
			for metric, f := range map[string]Figure{results.MetricTime: c.Time, results.MetricMemory: c.Memory} {
				out = append(out, reproduction.Prediction{
					Table: c.Table, Platform: c.Platform, Scenario: c.Scenario, Start: c.Start, Metric: metric,
					Published: f.Published, Preset: s.Preset, Profile: s.Profile, Predicted: f.Predicted, P: f.P,
				})
			}
		}
	}
	reproduction.SortPredictions(out)
	return out
}

// Rows are the reproduced rows under a preset: of each table the calibrated
// benchmark row (means), and the predicted row of every profile (medians).
func Rows(list []Simulation, preset string) (out []reproduction.Row) {
	calibrated := map[int]bool{}
	for _, s := range list {
		if s.Preset != preset {
			continue
		}
		rows := map[[2]any]*reproduction.Row{}
		var order []*reproduction.Row
		for _, c := range s.Cells {
			key := [2]any{c.Table, c.Variant}
			row := rows[key]
			if row == nil {
				row = &reproduction.Row{Table: c.Table, Variant: c.Variant, Basis: reproduction.BasisPredicted, Profile: s.Profile}
				if c.Variant == benchmark {
					row.Basis, row.Profile = reproduction.BasisCalibrated, ""
				}
				rows[key] = row
				order = append(order, row)
			}
			if c.Variant == benchmark {
				row.Set(c.Start, reproduction.Figures{TimeMS: c.Time.Mean, MemoryMB: c.Memory.Mean})
			} else {
				row.Set(c.Start, reproduction.Figures{TimeMS: c.Time.Predicted.Median, MemoryMB: c.Memory.Predicted.Median})
			}
		}
		for _, row := range order {
			if row.Variant == benchmark { // no profile enters it
				if calibrated[row.Table] {
					continue
				}
				calibrated[row.Table] = true
			}
			out = append(out, *row)
		}
	}
	return out
}

// Changes are the predicted changes in time in percent of the published benchmark
// row, which every prediction is anchored to.
func Changes(list []Simulation) (out []reproduction.Change) {
	for _, s := range list {
		published := map[[2]any]float64{}
		for _, c := range s.Cells {
			if c.Variant == benchmark {
				published[[2]any{c.Table, c.Start}] = c.Time.Published
			}
		}
		for _, c := range s.Cells {
			if c.Variant != optimized {
				continue
			}
			percent := func(v float64) float64 { return 100 * (v/published[[2]any{c.Table, c.Start}] - 1) }
			q := c.Time.Predicted
			out = append(out, reproduction.Change{
				Table: c.Table, Start: c.Start, Basis: reproduction.BasisPredicted, Profile: s.Profile, Preset: s.Preset,
				Percent: reproduction.Interval{Median: percent(q.Median), Low95: percent(q.Low95), High95: percent(q.High95)},
			})
		}
	}
	return out
}
