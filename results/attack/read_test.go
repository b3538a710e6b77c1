package attack

import (
	"errors"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/results"
)

func TestReadRefuses(t *testing.T) {
	check := func(document, names string) {
		t.Helper()
		_, err := Read(strings.NewReader(document))
		if !errors.Is(err, results.ErrInvalid) || !strings.Contains(err.Error(), names) {
			t.Errorf("%s: %v", document, err)
		}
	}
	file := func(cell string) string { return `{"schema":"dtbench/attack/v1","cells":[` + cell + `]}` }
	check(`{`, "")
	check(`{"schema":"dtbench/attack/v2"}`, "dtbench/attack/v2")
	check(file(`{"attack":"T1","outcome":"hold","expected":"hold"}`), "without attack or variant")
	check(file(`{"attack":"T1","variant":"v","outcome":"fine","expected":"hold"}`), "fine")
	check(file(`{"attack":"T1","variant":"v","outcome":"hold","expected":""}`), "T1 on v")
	check(file(`{"attack":"T1","variant":"v","outcome":"hold","expected":"hold","duration_ms":-1}`), "-1")
}

func TestCells(t *testing.T) {
	f, err := Read(strings.NewReader(`{"schema":"dtbench/attack/v1","later":1,"cells":[
		{"attack":"T1","variant":"v","outcome":"hold","expected":"hold"},
		{"attack":"T2","variant":"v","outcome":"hold","expected":"leak"},
		{"attack":"T3","variant":"v","outcome":"could-not-run","expected":"hold"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if d := f.Deviations(); len(d) != 1 || d[0].Attack != "T2" {
		t.Errorf("deviations %v: an improvement is one too, and what did not run is none", d)
	}
	if n := f.NotRun(); len(n) != 1 || n[0].Attack != "T3" {
		t.Errorf("not run %v", n)
	}
	if c, ok := f.Find("T2", "v"); !ok || c.AsExpected() {
		t.Errorf("%+v, %v", c, ok)
	}
	if _, ok := f.Find("T4", "v"); ok {
		t.Error("T4 was found")
	}
}

// Every attack of the table is in our mapping, or is about a guarantee that no
// risk names; none is there that does not exist.
func TestRisksNameAttacksThatExist(t *testing.T) {
	m, err := Expected()
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, r := range Risks() {
		if r.Paper == "" || r.Title == "" {
			t.Errorf("%+v", r)
		}
		for _, id := range r.Attacks {
			named++
			if _, ok := m.Find(id, "literal"); !ok {
				t.Errorf("%s names %s, which is none", r.ID, id)
			}
		}
	}
	if named < 20 {
		t.Errorf("%d attacks are named", named)
	}
}
