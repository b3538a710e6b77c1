// Package reproduction holds what dtbench reproduce finds: a prediction for
// every optimized cell of the published tables, and a verdict on every claim of
// the paper (Liu et al., PeerJ Computer Science 11:e3029, 2025).
//
// Its two files are predictions.json and claims.json, each a sorted JSON array.
// Writers refuse what their own readers would refuse. The package computes
// nothing: predictions come from runner/reproduce, verdicts from report/claims.
package reproduction

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/dtbench/dtbench/results"
)

// ErrInvalid: a list that no reproduction could have written; the text names
// the entry.
var ErrInvalid = errors.New("invalid reproduction")

// The presets of the simulated platform's parameters, in ascending order of
// spread.
const (
	PresetLow     = "low"
	PresetCentral = "central"
	PresetHigh    = "high"
)

// Presets lists them in that order.
func Presets() []string { return []string{PresetLow, PresetCentral, PresetHigh} }

// The cost profiles of the token mechanism: this project's core, and a CPython
// stand-in for the paper's unpublished prototype.
const (
	ProfileGo          = "go"
	ProfilePaperPython = "paper-python"
)

// Profiles lists them in that order.
func Profiles() []string { return []string{ProfileGo, ProfilePaperPython} }

// Prediction is the distribution that the calibrated model gives for one
// optimized figure of a published table: the mean of 13 of 15 runs. Nothing in
// it but Published and P depends on the published optimized rows.
type Prediction struct {
	Table     int           `json:"table"`
	Platform  string        `json:"platform"`
	Scenario  string        `json:"scenario"`
	Start     results.Start `json:"start"`
	Metric    string        `json:"metric"`    // results.MetricTime (ms) or results.MetricMemory (MB)
	Published float64       `json:"published"` // the table's figure, as printed
	Preset    string        `json:"preset"`
	Profile   string        `json:"profile"`
	Predicted Interval      `json:"predicted"`
	// P is the two-sided predictive p-value of Published: small where the model
	// would hardly ever give a figure so far from its median.
	P float64 `json:"p"`
}

// Interval is a median with the central 95 % interval, in the unit of the
// metric.
type Interval struct {
	Median float64 `json:"median"`
	Low95  float64 `json:"lo95"`
	High95 float64 `json:"hi95"`
}

// Verdict says what the evidence makes of a claim.
type Verdict string

// Holds: the predicate is true. Contradicted: it is false. NotShown: the data at
// hand cannot decide it, or its premises are not met. Untested: the data do not
// exist here yet.
const (
	Holds        Verdict = "holds"
	Contradicted Verdict = "contradicted"
	NotShown     Verdict = "not shown"
	Untested     Verdict = "untested"
)

// Verdicts lists them in that order.
func Verdicts() []Verdict { return []Verdict{Holds, Contradicted, NotShown, Untested} }

// Evidence is the kind of data that decided a claim.
type Evidence string

// Published: the paper's own figures and text. Measured: a run or a
// micro-measurement of real code. Simulated: the simulated platform, calibrated
// or replayed. Attack: the attack matrix.
const (
	Published Evidence = "published"
	Measured  Evidence = "measured"
	Simulated Evidence = "simulated"
	Attack    Evidence = "attack"
)

// Claim is one claim of the paper with what became of it.
type Claim struct {
	ID       string   `json:"id"`
	Claim    string   `json:"claim"` // what the paper says
	Where    string   `json:"where"` // section or figure of the paper
	Verdict  Verdict  `json:"verdict"`
	Computed string   `json:"computed"` // the numbers that decide, for people
	Evidence Evidence `json:"evidence"`
	// Also is what other kinds of evidence say of the same predicate.
	Also []Finding `json:"also"`
	// Conceded is what the authors grant themselves, empty where they do not.
	Conceded    string `json:"conceded"`
	Explanation string `json:"explanation"` // why the numbers give this verdict
}

// Finding is a verdict on a claim from a second kind of evidence.
type Finding struct {
	Evidence Evidence `json:"evidence"`
	Verdict  Verdict  `json:"verdict"`
	Computed string   `json:"computed"`
}

// WritePredictions sorts a copy of the list by table, platform, scenario, start,
// metric, preset and profile, rounds what was predicted to six significant
// digits, and writes it as indented JSON: same predictions, same bytes. An entry
// that ReadPredictions would refuse is ErrInvalid, and nothing is written.
func WritePredictions(w io.Writer, list []Prediction) error {
	sorted := slices.Clone(list)
	for i := range sorted {
		q := &sorted[i]
		q.Predicted = Interval{Round(q.Predicted.Median), Round(q.Predicted.Low95), Round(q.Predicted.High95)}
		q.P = Round(q.P)
	}
	SortPredictions(sorted)
	if err := checkPredictions(sorted); err != nil {
		return fmt.Errorf("refusing to write: %w", err)
	}
	return write(w, sorted)
}

// SortPredictions sorts the list as WritePredictions does.
func SortPredictions(list []Prediction) { slices.SortStableFunc(list, comparePredictions) }

// ReadPredictions reads what WritePredictions wrote, and refuses an unknown
// field, an entry out of order or twice, an unknown word, and a figure that is
// no finite number above zero.
func ReadPredictions(r io.Reader) ([]Prediction, error) {
	list, err := read[Prediction](r)
	if err != nil {
		return nil, err
	}
	return list, checkPredictions(list)
}

// WriteClaims sorts a copy of the list by id and writes it as indented JSON. An
// entry that ReadClaims would refuse is ErrInvalid, and nothing is written.
func WriteClaims(w io.Writer, list []Claim) error {
	sorted := slices.Clone(list)
	for i := range sorted {
		if sorted[i].Also == nil {
			sorted[i].Also = []Finding{}
		}
	}
	slices.SortStableFunc(sorted, func(a, b Claim) int { return cmp.Compare(a.ID, b.ID) })
	if err := checkClaims(sorted); err != nil {
		return fmt.Errorf("refusing to write: %w", err)
	}
	return write(w, sorted)
}

// ReadClaims reads what WriteClaims wrote, and refuses an unknown field, an id
// out of order or twice, an unknown verdict or kind of evidence, and a claim
// without its text.
func ReadClaims(r io.Reader) ([]Claim, error) {
	list, err := read[Claim](r)
	if err != nil {
		return nil, err
	}
	return list, checkClaims(list)
}

// Round gives v to six significant digits: as many as the draws behind a
// prediction can bear, and the same on every machine with the same arithmetic.
func Round(v float64) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 6, 64), 64)
	if err != nil { // only beyond the range of numbers, which the checks refuse
		return v
	}
	return rounded
}

func write[T any](w io.Writer, list []T) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // claims hold < and >
	e.SetIndent("", " ")
	return e.Encode(list)
}

func read[T any](r io.Reader) ([]T, error) {
	var list []T
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrInvalid, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: something follows the list", ErrInvalid)
	}
	return list, nil
}

func comparePredictions(a, b Prediction) int {
	return cmp.Or(
		cmp.Compare(a.Table, b.Table), cmp.Compare(a.Platform, b.Platform), cmp.Compare(a.Scenario, b.Scenario),
		cmp.Compare(a.Start, b.Start), cmp.Compare(a.Metric, b.Metric), cmp.Compare(a.Preset, b.Preset), cmp.Compare(a.Profile, b.Profile),
	)
}

func checkPredictions(list []Prediction) error {
	for i, q := range list {
		name := fmt.Sprintf("entry %d (table %d, %s, %s, %s, %s)", i, q.Table, q.Start, q.Metric, q.Preset, q.Profile)
		positive := func(v float64) bool { return v > 0 && !math.IsInf(v, 1) }
		switch {
		case q.Platform == "" || q.Scenario == "":
			return fmt.Errorf("%w: %s names no platform or no scenario", ErrInvalid, name)
		case q.Start != results.Cold && q.Start != results.Hot:
			return fmt.Errorf("%w: %s: start is cold or hot", ErrInvalid, name)
		case q.Metric != results.MetricTime && q.Metric != results.MetricMemory:
			return fmt.Errorf("%w: %s: metric is %s or %s", ErrInvalid, name, results.MetricTime, results.MetricMemory)
		case !slices.Contains(Presets(), q.Preset):
			return fmt.Errorf("%w: %s: unknown preset", ErrInvalid, name)
		case !slices.Contains(Profiles(), q.Profile):
			return fmt.Errorf("%w: %s: unknown profile", ErrInvalid, name)
		case !positive(q.Published) || !positive(q.Predicted.Low95) || !positive(q.Predicted.Median) || !positive(q.Predicted.High95):
			return fmt.Errorf("%w: %s: a figure is not above zero and finite", ErrInvalid, name)
		case q.Predicted.Low95 > q.Predicted.Median || q.Predicted.Median > q.Predicted.High95:
			return fmt.Errorf("%w: %s: the median lies outside its interval", ErrInvalid, name)
		case !(q.P >= 0 && q.P <= 1):
			return fmt.Errorf("%w: %s: p is not between 0 and 1", ErrInvalid, name)
		case i > 0 && comparePredictions(list[i-1], q) >= 0:
			return fmt.Errorf("%w: %s is out of order or there twice", ErrInvalid, name)
		}
	}
	return nil
}

func checkClaims(list []Claim) error {
	for i, c := range list {
		switch {
		case c.ID == "" || c.Claim == "" || c.Where == "" || c.Explanation == "":
			return fmt.Errorf("%w: claim %d (%q) lacks its id, text, place or explanation", ErrInvalid, i, c.ID)
		case !slices.Contains(Verdicts(), c.Verdict):
			return fmt.Errorf("%w: claim %s: unknown verdict %q", ErrInvalid, c.ID, c.Verdict)
		case !known(c.Evidence):
			return fmt.Errorf("%w: claim %s: unknown evidence %q", ErrInvalid, c.ID, c.Evidence)
		case i > 0 && list[i-1].ID >= c.ID:
			return fmt.Errorf("%w: claim %s is out of order or there twice", ErrInvalid, c.ID)
		}
		for _, f := range c.Also {
			if !known(f.Evidence) || !slices.Contains(Verdicts(), f.Verdict) {
				return fmt.Errorf("%w: claim %s: unknown evidence %q or verdict %q", ErrInvalid, c.ID, f.Evidence, f.Verdict)
			}
		}
	}
	return nil
}

func known(e Evidence) bool {
	return slices.Contains([]Evidence{Published, Measured, Simulated, Attack}, e)
}
