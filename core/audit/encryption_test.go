package audit_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/core/audit"
	"github.com/dtbench/dtbench/core/audit/trail"
)

var fieldKey = bytes.Repeat([]byte("f"), 32)

func TestFieldEncryption(t *testing.T) {
	encryption, err := audit.NewFieldEncryption(fieldKey, audit.FieldSource, audit.FieldRequest)
	if err != nil {
		t.Fatal(err)
	}
	sink := &memory{}
	l := newLog(t, audit.Options{Sink: audit.NewSink(sink), GrantBound: generous, Encrypt: encryption})
	l.Append(refusal(audit.Replay))
	l.Append(refusal(audit.Replay))
	closeLog(t, l)
	text := sink.text()
	if strings.Contains(text, "alice") || strings.Contains(text, "r-1") || !strings.Contains(text, `"key":"API_KEY"`) {
		t.Errorf("got %s", text)
	}

	// The chain holds without the key; with it the fields are readable.
	entries := read(t, text, trail.Options{})
	if !strings.HasPrefix(entries[1].Source, "enc:") || entries[1].Source == entries[2].Source {
		t.Errorf("got %q, %q", entries[1].Source, entries[2].Source)
	}
	entries = read(t, text, trail.Options{Fields: encryption})
	if entries[1].Source != "alice" || entries[2].Request != "r-1" {
		t.Errorf("got %+v", entries[1])
	}

	// A field is bound to its place.
	check := func(text string, want error) {
		t.Helper()
		got, err := encryption.Reveal("chain", 7, audit.FieldSource, text)
		if !errors.Is(err, want) || err == nil && got != text {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
	check("plain", nil)
	check("enc:!", audit.ErrField)
	check("enc:AAAA", audit.ErrField)
	sealed := read(t, text, trail.Options{})[1]
	check(sealed.Source, audit.ErrField)
	for _, place := range []struct {
		chain    string
		sequence uint64
		field    string
	}{{"other", sealed.Sequence, "source"}, {sealed.Chain, 1, "source"}, {sealed.Chain, sealed.Sequence, "request"}} {
		if _, err := encryption.Reveal(place.chain, place.sequence, place.field, sealed.Source); !errors.Is(err, audit.ErrField) {
			t.Errorf("%+v: got %v", place, err)
		}
	}

	wrong, _ := audit.NewFieldEncryption(bytes.Repeat([]byte("w"), 32))
	if _, err := trail.Verify(strings.NewReader(text), trail.Options{Fields: wrong}, nil); !errors.Is(err, audit.ErrField) {
		t.Errorf("got %v", err)
	}
	if _, err := audit.NewFieldEncryption(fieldKey[1:]); !errors.Is(err, audit.ErrOptions) {
		t.Errorf("got %v", err)
	}
	if _, err := audit.NewFieldEncryption(fieldKey, "hash"); !errors.Is(err, audit.ErrOptions) {
		t.Errorf("got %v", err)
	}
}
