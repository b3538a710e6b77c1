package audit

import (
	"fmt"
	"slices"
	"time"
)

// Template is a starting point for the settings of a log under one set of rules.
// It is not compliance, nor legal advice: what the rules ask of an organisation
// goes far beyond a log, and whether they apply is for it to say.
type Template struct {
	Name  string // "pci-dss", "gdpr", "ccpa", "hipaa"
	Title string // of the rules, with version or year

	// Retention is how long records are kept, and Immediate for how long of
	// that they can be searched at once. Package audit deletes nothing: these
	// are for the platform that keeps the records. A bound of zero is none.
	Retention Retention

	// Mode, CriticalFailures and Encrypt are settings of Options.
	Mode             Mode
	CriticalFailures uint32
	Encrypt          []string

	Clauses []Clause
	Note    string // what the rules leave open and we chose
}

// Retention bounds how long records are kept.
type Retention struct {
	Least     time.Duration // not to be deleted before
	Most      time.Duration // to be deleted after
	Immediate time.Duration // searchable at once
}

// Clause is where a setting comes from.
type Clause struct {
	Reference string
	Says      string // in our words
	Setting   string // of the template that it leads to; empty if it is for the organisation
}

const day = 24 * time.Hour

// Templates returns all templates, each in its own copy.
func Templates() []Template {
	list := slices.Clone(templates)
	for i := range list {
		list[i].Encrypt = slices.Clone(list[i].Encrypt)
		list[i].Clauses = slices.Clone(list[i].Clauses)
	}
	return list
}

// FindTemplate returns a template by name; the error wraps [ErrOptions] and
// names the choices.
func FindTemplate(name string) (Template, error) {
	names := make([]string, 0, len(templates))
	for _, t := range Templates() {
		if t.Name == name {
			return t, nil
		}
		names = append(names, t.Name)
	}
	return Template{}, fmt.Errorf("%w: unknown template %.40q: choose one of %q", ErrOptions, name, names)
}

// Apply puts the settings of the template into o, where o does not ask for more:
// a stricter setting stays, and so does [NeverCritical]: no template is about
// alerts, their threshold is ours. It needs the field key when the template encrypts
// fields and o does not yet.
func (t Template) Apply(o Options, fieldKey []byte) (Options, error) {
	if t.Mode == Strict {
		o.Mode = Strict
	}
	if o.CriticalFailures == 0 || t.CriticalFailures < o.CriticalFailures && o.CriticalFailures != NeverCritical {
		o.CriticalFailures = t.CriticalFailures
	}
	if len(t.Encrypt) == 0 {
		return o, nil
	}
	fields := slices.Clone(t.Encrypt)
	if o.Encrypt != nil {
		fields = append(fields, o.Encrypt.fields...)
		slices.Sort(fields)
		fields = slices.Compact(fields)
	}
	e, err := NewFieldEncryption(fieldKey, fields...)
	if err != nil {
		return o, err
	}
	o.Encrypt = e
	return o, nil
}

// Due tells what is to be done with records of an age: whether they may be
// deleted, and whether they must be.
func (r Retention) Due(age time.Duration) (may, must bool) {
	must = r.Most != 0 && age > r.Most
	return must || age >= r.Least, must
}
