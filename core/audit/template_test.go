package audit_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core/audit"
)

// Every setting has a clause or the note behind it.
func TestTemplates(t *testing.T) {
	names := ""
	for _, template := range audit.Templates() {
		names += template.Name + " "
		if template.Title == "" || template.Note == "" || len(template.Clauses) < 4 {
			t.Errorf("%s lacks title, note or clauses", template.Name)
		}
		settings := template.Note
		for _, c := range template.Clauses {
			if c.Reference == "" || c.Says == "" {
				t.Errorf("%s has an empty clause", template.Name)
			}
			settings += c.Setting + " "
		}
		check := func(set bool, name string) {
			t.Helper()
			if set != strings.Contains(settings, name) {
				t.Errorf("%s: %s set %v, explained %v", template.Name, name, set, !set)
			}
		}
		check(template.Retention.Least != 0, "Retention.Least")
		check(template.Retention.Most != 0, "Retention.Most")
		check(template.Retention.Immediate != 0, "Retention.Immediate")
		check(len(template.Encrypt) != 0, "Encrypt")

		o, err := template.Apply(audit.Options{Sink: audit.NewSink(io.Discard), Mode: audit.Async}, fieldKey)
		if err != nil || o.Mode != audit.Strict || o.CriticalFailures != 3 || (o.Encrypt != nil) != (len(template.Encrypt) > 0) {
			t.Errorf("%s: got %+v, %v", template.Name, o, err)
		}
		newLog(t, o)
	}
	if names != "pci-dss gdpr ccpa hipaa " {
		t.Errorf("got %s", names)
	}

	// They are the caller's own.
	audit.Templates()[1].Encrypt[0] = "changed"
	audit.Templates()[1].Clauses[0].Says = "changed"
	if gdpr, _ := audit.FindTemplate("gdpr"); gdpr.Encrypt[0] != audit.FieldRequest || gdpr.Clauses[0].Says == "changed" {
		t.Error("a caller changed the templates")
	}
	if _, err := audit.FindTemplate("sox"); !errors.Is(err, audit.ErrOptions) || !strings.Contains(err.Error(), `"hipaa"`) {
		t.Errorf("got %v", err)
	}
}

// A template makes settings stricter, never laxer.
func TestApplyKeepsStricterSettings(t *testing.T) {
	ccpa, _ := audit.FindTemplate("ccpa")
	mine, _ := audit.NewFieldEncryption(fieldKey, audit.FieldKey, audit.FieldSource)
	o, err := ccpa.Apply(audit.Options{CriticalFailures: 1, Encrypt: mine}, fieldKey)
	if err != nil || o.CriticalFailures != 1 {
		t.Fatalf("got %+v, %v", o, err)
	}
	sink := &memory{}
	o.Sink = audit.NewSink(sink)
	l := newLog(t, o)
	l.Append(refusal(audit.Replay))
	closeLog(t, l)
	if text := sink.text(); strings.Contains(text, "alice") || strings.Contains(text, "API_KEY") || !strings.Contains(text, "r-1") {
		t.Errorf("got %s", text)
	}
	if o, err := ccpa.Apply(audit.Options{CriticalFailures: audit.NeverCritical}, fieldKey); err != nil || o.CriticalFailures != audit.NeverCritical {
		t.Errorf("alerts that were turned off came back: %d, %v", o.CriticalFailures, err)
	}
	if o, err := ccpa.Apply(audit.Options{CriticalFailures: audit.NeverCritical - 1}, fieldKey); err != nil || o.CriticalFailures != 3 {
		t.Errorf("got %d, %v", o.CriticalFailures, err)
	}
	if _, err := ccpa.Apply(audit.Options{}, nil); !errors.Is(err, audit.ErrOptions) {
		t.Errorf("got %v", err)
	}
}

func TestRetention(t *testing.T) {
	check := func(name string, days int, may, must bool) {
		t.Helper()
		template, err := audit.FindTemplate(name)
		if err != nil {
			t.Fatal(err)
		}
		if gotMay, gotMust := template.Retention.Due(time.Duration(days) * 24 * time.Hour); gotMay != may || gotMust != must {
			t.Errorf("%s after %d days: may %v, must %v", name, days, gotMay, gotMust)
		}
	}
	check("pci-dss", 364, false, false)
	check("pci-dss", 365, true, false)
	check("pci-dss", 5000, true, false)
	check("gdpr", 1, true, false)
	check("gdpr", 180, true, false)
	check("gdpr", 181, true, true)
	check("hipaa", 6*365+1, false, false)
	check("hipaa", 6*365+2, true, false)
}
