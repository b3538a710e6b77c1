package paper

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
)

//go:embed facts.json
var facts []byte

// Facts are what some predicates need beside the tables: what the platforms'
// documentation says, what others published, and what the paper's text holds
// and lacks. Each fact about the world carries its source.
type Facts struct {
	Runtime    RuntimeFacts `json:"runtime"`
	ColdStarts []ColdStarts `json:"cold_starts"`
	Metering   Metering     `json:"metering"`
	Reported   Reported     `json:"reported"`
	// NotReported lists the data that claims rest on and the paper lacks.
	NotReported []Missing `json:"not_reported"`
}

// Source says where a fact was read.
type Source struct {
	Title string `json:"title"`
	URL   string `json:"url"`   // empty for a printed article
	Dated string `json:"dated"` // the source's own date; empty where it bears none
	Read  string `json:"read"`  // when it was read
}

// String is the source on one line, with the better of its dates.
func (s Source) String() string {
	if s.Dated == "" {
		return fmt.Sprintf("%s (undated, read %s)", s.Title, s.Read)
	}
	return fmt.Sprintf("%s (%s)", s.Title, s.Dated)
}

// RuntimeFacts are the runtime that the paper states and the managed ones that
// each platform documents.
type RuntimeFacts struct {
	Stated    string            `json:"stated"`
	Where     string            `json:"where"`
	Text      string            `json:"text"`
	Platforms []ManagedRuntimes `json:"platforms"`
}

// ManagedRuntimes are the Python runtimes that a platform offers ready-made.
type ManagedRuntimes struct {
	Platform string   `json:"platform"`
	Managed  []string `json:"managed"`
	Verified bool     `json:"verified"` // read in the source, not remembered
	Source   Source   `json:"source"`
	Note     string   `json:"note"`
}

// ColdStarts is a published range of start-up times on a platform.
type ColdStarts struct {
	Platform string  `json:"platform"`
	LowMS    float64 `json:"low_ms"`
	HighMS   float64 `json:"high_ms"`
	Quantity string  `json:"quantity"` // from what to what
	Source   Source  `json:"source"`
}

// Metering says which phases of a cold start a platform's figures cover.
type Metering struct {
	Platform string `json:"platform"`
	// MetricSourceStated: the paper says where its times come from.
	MetricSourceStated bool     `json:"metric_source_stated"`
	Phases             []Phases `json:"phases"`
	Reason             string   `json:"reason"`
	Verified           bool     `json:"verified"`
	Source             Source   `json:"source"`
}

// Phases are the metered phases of one variant.
type Phases struct {
	Variant string   `json:"variant"`
	Metered []string `json:"metered"`
}

// Reported lists what the paper's text holds of certain kinds: where a quotation
// would stand if there were one.
type Reported struct {
	Analyses          []string `json:"analyses_behind_faster_results"`
	DiscussionNumbers []string `json:"performance_numbers_in_discussion"`
	PreWarmed         []string `json:"pre_warmed_measurements"`
	Ablations         []string `json:"ablations"`
}

// Missing is a kind of data that the paper does not give, and the claims that
// rest on it.
type Missing struct {
	What   string   `json:"what"`
	Claims []string `json:"claims"`
}

// LoadFacts returns the facts, a fresh copy with every call. An error means that
// the embedded file is damaged.
func LoadFacts() (Facts, error) {
	f, err := decodeFacts(bytes.NewReader(facts))
	if err != nil {
		return Facts{}, fmt.Errorf("facts about the paper: %w", err)
	}
	return f, nil
}

func decodeFacts(r io.Reader) (Facts, error) {
	var f Facts
	if err := decodeStrictly(r, &f); err != nil {
		return Facts{}, err
	}
	if f.Runtime.Stated == "" || len(f.Runtime.Platforms) == 0 || len(f.ColdStarts) == 0 || len(f.Metering.Phases) == 0 {
		return Facts{}, errors.New("runtimes, cold starts or metered phases are missing")
	}
	for _, c := range f.ColdStarts {
		if !(c.LowMS > 0) || !(c.HighMS >= c.LowMS) {
			return Facts{}, fmt.Errorf("cold starts on %s from %v to %v ms", c.Platform, c.LowMS, c.HighMS)
		}
	}
	sources := []Source{f.Metering.Source}
	for _, p := range f.Runtime.Platforms {
		sources = append(sources, p.Source)
	}
	for _, c := range f.ColdStarts {
		sources = append(sources, c.Source)
	}
	for _, s := range sources {
		if s.Title == "" || s.Read == "" {
			return Facts{}, fmt.Errorf("a fact lacks its source or the date when it was read (%q)", s.Title)
		}
	}
	return f, nil
}

// Missing returns what data the paper lacks for a claim, empty when none.
func (f Facts) Missing(claim string) string {
	for _, m := range f.NotReported {
		for _, id := range m.Claims {
			if id == claim {
				return m.What
			}
		}
	}
	return ""
}
