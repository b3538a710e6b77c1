package reproduction

import "github.com/dtbench/dtbench/results"

// Basis says how the figures of a row came about. It is shown wherever they are.
type Basis string

// The bases of a row. A calibrated row was fitted to the published one and is
// no finding; a predicted row knows nothing of the published one.
const (
	BasisPublished  Basis = "published"
	BasisCalibrated Basis = "calibrated"
	BasisPredicted  Basis = "predicted"
	BasisReplayed   Basis = "replayed"
	BasisMeasured   Basis = "measured"
)

// Row is one row of a table in the paper's form: a variant, cold and hot.
type Row struct {
	Table   int
	Variant string // benchmark, optimized
	Basis   Basis
	// Profile is the cost profile of a predicted row, the runtime of the functions
	// (go, python) of a measured one, and how often a replayed one was drawn.
	Profile   string
	Cold, Hot Figures
}

// Set stores the figures of a start.
func (r *Row) Set(start results.Start, f Figures) {
	if start == results.Cold {
		r.Cold = f
	} else {
		r.Hot = f
	}
}

// Figures are a trimmed mean each; 0 where there is none.
type Figures struct {
	TimeMS   float64
	MemoryMB float64
}

// Change is the change in time from benchmark to optimized in percent of the
// benchmark, as in the paper's Fig. 4.
type Change struct {
	Table   int
	Start   results.Start
	Basis   Basis
	Profile string // as in Row
	Preset  string // of a simulated change
	Percent Interval
}
