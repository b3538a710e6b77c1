package trail

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/dtbench/dtbench/core/audit"
)

// Entry is one line of an audit file. What the line leaves out is zero.
type Entry struct {
	Line        int       `json:"line,omitempty"` // in the file, from 1; not in the file
	Version     int       `json:"v"`
	Chain       string    `json:"chain"`
	Sequence    uint64    `json:"seq"` // in the chain, from 1
	Time        time.Time `json:"time"`
	Event       string    `json:"event"` // the names of audit's enumerations
	Result      string    `json:"result,omitempty"`
	Reason      string    `json:"reason,omitempty"`
	Request     string    `json:"request,omitempty"`
	Key         string    `json:"key,omitempty"`
	Source      string    `json:"source,omitempty"`
	Scheme      string    `json:"scheme,omitempty"`
	Algorithm   string    `json:"algorithm,omitempty"`
	Sensitivity string    `json:"sensitivity,omitempty"`
	WindowMS    int64     `json:"window_ms,omitempty"`
	AgeMS       int64     `json:"age_ms,omitempty"`
	ElapsedNS   int64     `json:"elapsed_ns,omitempty"`
	CallChain   string    `json:"call_chain,omitempty"`
	Behaviour   string    `json:"behaviour,omitempty"`
	Failures    uint32    `json:"failures,omitempty"`
	Of          uint64    `json:"of,omitempty"`      // number of the record that is withdrawn
	Dropped     uint64    `json:"dropped,omitempty"` // records lost just before
	After       string    `json:"after,omitempty"`   // "chain:number" that this chain goes on from
	Keyed       bool      `json:"keyed,omitempty"`   // the chain is an HMAC
	State       *State    `json:"state,omitempty"`
	// Where it comes from. Minimal records leave it out and Verify puts it in
	// from the first of the chain.
	Function        string `json:"function,omitempty"`
	FunctionVersion string `json:"version,omitempty"`
	Instance        string `json:"instance,omitempty"`
	Region          string `json:"region,omitempty"`
	Platform        string `json:"platform,omitempty"`
	Hash            string `json:"hash"`
}

// State is the environment that critical records carry: see audit.State.
type State struct {
	Granted   uint64 `json:"granted"`
	Refused   uint64 `json:"refused"`
	Nonces    int64  `json:"nonces"`
	Sources   int64  `json:"sources"`
	Blocked   *int64 `json:"blocked,omitempty"` // nil: not counted
	Protected int64  `json:"protected"`
	UptimeMS  int64  `json:"uptime_ms"`
}

// Refused tells whether the entry is a refusal, a withdrawn grant included.
func (e *Entry) Refused() bool { return e.Result == audit.Denied.String() }

// Critical tells whether the entry is of a kind that alerts: see audit.Event.
// A refusal is when it came with the state that rows of refusals are recorded
// with; a grant that is recorded in full is not.
func (e *Entry) Critical() bool {
	switch e.Event {
	case audit.Verify.String():
		return e.Refused() && e.State != nil
	case audit.Withdrawn.String(), audit.Unlisted.String(), audit.FactorAlert.String(), audit.Alert.String(),
		audit.Blocked.String(), audit.Restored.String(), audit.Revoked.String(), audit.Terminated.String():
		return true
	}
	return e.State != nil
}

// parse reads a line whose form has been checked.
func parse(line []byte) (*Entry, error) {
	var e Entry
	d := json.NewDecoder(bytes.NewReader(line))
	if err := d.Decode(&e); err != nil {
		return nil, fmt.Errorf("is no valid JSON: %s", printable(err.Error()))
	}
	e.Line = 0
	if e.Version != audit.SchemaVersion {
		return nil, fmt.Errorf("%w: v is %d, this program reads %d", ErrVersion, e.Version, audit.SchemaVersion)
	}
	if e.Chain == "" || e.Sequence == 0 || e.Time.IsZero() || e.Event == "" {
		return nil, fmt.Errorf("lacks chain, seq, time or event")
	}
	v := reflect.ValueOf(e)
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.String && strings.ContainsFunc(f.String(), unprintable) {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			return nil, fmt.Errorf("has control characters in %q", name)
		}
	}
	return &e, nil
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// printable replaces what a terminal could act on.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unprintable(r) {
			return '?'
		}
		return r
	}, s)
}

// reveal decrypts the fields that can be. What cannot stays as it is.
func (e *Entry) reveal(f *audit.FieldEncryption) error {
	for _, field := range []struct {
		name string
		text *string
	}{{audit.FieldRequest, &e.Request}, {audit.FieldKey, &e.Key}, {audit.FieldSource, &e.Source}} {
		plain, err := f.Reveal(e.Chain, e.Sequence, field.name, *field.text)
		if err != nil {
			return fmt.Errorf("field %s: %w", field.name, err)
		}
		*field.text = plain
	}
	return nil
}
