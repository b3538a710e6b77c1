package evidence

import (
	"errors"
	"strings"
	"testing"
)

func TestSearch(t *testing.T) {
	check := func(data string, prey Prey, want ...string) {
		t.Helper()
		var s Sight
		n := s.Search("here", []byte(data), prey)
		copies := 0
		for _, f := range s.Findings {
			copies += f.Copies
		}
		if n != copies {
			t.Errorf("%q: %d found, %d copies", data, n, copies)
		}
		for _, value := range want {
			if len(s.Of(Hash([]byte(value)))) != 1 {
				t.Errorf("%q: %q is missing", data, value)
			}
		}
		if len(s.Findings) != len(want) {
			t.Errorf("%q: %d findings, want %d", data, len(s.Findings), len(want))
		}
	}
	key := Prey{Marker: "AKIA", Length: 8}
	check("", key)
	check("A=AKIA1234\x00B=x", key, "AKIA1234")
	check("AKIA1234 AKIA1234 AKIA5678", key, "AKIA1234", "AKIA5678")
	check("AKIAAKIA1234", key, "AKIAAKIA", "AKIA1234")
	check("AKIA123", key)                             // cut off
	check("abcdefgh", Prey{Marker: "abc", Length: 8}) // no form at all
}

func TestNothingOfAFindingIsItsValue(t *testing.T) {
	var s Sight
	s.Search("here", []byte("AKIA1234"), Prey{Marker: "AKIA", Length: 8})
	s.Looked("there", 5, errors.New("closed"))
	s.Looked("here", 8, nil)
	if s.Bytes != 13 || strings.Join(s.Read, ",") != "here" || strings.Join(s.Refused, ",") != "there: closed" {
		t.Errorf("%+v", s)
	}
	if f := s.Findings[0]; strings.Contains(f.Place+f.SHA256, "AKIA") {
		t.Errorf("%+v", f)
	}
}
