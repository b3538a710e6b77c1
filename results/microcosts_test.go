package results

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
)

func someCost() Cost {
	return Cost{Unit: "ns", Rounds: 3, Batch: 2, Median: 5, Low95: 4, High95: 6, P95: 7, P99: 8}
}

func microcosts() *Microcosts {
	c := someCost()
	return &Microcosts{
		Schema: MicrocostsSchema, CPUClock: "thread",
		Audit:      []AuditCost{{Scheme: SchemeLiteral, Mode: "async", Off: c, On: c, Added: c, Stalled: c}},
		Refusals:   []RefusalCost{{Scheme: SchemeLiteral, Replayed: c, Expired: c, Forged: c}},
		Rules:      []RuleCost{{Algorithm: "md5", Time: c}},
		Registries: []RegistryGrowth{{Scheme: SchemeLiteral, RatePerSecond: 1, WindowS: 1, Accepted: 2, Peak: 2, HalfPeak: 1}},
		Verify:     []VerifyCost{{Scheme: SchemeLiteral, Checks: c, Access: c, CPU: c, Bytes: c, HMAC: c, Ratio: c}},
	}
}

func TestMicrocostsRoundTrip(t *testing.T) {
	var first, second bytes.Buffer
	if err := WriteMicrocosts(&first, microcosts()); err != nil {
		t.Fatal(err)
	}
	m, err := ReadMicrocosts(bytes.NewReader(first.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteMicrocosts(&second, m); err != nil || first.String() != second.String() {
		t.Errorf("read and written again: %v\n%s", err, second.String())
	}
}

func TestMicrocostsThatAreRefused(t *testing.T) {
	check := func(want string, change func(*Microcosts)) {
		t.Helper()
		m := microcosts()
		change(m)
		var b bytes.Buffer
		err := WriteMicrocosts(&b, m)
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), want) || b.Len() > 0 {
			t.Errorf("%v after %d bytes, want %q after none", err, b.Len(), want)
		}
	}
	check("schema", func(m *Microcosts) { m.Schema = "dtbench/microcosts/v2" })
	check("audit literal async on", func(m *Microcosts) { m.Audit[0].On.Rounds = 0 })
	check("refusal literal forged", func(m *Microcosts) { m.Refusals[0].Forged.Unit = "" })
	check("rule md5", func(m *Microcosts) { m.Rules[0].Time.Low95 = 9 })
	check("not finite", func(m *Microcosts) { m.Verify[0].Ratio.P99 = math.Inf(1) })
	check("literal registry", func(m *Microcosts) { m.Registries[0].Peak = 0 })
	for _, text := range []string{``, `{}`, `[]`} {
		if _, err := ReadMicrocosts(strings.NewReader(text)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
