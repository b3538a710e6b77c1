// Package reproduction turns what dtbench reproduce found into what people read:
// Tables 3 to 6 of Liu et al., PeerJ Computer Science 11:e3029, 2025, in the
// paper's own form with the published rows beside the reproduced ones, its
// Fig. 4, and a report with methods, limits and a verdict on every claim.
//
// It computes no prediction and judges nothing; it counts, rounds and compares
// what it is given. Same document, same bytes. Where the paper's text and its
// tables disagree, or a conclusion changes with an assumption, the report says so
// next to the figure.
package reproduction

import (
	"errors"
	"fmt"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
	"github.com/dtbench/dtbench/results/profiles"
	"github.com/dtbench/dtbench/results/reproduction"
)

// Method is how the reproduced figures came about.
type Method string

// The methods.
const (
	// Calibrated: the model is fitted to the benchmark rows and predicts the
	// optimized ones.
	Calibrated Method = "calibrated"
	// ReplayFree: 15 draws per cell from laws fitted to every published cell.
	ReplayFree Method = "replay"
	// ReplayPinned: the same, rescaled until the rounded means are the published
	// ones.
	ReplayPinned Method = "replay, pinned"
	// Measured: the experiment on this machine.
	Measured Method = "measured"
)

// Provenance is that of figures made by the method.
func (m Method) Provenance() results.Provenance {
	switch m {
	case Measured:
		return results.Measured
	case ReplayFree, ReplayPinned:
		return results.Replayed
	}
	return results.Simulated
}

// ErrIncomplete: a document that lacks what its method must have.
var ErrIncomplete = errors.New("incomplete reproduction")

// Document is everything that dtbench reproduce found.
type Document struct {
	Method    Method
	Published paper.Published
	Facts     paper.Facts
	Seed      uint64
	// Preset is the one that tables and chart show.
	Preset string
	// Draws is how many predictive draws stand behind each predicted figure; 0
	// where nothing was predicted.
	Draws int
	// Parameters identifies what the model was made from: hashes, each with the
	// cost profile in it.
	Parameters string
	// Command repeats the reproduction.
	Command string
	Tool    results.Tool
	// Experiment is the configuration behind the reproduced figures: what the
	// paper leaves open is decided there.
	Experiment results.Experiment

	// Rows are the reproduced rows of the tables, in the order to be shown.
	Rows []reproduction.Row
	// Changes are those of Preset for Fig. 4, and of the other presets.
	Changes     []reproduction.Change
	Predictions []reproduction.Prediction
	Claims      []reproduction.Claim
	// ByPreset are the verdicts when one preset alone is believed, by its name.
	ByPreset map[string][]reproduction.Claim
	// Profiles are the cost profiles that were used.
	Profiles []CostProfile
	// Assumptions are the values of the model's parameters under each preset.
	Assumptions []Assumption
	// Runs are the measured result files behind measured rows: functions in Go and
	// in Python.
	Runs []*results.File
	// Sections follow the claims in the report.
	Sections []Section
	// Notices are sentences that a reader must see.
	Notices []string
}

// CostProfile is a cost profile, measured for this reproduction (Fresh) or taken
// from storage.
type CostProfile struct {
	profiles.Profile
	Fresh bool
}

// Assumption is a parameter of the simulated platform.
type Assumption struct {
	Name               string
	Low, Central, High string
	Source             string
}

// check refuses a document whose tables would silently lack rows.
func (d *Document) check() error {
	for _, t := range d.Published.Tables {
		for _, variant := range variants {
			if len(d.rows(t.Number, variant)) == 0 {
				return fmt.Errorf("%w: no %s row for table %d", ErrIncomplete, variant, t.Number)
			}
		}
	}
	if d.Method == Calibrated && len(d.Predictions) == 0 {
		return fmt.Errorf("%w: no predictions", ErrIncomplete)
	}
	if len(d.Claims) == 0 {
		return fmt.Errorf("%w: no claims", ErrIncomplete)
	}
	return nil
}

// rows are the reproduced rows of a table and variant.
func (d *Document) rows(table int, variant string) (rows []reproduction.Row) {
	for _, r := range d.Rows {
		if r.Table == table && r.Variant == variant {
			rows = append(rows, r)
		}
	}
	return rows
}

var (
	variants = []string{"benchmark", "optimized"}
	starts   = []results.Start{results.Cold, results.Hot}
	metrics  = []string{results.MetricTime, results.MetricMemory}
)
