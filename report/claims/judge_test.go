package claims

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/internal/golden"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/results/paper"
	"github.com/dtbench/dtbench/results/reproduction"
)

const (
	holds        = reproduction.Holds
	contradicted = reproduction.Contradicted
	notShown     = reproduction.NotShown
	untested     = reproduction.Untested
)

func TestEveryClaimHasAJudgeAndEveryJudgeAClaim(t *testing.T) {
	list, err := paper.LoadClaims()
	if err != nil {
		t.Fatal(err)
	}
	claimed := make(map[string]bool)
	for _, c := range list {
		claimed[c.ID] = true
		if judges[c.ID] == nil {
			t.Errorf("claim %s (%s) has no predicate in code", c.ID, c.Claim)
		}
	}
	for id := range judges {
		if !claimed[id] {
			t.Errorf("the predicate of %s belongs to no claim", id)
		}
	}
	if len(list) < 50 {
		t.Errorf("only %d claims", len(list))
	}
}

// expected holds one line for each claim, checked by hand on the paper: the
// verdict on the published data alone, and one that other data must give.
var expected = []struct {
	id        string
	published reproduction.Verdict
	other     reproduction.Verdict
	change    func(*Evidence)
}{
	{"P01", holds, contradicted, func(e *Evidence) { setTime(e, 4, "optimized", results.Cold, 63.9) }}, // +34.8 %
	{"P02", contradicted, holds, func(e *Evidence) { setTime(e, 3, "optimized", results.Cold, 69.69) }},
	{"P03", holds, contradicted, func(e *Evidence) { setMemory(e, 3, "optimized", results.Cold, 13.3) }},
	{"P04", holds, contradicted, func(e *Evidence) { setMemory(e, 4, "optimized", results.Cold, 15.2) }},
	{"P05", contradicted, holds, func(e *Evidence) { setMemory(e, 3, "optimized", results.Cold, 14.8) }},
	{"P06", holds, contradicted, func(e *Evidence) { setTime(e, 4, "optimized", results.Hot, 1.03) }},
	{"P07", holds, contradicted, func(e *Evidence) { setTime(e, 5, "optimized", results.Cold, 425) }},
	{"P08", holds, contradicted, func(e *Evidence) { setTime(e, 5, "optimized", results.Hot, 41) }},
	{"P09", holds, contradicted, func(e *Evidence) { setTime(e, 6, "optimized", results.Cold, 809) }}, // -1.6 %
	{"P10", holds, contradicted, func(e *Evidence) { setTime(e, 6, "optimized", results.Hot, 540) }},
	{"P11", holds, contradicted, func(e *Evidence) { setMemory(e, 6, "optimized", results.Hot, 63.1) }},
	{"P12", holds, contradicted, func(e *Evidence) { setMemory(e, 4, "optimized", results.Hot, 17) }},
	{"P13", notShown, holds, func(e *Evidence) {
		flatten(e, results.Hot)
		e.Runs = []*results.File{run(results.Measured, 15, everywhere(arm{1, 1, 0.02}))}
	}},
	{"P14", holds, contradicted, func(e *Evidence) { setTime(e, 5, "optimized", results.Cold, 390) }},
	{"P15", contradicted, holds, func(e *Evidence) { setTime(e, 5, "optimized", results.Hot, 70) }},
	{"P16", holds, contradicted, func(e *Evidence) { setTime(e, 3, "benchmark", results.Cold, 3) }},
	{"P17", notShown, contradicted, func(e *Evidence) { e.Simulated = []Preset{preset(*e, "low", 0.001, 0.1)} }},
	{"P18", notShown, contradicted, func(e *Evidence) { e.Simulated = []Preset{preset(*e, "low", 0.001, 0.1)} }},
	{"P19", notShown, holds, func(e *Evidence) { e.Facts.Reported.Analyses = []string{"p = 0.4"} }},
	{"P20", untested, contradicted, func(e *Evidence) {
		e.Runs = []*results.File{run(results.Measured, 15, everywhere(arm{1, 1, 0.3}))}
	}},
	{"P21", untested, contradicted, func(e *Evidence) {
		e.Runs = []*results.File{run(results.Measured, 15, everywhere(arm{1, 1, 0.8}))}
	}},
	{"P22", contradicted, holds, func(e *Evidence) {
		for i := range e.Published.Tables {
			e.Published.Tables[i].PlatformNamed = true
		}
		for _, scenario := range []string{"storage", "network"} {
			e.Published.Tables = append(e.Published.Tables, paper.Table{Number: 9, Platform: "tencent", PlatformNamed: true, Scenario: scenario})
		}
	}},
	{"P23", contradicted, holds, func(e *Evidence) { e.Facts.Runtime.Stated = "Python 3.9" }},
	{"P24", contradicted, holds, func(e *Evidence) { setTime(e, 3, "benchmark", results.Cold, 1100) }},
	{"P25", contradicted, holds, func(e *Evidence) { e.Facts.Metering.Phases[0].Metered = e.Facts.Metering.Phases[1].Metered }},
	{"P26", holds, contradicted, func(e *Evidence) { setTime(e, 4, "optimized", results.Cold, 47.41+65) }},
	{"P27", notShown, holds, func(e *Evidence) {
		flatten(e, results.Hot)
		e.Runs = []*results.File{run(results.Measured, 15, everywhere(arm{1, 1, 0.02}))}
	}},
	{"P28", holds, contradicted, func(e *Evidence) { setTime(e, 6, "optimized", results.Hot, 900) }},
	{"P29", notShown, holds, func(e *Evidence) { e.Facts.Reported.PreWarmed = []string{"3.1 ms pre-warmed"} }},
	{"P30", contradicted, holds, func(e *Evidence) { setTime(e, 6, "optimized", results.Cold, 830) }},
	{"P31", contradicted, holds, func(e *Evidence) {
		setTime(e, 3, "optimized", results.Cold, 2.1)
		setTime(e, 4, "optimized", results.Cold, 48)
	}},
	{"P32", untested, holds, func(e *Evidence) { e.Microcosts = costs() }},
	{"P33", contradicted, holds, func(e *Evidence) {
		for _, table := range []int{3, 5, 6} {
			setTime(e, table, "benchmark", results.Cold, 1100)
		}
	}},
	{"A01", untested, holds, func(e *Evidence) { e.Microcosts = costs() }},
	{"A02", untested, holds, func(e *Evidence) { e.Microcosts = costs() }},
	{"T01", untested, holds, func(e *Evidence) { e.Microcosts = costs() }},
	{"T02", untested, untested, nil},
	{"T03", untested, holds, func(e *Evidence) { e.Microcosts = costs() }},
	{"T04", untested, holds, func(e *Evidence) { e.Microcosts = costs() }},
	{"T05", untested, untested, nil},
	{"T06", untested, untested, nil},
	{"T07", untested, holds, func(e *Evidence) { e.Microcosts = costs() }},
	{"X01", contradicted, holds, func(e *Evidence) { e.Facts.Reported.DiscussionNumbers = []string{"0.3 ms"} }},
	{"U01", holds, contradicted, func(e *Evidence) { setPercent(e, "attacked", 27.5, 1) }},
	{"U02", contradicted, holds, func(e *Evidence) { // 16 and 15 of 30
		setPercent(e, "worried about keys", 53.33, 2)
		setPercent(e, "uneasy about variables", 50, 2)
	}},
	{"U03", contradicted, holds, func(e *Evidence) { setPercent(e, "uneasy about variables", 48.47, 2) }},
	{"U04a", contradicted, holds, func(e *Evidence) { setPercent(e, "accept a call", 82.88, 2) }}, // 92 of 111
	{"U04b", contradicted, holds, func(e *Evidence) { setPercent(e, "no method found", 81.98, 2) }},
	{"U04c", holds, contradicted, func(e *Evidence) { setPercent(e, "need protection", 80.5, 1) }},
	{"U05", contradicted, holds, func(e *Evidence) {
		for i := range e.Survey.Percentages {
			e.Survey.Percentages[i].Group = paper.GroupAttacked
		}
	}},
	{"U06", notShown, holds, func(e *Evidence) { // 17 of 30 against 8 of 81
		e.Survey.OtherUsers = []paper.Percentage{{Quotes: "worried about keys", Percent: 10}}
	}},
	{"S01", untested, contradicted, func(e *Evidence) { e.Attacks = outcome(matrix(attack.Hold), "T5", "literal", attack.Broken) }},
	{"S02", untested, contradicted, func(e *Evidence) { e.Attacks = outcome(matrix(attack.Hold), "T12", "literal", attack.Broken) }},
	{"S03", untested, contradicted, func(e *Evidence) { e.Attacks = outcome(matrix(attack.Hold), "T6", "literal", attack.Broken) }},
	{"S04", untested, contradicted, func(e *Evidence) { e.Attacks = outcome(matrix(attack.Hold), "T2", "literal", attack.Leak) }},
	{"S05", untested, holds, func(e *Evidence) { e.Attacks = outcome(matrix(attack.Broken), "S05", "literal", attack.Hold) }},
	{"S06", untested, contradicted, func(e *Evidence) { e.Attacks = outcome(matrix(attack.Hold), "S06", "literal", attack.Broken) }},
	{"S07", untested, contradicted, func(e *Evidence) { e.Attacks = outcome(matrix(attack.Hold), "T11", "literal", attack.Broken) }},
	{"S08", untested, holds, func(e *Evidence) { e.Attacks = outcome(matrix(attack.Broken), "S08", "literal", attack.Hold) }},
}

// flatten makes every published change of a start smaller than the margin.
func flatten(e *Evidence, start results.Start) {
	for _, t := range e.Published.Tables {
		from, _ := t.Pair(start, results.MetricTime)
		setTime(e, t.Number, "optimized", start, 1.01*from)
	}
}

func setPercent(e *Evidence, name string, percent float64, decimals int) {
	for i := range e.Survey.Percentages {
		if p := &e.Survey.Percentages[i]; p.Name == name {
			p.Percent, p.Decimals = percent, decimals
		}
	}
}

func TestVerdicts(t *testing.T) {
	list, err := Judge(load(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != len(expected) {
		t.Fatalf("%d claims, %d expectations", len(list), len(expected))
	}
	for _, want := range expected {
		i := slices.IndexFunc(list, func(c reproduction.Claim) bool { return c.ID == want.id })
		if i < 0 {
			t.Errorf("no claim %s", want.id)
			continue
		}
		if c := list[i]; c.Verdict != want.published {
			t.Errorf("%s on the published data: %s, want %s: %s", c.ID, c.Verdict, want.published, c.Computed)
		}
		// Only what a load simulation must decide has one verdict so far.
		if want.change == nil {
			if !slices.Contains([]string{"T02", "T05", "T06"}, want.id) {
				t.Errorf("%s can give one verdict only", want.id)
			}
			continue
		}
		if want.other == want.published {
			t.Errorf("%s: the change shows nothing", want.id)
		}
		e := load(t)
		want.change(&e)
		if c := of(t, e, want.id); c.Verdict != want.other {
			t.Errorf("%s on changed data: %s, want %s: %s", c.ID, c.Verdict, want.other, c.Computed)
		}
	}
}

func TestEveryEntryCanBeWrittenAndRead(t *testing.T) {
	list, err := Judge(load(t))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := reproduction.WriteClaims(&b, list); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "testdata/claims.json", b.Bytes())
}

func TestConcessionsAndMissingDataAreNamed(t *testing.T) {
	e := load(t)
	if c := of(t, e, "P13"); !strings.Contains(c.Conceded, "formal significance testing") {
		t.Errorf("P13 concedes %q", c.Conceded)
	}
	if c := of(t, e, "T03"); !strings.Contains(c.Explanation, "The paper does not give the time of a hash.") {
		t.Errorf("T03: %s", c.Explanation)
	}
}

// What is simulated may contradict and may not support.
func TestSimulationsSupportNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("long and not concurrent")
	}
	e := load(t)
	// So noisy that everything is compatible with everything.
	e.Simulated = []Preset{preset(e, "low", 1, 0.1), preset(e, "high", 1, 0.1)}
	for _, id := range []string{"P17", "P18", "P21"} {
		if c := of(t, e, id); c.Verdict != notShown || c.Evidence != reproduction.Simulated || !strings.HasSuffix(strings.Split(c.Explanation, " The paper does")[0], "A simulation supports no claim.") {
			t.Errorf("%s: %s by %s: %s", id, c.Verdict, c.Evidence, c.Explanation)
		}
	}
	// Presets that disagree show nothing either.
	e.Simulated = []Preset{preset(e, "low", 0.001, 0.1), preset(e, "high", 1, 0.8)}
	for _, id := range []string{"P17", "P18", "P21"} {
		if c := of(t, e, id); c.Verdict != notShown || strings.Contains(c.Explanation, "supports no claim") {
			t.Errorf("%s: %s: %s", id, c.Verdict, c.Explanation)
		}
	}
}

func TestReplayedDataNeverSupport(t *testing.T) {
	if testing.Short() {
		t.Skip("long and not concurrent")
	}
	e := load(t)
	flatten(&e, results.Hot)
	perfect := everywhere(arm{1, 1, 0.02})
	for _, provenance := range []results.Provenance{results.Replayed, results.Simulated} {
		e.Runs = []*results.File{run(provenance, 15, perfect)}
		e.Simulated = []Preset{preset(e, "low", 0.5, 0.1)}
		e.Simulated[0].Provenance = provenance
		list, err := Judge(e)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			if c.Verdict == holds && c.Evidence != reproduction.Published {
				t.Errorf("%s data: %s holds by %s: %s", provenance, c.ID, c.Evidence, c.Computed)
			}
			for _, also := range c.Also {
				if also.Verdict == holds || also.Evidence == reproduction.Measured {
					t.Errorf("%s data: %s also %s by %s", provenance, c.ID, also.Verdict, also.Evidence)
				}
			}
		}
	}
	e.Runs[0].Experiment.Provenance = results.Measured
	if c := of(t, e, "P27"); c.Verdict != holds {
		t.Errorf("the same data, measured: %s", c.Verdict)
	}
}

func TestExtrapolatedCellsDecideNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("long and not concurrent")
	}
	e := load(t)
	flatten(&e, results.Hot)
	e.Runs = []*results.File{run(results.Live, 15, everywhere(arm{1, 1, 0.02}))}
	if c := of(t, e, "P27"); c.Verdict != holds {
		t.Fatalf("before: %s", c.Verdict)
	}
	for i := range e.Runs[0].Cells {
		e.Runs[0].Cells[i].Basis = "extrapolated"
	}
	if c := of(t, e, "P27"); c.Verdict != untested {
		t.Errorf("an extrapolated run: %s by %s", c.Verdict, c.Evidence)
	}
	p := preset(e, "low", 0.001, 0.1)
	for i := range p.Cells {
		p.Cells[i].Basis = "extrapolated"
	}
	e.Simulated = []Preset{p}
	if c := of(t, e, "P17"); c.Evidence == reproduction.Simulated {
		t.Errorf("an extrapolated preset decided P17: %s", c.Computed)
	}
}

func TestTheOrderOfEvidence(t *testing.T) {
	if testing.Short() {
		t.Skip("long and not concurrent")
	}
	e := load(t)
	e.Runs = []*results.File{run(results.Measured, 15, everywhere(arm{1, 1, 0.02}))}
	e.Simulated = []Preset{preset(e, "low", 0.2, 0.2)}
	kinds := func(c reproduction.Claim) string {
		s := string(c.Evidence)
		for _, also := range c.Also {
			s += " " + string(also.Evidence)
		}
		return s
	}
	check := func(id, want string) {
		t.Helper()
		if got := kinds(of(t, e, id)); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
	check("P01", "published")
	check("P14", "published measured")
	check("P13", "published measured simulated")
	check("P20", "measured simulated")
	check("P21", "measured simulated")
	check("P17", "simulated measured") // its predicate speaks of presets
	check("P18", "simulated")
}

// Without presets, as in a replay, measured runs do not decide what was asked of
// the published differences.
func TestPublishedDifferencesNeedPresets(t *testing.T) {
	e := load(t)
	e.Runs = []*results.File{run(results.Measured, 15, everywhere(arm{1, 1, 0.02}))}
	for _, id := range []string{"P17", "P18"} {
		if c := of(t, e, id); c.Verdict != notShown || c.Evidence != reproduction.Published {
			t.Errorf("%s: %s by %s: %s", id, c.Verdict, c.Evidence, c.Computed)
		}
	}
	if c := of(t, e, "P17"); len(c.Also) != 1 || c.Also[0].Evidence != reproduction.Measured || c.Also[0].Verdict != holds {
		t.Errorf("P17: also %v", c.Also)
	}
}
