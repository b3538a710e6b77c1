package paper

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
)

//go:embed claims.json
var claims []byte

// Claim is one claim of the paper with the predicate that report/claims
// evaluates. It holds no verdict.
type Claim struct {
	ID        string `json:"id"`
	Claim     string `json:"claim"`     // what the paper says
	Where     string `json:"where"`     // section, figure or table
	Predicate string `json:"predicate"` // when the claim holds, in words
	// Conceded is a limit that the authors grant themselves.
	Conceded string `json:"conceded,omitempty"`
	// Evidence is "attack" where only the attack matrix can decide.
	Evidence string `json:"evidence,omitempty"`
}

// LoadClaims returns the claims in the order of the file, a fresh list with
// every call. An error means that the embedded file is damaged.
func LoadClaims() ([]Claim, error) {
	list, err := decodeClaims(bytes.NewReader(claims))
	if err != nil {
		return nil, fmt.Errorf("claims of the paper: %w", err)
	}
	return list, nil
}

func decodeClaims(r io.Reader) ([]Claim, error) {
	var list []Claim
	if err := decodeStrictly(r, &list); err != nil {
		return nil, err
	}
	seen := make(map[string]bool, len(list))
	for i, c := range list {
		switch {
		case c.ID == "" || c.Claim == "" || c.Where == "" || c.Predicate == "":
			return nil, fmt.Errorf("claim %d (%q) lacks its id, text, place or predicate", i+1, c.ID)
		case seen[c.ID]:
			return nil, fmt.Errorf("claim %s is there twice", c.ID)
		case c.Evidence != "" && c.Evidence != "attack":
			return nil, fmt.Errorf("claim %s: unknown evidence %q", c.ID, c.Evidence)
		}
		seen[c.ID] = true
	}
	return list, nil
}

// decodeStrictly refuses unknown fields, so that a typing error in a data file
// does not pass for missing data.
func decodeStrictly(r io.Reader, into any) error {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	return d.Decode(into)
}
