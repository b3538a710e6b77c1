package paper

import (
	"strings"
	"testing"
)

func TestFacts(t *testing.T) {
	f, err := LoadFacts()
	if err != nil {
		t.Fatal(err)
	}
	list, err := LoadClaims()
	if err != nil {
		t.Fatal(err)
	}
	ids := make(map[string]bool)
	for _, c := range list {
		ids[c.ID] = true
	}
	seen := make(map[string]bool)
	for _, m := range f.NotReported {
		for _, id := range m.Claims {
			if !ids[id] || seen[id] {
				t.Errorf("%q names claim %s, which is unknown or named twice", m.What, id)
			}
			seen[id] = true
		}
	}
	if f.Missing("T03") != "the time of a hash" || f.Missing("P01") != "" {
		t.Errorf("missing for T03: %q, for P01: %q", f.Missing("T03"), f.Missing("P01"))
	}
	if !strings.Contains(f.Runtime.Text, f.Runtime.Stated) {
		t.Errorf("%q does not state %s", f.Runtime.Text, f.Runtime.Stated)
	}
	for _, p := range f.Runtime.Platforms {
		if !p.Verified || p.Source.URL == "" || len(p.Managed) == 0 {
			t.Errorf("runtimes of %s: %+v", p.Platform, p)
		}
	}
}

func TestSourceText(t *testing.T) {
	check := func(s Source, want string) {
		t.Helper()
		if got := s.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	check(Source{Title: "A page", Dated: "2025-07-02", Read: "2026-11-22"}, "A page (2025-07-02)")
	check(Source{Title: "A page", Read: "2026-11-22"}, "A page (undated, read 2026-11-22)")
}

func TestDamagedFacts(t *testing.T) {
	check := func(old, replacement, want string) {
		t.Helper()
		text := strings.Replace(string(facts), old, replacement, 1)
		if text == string(facts) {
			t.Fatalf("%q is not in the file", old)
		}
		if _, err := decodeFacts(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s instead of %s: %v, want %q", replacement, old, err, want)
		}
	}
	check(`"runtime": {`, `"runtimes": {`, "unknown field")
	check(`"stated": "Python 3.8"`, `"stated": ""`, "missing")
	check(`"low_ms": 1100`, `"low_ms": 3000`, "cold starts on aliyun")
	check(`"read": "2026-11-22"`, `"read": ""`, "lacks its source")
}
