package claims

import (
	"fmt"
	"strings"

	"github.com/dtbench/dtbench/report"
	"github.com/dtbench/dtbench/report/stats"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/reproduction"
)

// The claims that a hot start is not affected (P13, P27). The paper gives neither
// samples nor a variance, so its figures decide only what no spread could change.

// outside are the changes beyond the equivalence margin. An equivalence test
// cannot succeed for them: its p is above one half whatever the spread.
func outside(changes []change) []string {
	var out []string
	for _, c := range changes {
		if r := 1 + c.percent/100; r > 1+report.Margin || r < 1/(1+report.Margin) {
			out = append(out, c.name)
		}
	}
	return out
}

// noEquivalence is the published finding on a claim of equivalence: nothing,
// unless a change lies outside the margin.
func noEquivalence(changes []change) []finding {
	beyond := outside(changes)
	if len(beyond) == 0 {
		return nil
	}
	return []finding{{
		reproduction.Published, reproduction.NotShown, fmt.Sprintf("hot: %s; outside the margin of ±10 %%: %s", list(changes), strings.Join(beyond, ", ")),
		"No equivalence test succeeds for a change that lies outside the margin itself, whatever the spread, so the figures cannot show this. Without a spread they cannot refute it either.",
	}}
}

func hotNotAffected(e *Evidence) []finding {
	changes := publishedChanges(e, results.Hot, 3, 4)
	if changes == nil {
		return nil
	}
	out := noEquivalence(changes)
	out = append(out, perRun(e, func(f *results.File) (finding, bool) {
		c, ok := e.compare(f, "hello", results.Hot)
		return finding{
			verdict:     notAffected(c),
			computed:    fmt.Sprintf("hello hot %s, %s, equivalence %s", signed(100*(c.Ratio.Value-1), 1), pValue(c.Permutation.P), pValue(c.Equivalence)),
			explanation: "A measured run decides: a difference needs p < 0.05, its absence an equivalence test within ±10 %.",
		}, ok
	})...)
	return append(out, hotUnderNoEffect(e)...)
}

// notAffected: holds only where there is no difference and equivalence is shown.
func notAffected(c stats.Comparison) reproduction.Verdict {
	switch {
	case c.Permutation.P < report.Alpha:
		return reproduction.Contradicted
	case c.Equivalence < report.Alpha:
		return reproduction.Holds
	}
	return reproduction.NotShown
}

// hotUnderNoEffect asks each preset how likely the published hot changes of
// hello are if the mechanism costs nothing.
func hotUnderNoEffect(e *Evidence) []finding {
	return perPreset(e, func(p Preset) (reproduction.Verdict, string, bool) {
		v, shown, ok := unlikely(e, p, []publishedCell{{3, results.Hot}, {4, results.Hot}})
		if v == reproduction.Holds {
			v = reproduction.NotShown // no difference is no equivalence
		}
		return v, shown, ok
	}, "", "Under every preset at least one of the two changes hardly ever comes about without any effect.")
}

func hotNegligible(e *Evidence) []finding {
	changes := publishedChanges(e, results.Hot, 3, 4, 5, 6)
	if changes == nil {
		return nil
	}
	out := noEquivalence(changes)
	return append(out, perRun(e, func(f *results.File) (finding, bool) {
		verdicts := map[reproduction.Verdict]int{}
		var shown []string
		for _, scenario := range scenariosByComplexity {
			c, ok := e.compare(f, scenario, results.Hot)
			if !ok {
				return finding{}, false
			}
			verdicts[negligible(c)]++
			shown = append(shown, fmt.Sprintf("%s %s (equivalence %s)", scenario, signed(100*(c.Ratio.Value-1), 1), pValue(c.Equivalence)))
		}
		v := reproduction.NotShown
		switch {
		case verdicts[reproduction.Contradicted] > 0:
			v = reproduction.Contradicted
		case verdicts[reproduction.Holds] == len(shown):
			v = reproduction.Holds
		}
		return finding{
			verdict: v, computed: "hot " + strings.Join(shown, ", "),
			explanation: "Hello on one platform stands for Tables 3 and 4. Equivalence within ±10 % has to be shown in every hot cell.",
		}, true
	})...)
}

// negligible: holds where equivalence is shown, contradicted where the whole
// interval lies outside the margin.
func negligible(c stats.Comparison) reproduction.Verdict {
	switch {
	case c.Equivalence < report.Alpha:
		return reproduction.Holds
	case c.Low > 1+report.Margin || c.High < 1/(1+report.Margin):
		return reproduction.Contradicted
	}
	return reproduction.NotShown
}
