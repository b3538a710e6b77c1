// Package claims judges the claims of Liu et al., PeerJ Computer Science
// 11:e3029, 2025, by the data at hand: the published figures, measurements,
// simulations and attacks.
//
// Each claim of results/paper/claims.json has one small function here that
// evaluates its predicate; no verdict is stored anywhere. The paper's own
// figures decide where they can, else measured data, else simulated; what the
// other kinds say of the same predicate stands under "also".
//
// Two rules bind every judge. Nothing simulated or replayed supports a claim: it
// may contradict one, and at best shows that a claim is not contradicted. And
// extrapolated cells decide nothing.
package claims

import (
	"github.com/dtbench/dtbench/report/stats"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/results/paper"
)

// Evidence is everything that judges may look at. What is absent makes the
// claims that need it untested or not shown, never anything else.
type Evidence struct {
	Published paper.Published
	Facts     paper.Facts
	Survey    paper.Survey
	// Runs are result files. Those of provenance measured and live are measured
	// evidence; simulated and replayed ones decide nothing here.
	Runs []*results.File
	// Simulated is what the simulated platform gives, one entry for each preset
	// and cost profile.
	Simulated []Preset
	// Microcosts are costs measured in one process; nil when there are none.
	Microcosts *results.Microcosts
	// Attacks is the matrix of dtbench attack; nil when it did not run.
	Attacks []attack.Cell

	compared map[comparison]*stats.Comparison // nil where there is no comparison
}

// Preset is the simulated platform under one parameter preset and one cost
// profile.
type Preset struct {
	Name       string             // low, central, high
	Profile    string             // go, paper-python
	Provenance results.Provenance // simulated, or replayed
	Cells      []Draws
}

// Draws is what one simulated cell gives when the experiment is repeated many
// times.
type Draws struct {
	Platform string
	Scenario string
	Variant  string // benchmark, optimized
	Start    results.Start
	Basis    string // "extrapolated" where no published figure stands behind it
	// TrimmedMeans are independent means of 13 of 15 invocations in ms, drift
	// between batches included.
	TrimmedMeans []float64
	// CV is the coefficient of variation of single invocations within a batch.
	// Zero means that it is not known.
	CV float64
}

// Load returns evidence that holds what comes with dtbench: the published
// figures, the facts and the survey. An error means damaged embedded data.
func Load() (Evidence, error) {
	var e Evidence
	var err error
	if e.Published, err = paper.Load(); err != nil {
		return e, err
	}
	if e.Facts, err = paper.LoadFacts(); err != nil {
		return e, err
	}
	e.Survey, err = paper.LoadSurvey()
	return e, err
}
