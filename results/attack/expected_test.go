package attack

import (
	"strconv"
	"strings"
	"testing"
)

func TestTheExpectedMatrixIsWhole(t *testing.T) {
	m, err := Expected()
	if err != nil {
		t.Fatal(err)
	}
	variants := []string{"benchmark", "literal", "optimized", "broker"}
	ids := []string{"S05", "S06", "S08"}
	for n := 1; n <= 25; n++ {
		ids = append(ids, "T"+strconv.Itoa(n))
	}
	for _, id := range ids {
		for _, v := range variants {
			if _, ok := m.Find(id, v); !ok {
				t.Errorf("nothing is expected of %s on %s", id, v)
			}
		}
	}
	if len(m) != len(ids)*len(variants) {
		t.Errorf("%d expectations", len(m))
	}
}

func TestAMatrixThatIsNoneIsRefused(t *testing.T) {
	check := func(document, names string) {
		t.Helper()
		if _, err := parseMatrix([]byte(document)); err == nil || !strings.Contains(err.Error(), names) {
			t.Errorf("%s: %v", document, err)
		}
	}
	cell := `{"attack":"T1","variant":"v","outcome":"hold","basis":"paper"}`
	check(`[`+cell+`,`+cell+`]`, "twice")
	check(`[{"attack":"T1","variant":"v","outcome":"good","basis":"paper"}]`, "good")
	check(`[{"attack":"T1","variant":"v","outcome":"could-not-run","basis":"paper"}]`, "could-not-run")
	check(`[{"attack":"T1","variant":"v","outcome":"hold","basis":"guess"}]`, "guess")
	check(`[{"attack":"T01","variant":"v","outcome":"hold","basis":"paper"}]`, "T01")
	check(`[{"attack":"T1","variant":"","outcome":"hold","basis":"paper"}]`, "T1")
	check(`[{"attack":"T1","result":"hold"}]`, "unknown field")
}
