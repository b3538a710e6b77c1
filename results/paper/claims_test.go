package paper

import (
	"strings"
	"testing"
)

func TestClaims(t *testing.T) {
	list, err := LoadClaims()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 59 {
		t.Errorf("%d claims, want 59", len(list))
	}
	attacks := 0
	for _, c := range list {
		if (c.Evidence == "attack") != strings.HasPrefix(c.ID, "S") {
			t.Errorf("%s: evidence %q", c.ID, c.Evidence)
		}
		if c.Evidence == "attack" {
			attacks++
		}
	}
	if attacks != 8 {
		t.Errorf("%d claims need the attack matrix, want 8", attacks)
	}
	list[0].ID = "changed"
	if again, _ := LoadClaims(); again[0].ID == "changed" {
		t.Error("a caller's change stayed")
	}
}

func TestDamagedClaims(t *testing.T) {
	check := func(text, want string) {
		t.Helper()
		if _, err := decodeClaims(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	const good = `{"id": "P01", "claim": "c", "where": "w", "predicate": "p"}`
	check(`{`, "unexpected EOF")
	check(`[{"id": "P01", "claim": "c", "where": "w"}]`, "lacks its id, text, place or predicate")
	check(`[`+good+`,`+good+`]`, "P01 is there twice")
	check(`[{"id": "P01", "claim": "c", "where": "w", "predicate": "p", "verdict": "holds"}]`, "unknown field")
	check(`[{"id": "P01", "claim": "c", "where": "w", "predicate": "p", "evidence": "hearsay"}]`, "unknown evidence")
}
