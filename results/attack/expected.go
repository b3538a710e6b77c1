package attack

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
)

//go:embed expected.json
var expectedDocument []byte

// Expectation is the outcome that an attack on a variant must have. Any other
// is a failure, a better one too: an improvement is entered here, with its
// reason.
type Expectation struct {
	Attack  string  `json:"attack"`
	Variant string  `json:"variant"`
	Outcome Outcome `json:"outcome"`
	Basis   Basis   `json:"basis"`
	Note    string  `json:"note,omitempty"`
}

// Matrix is the expected matrix.
type Matrix []Expectation

// Expected returns the matrix of this repository.
func Expected() (Matrix, error) { return parseMatrix(expectedDocument) }

// parseMatrix reads a matrix and refuses one with an unknown word, or with two
// expectations of one cell.
func parseMatrix(document []byte) (Matrix, error) {
	var m Matrix
	d := json.NewDecoder(bytes.NewReader(document))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return nil, fmt.Errorf("expected matrix: %w", err)
	}
	seen := map[[2]string]bool{}
	for _, e := range m {
		cell := [2]string{e.Attack, e.Variant}
		switch {
		case !identifier.MatchString(e.Attack) || e.Variant == "":
			return nil, fmt.Errorf("expected matrix: attack %q on variant %q", e.Attack, e.Variant)
		case !slices.Contains(Outcomes(), e.Outcome) || e.Outcome == CouldNotRun:
			return nil, fmt.Errorf("expected matrix: %s on %s: outcome %q", e.Attack, e.Variant, e.Outcome)
		case e.Basis != Paper && e.Basis != OurReading:
			return nil, fmt.Errorf("expected matrix: %s on %s: basis %q", e.Attack, e.Variant, e.Basis)
		case seen[cell]:
			return nil, fmt.Errorf("expected matrix: %s on %s stands there twice", e.Attack, e.Variant)
		}
		seen[cell] = true
	}
	return m, nil
}

// Find returns what is expected of an attack on a variant.
func (m Matrix) Find(attack, variant string) (Expectation, bool) {
	i := slices.IndexFunc(m, func(e Expectation) bool { return e.Attack == attack && e.Variant == variant })
	if i < 0 {
		return Expectation{}, false
	}
	return m[i], true
}

// identifier is that of an attack, T7, or of a claim of the paper that no attack of
// the table is about, S05 (results/paper).
var identifier = regexp.MustCompile(`^(T[1-9][0-9]?|S0[1-9])$`)

// Variants lists those that something is expected of, in the order of the matrix.
func (m Matrix) Variants() []string {
	var names []string
	for _, e := range m {
		if !slices.Contains(names, e.Variant) {
			names = append(names, e.Variant)
		}
	}
	return names
}
