package claims

import (
	"strings"
	"testing"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/results/reproduction"
)

func TestCosts(t *testing.T) {
	check := func(id string, want reproduction.Verdict, change func(*results.Microcosts)) {
		t.Helper()
		e := load(t)
		e.Microcosts = costs()
		if change != nil {
			change(e.Microcosts)
		}
		if c := of(t, e, id); c.Verdict != want || c.Evidence != reproduction.Measured {
			t.Errorf("%s: %s by %s, want %s: %s", id, c.Verdict, c.Evidence, want, c.Computed)
		}
	}
	check("A01", holds, nil)
	check("A01", contradicted, func(m *results.Microcosts) { m.Audit[0].Added.P95 = 1e6 })
	check("A02", holds, nil)
	check("A02", contradicted, func(m *results.Microcosts) { m.Audit[0].Stalled.P99 = 1.6 * m.Audit[0].Off.P99 })
	check("A02", untested, func(m *results.Microcosts) { m.Audit = nil })
	check("T01", holds, nil)
	check("T01", contradicted, func(m *results.Microcosts) { m.Refusals[0].Expired = exactly(40) })
	check("T01", notShown, func(m *results.Microcosts) { m.Refusals[0].Expired = cost(45, 52, 60) })
	check("T03", holds, nil)
	check("T03", contradicted, func(m *results.Microcosts) { m.Rules[0].Time = exactly(300) })
	check("T03", notShown, func(m *results.Microcosts) { m.Rules[0].Time = cost(150, 190, 230) })
	check("T03", untested, func(m *results.Microcosts) { m.Rules = m.Rules[1:] })
	check("T04", holds, nil)
	check("T04", contradicted, func(m *results.Microcosts) { m.Registries[0].Peak = 20000 })
	check("T07", holds, nil)
	check("T07", contradicted, func(m *results.Microcosts) { m.Verify[0].Ratio = exactly(2.1) })
	check("P32", holds, nil)
	check("P32", contradicted, func(m *results.Microcosts) { m.Verify[1].CPU = exactly(1000) })
	check("P32", contradicted, func(m *results.Microcosts) { m.Verify[1].Bytes = exactly(2000) })
	check("P32", notShown, func(m *results.Microcosts) { m.Verify[1].CPU = cost(800, 900, 1000) })
}

// The paper's scheme decides; the hardened core stands beside it, and is not
// spared.
func TestTheLiteralSchemeDecides(t *testing.T) {
	e := load(t)
	e.Microcosts = costs()
	check := func(id string, want reproduction.Verdict) {
		t.Helper()
		c := of(t, e, id)
		if !strings.HasPrefix(c.Computed, "literal") || len(c.Also) != 1 || !strings.HasPrefix(c.Also[0].Computed, "optimized") || c.Also[0].Verdict != want {
			t.Errorf("%s: %s, also %+v, want %s", id, c.Computed, c.Also, want)
		}
	}
	check("A01", holds)
	check("A02", contradicted)
	check("T01", contradicted)
	check("T04", contradicted)
	check("T07", holds)
}

func TestAttacks(t *testing.T) {
	check := func(id string, cells []attack.Cell, want, wantAlso reproduction.Verdict) {
		t.Helper()
		e := load(t)
		e.Attacks = cells
		c := of(t, e, id)
		also := reproduction.Verdict("")
		if len(c.Also) > 0 {
			also = c.Also[0].Verdict
		}
		if c.Verdict != want || also != wantAlso || c.Evidence != reproduction.Attack {
			t.Errorf("%s: %s, also %q, want %s and %q: %s", id, c.Verdict, also, want, wantAlso, c.Computed)
		}
	}
	all := func() []attack.Cell { return matrix(attack.Hold) }
	check("S02", all(), holds, holds)
	check("S02", matrix(attack.Denied), holds, holds)
	check("S02", outcome(all(), "T9", "literal", attack.Broken), contradicted, holds)
	check("S02", outcome(all(), "T9", "optimized", attack.Broken), holds, contradicted)
	// What could not run never counts as held, and a break elsewhere still counts.
	check("S02", outcome(all(), "T9", "literal", attack.CouldNotRun), untested, holds)
	check("S02", outcome(outcome(all(), "T9", "literal", attack.CouldNotRun), "T7", "literal", attack.Broken), contradicted, holds)
	check("S02", outcome(all(), "T9", "literal", attack.NotApplicable), notShown, holds)
	check("S02", []attack.Cell{}, untested, untested)
	check("S05", all(), untested, "")
	check("S05", outcome(all(), "S05", "literal", attack.Hold), holds, untested)
	check("S06", outcome(outcome(all(), "S06", "literal", attack.NotApplicable), "S06", "optimized", attack.Hold), notShown, holds)
	check("S08", all(), untested, "")
	check("S08", outcome(all(), "S08", "literal", attack.Hold), holds, untested)
}
