package claims

import (
	"fmt"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
	"github.com/dtbench/dtbench/results/reproduction"
)

// finding is what one kind of evidence says of a predicate.
type finding struct {
	evidence    reproduction.Evidence
	verdict     reproduction.Verdict
	computed    string // the numbers that decide
	explanation string // one or two plain sentences
}

// judge evaluates the predicate of one claim. The first finding decides, the
// others go under "also". None means that no evidence at hand bears on it.
type judge func(e *Evidence) []finding

// judges holds one entry for each claim of claims.json; a test compares them.
var judges = map[string]judge{
	"P01": stated(4, results.Cold, results.MetricTime),
	"P02": stated(3, results.Cold, results.MetricTime),
	"P03": stated(3, results.Cold, results.MetricMemory),
	"P04": stated(4, results.Cold, results.MetricMemory),
	"P05": almostDoubled,
	"P06": stated(4, results.Hot, results.MetricTime),
	"P07": stated(5, results.Cold, results.MetricTime),
	"P08": stated(5, results.Hot, results.MetricTime),
	"P09": stated(6, results.Cold, results.MetricTime),
	"P10": stated(6, results.Hot, results.MetricTime),
	"P11": combinedMemory,
	"P12": consistentMemory,
	"P13": hotNotAffected,
	"P14": fallsWithComplexity(results.Cold),
	"P15": fallsWithComplexity(results.Hot),
	"P16": startsOver3000,
	"P17": fixedOverhead,
	"P18": fasterByFluctuation,
	"P19": furtherAnalysis,
	"P20": fifteenRunsSuffice,
	"P21": trimmingRemovesBias,
	"P22": everyScenarioOnEveryPlatform,
	"P23": statedRuntime,
	"P24": coldToFirstResponse,
	"P25": sameMeteredPhases,
	"P26": impactDiffersByPlatform,
	"P27": hotNegligible,
	"P28": simplestCostsMost,
	"P29": preWarmed,
	"P30": slightlyPositive,
	"P31": noOptimizationNeeded,
	"P32": leanerImplementation,
	"P33": coldToStart,

	"A01": auditBelowMillisecond,
	"A02": flushNeverBlocks,

	"T01": failFast,
	"T02": needsLoad("a central verifier"),
	"T03": configurableHash,
	"T04": registryBounded,
	"T05": needsLoad("load"),
	"T06": needsLoad("a chain of functions"),
	"T07": nearLowerLimit,

	"X01": detailedInDiscussion,

	"U01":  countExists("attacked"),
	"U02":  attackedGroupCounts,
	"U03":  quotedRounding,
	"U04a": countExists("accept a call"),
	"U04b": countExists("no method found"),
	"U04c": countExists("need protection"),
	"U05":  sameGroup,
	"U06":  moreThanOthers,

	"S01": attacksHold("T5"),
	"S02": attacksHold("T7", "T9", "T12", "T13", "T14"),
	"S03": attacksHold("T5", "T6"),
	"S04": attacksHold("T1", "T2", "T4", "T20"),
	"S05": ownRow("S05", "presents a token of one function or instance to another"),
	"S06": ownRow("S06", "watches whether an instance is replaced after consecutive failures"),
	"S07": attacksHold("T11"),
	"S08": ownRow("S08", "looks for canaries, tokens and nonces in the audit log"),
}

// Judge gives a verdict on every claim of the paper, in the order of
// claims.json. The same evidence gives the same list. An error means damaged
// embedded data or a sample that no statistic can be made of.
func Judge(e Evidence) ([]reproduction.Claim, error) {
	list, err := paper.LoadClaims()
	if err != nil {
		return nil, err
	}
	e.compared = nil // the caller's copy may have changed since
	out := make([]reproduction.Claim, 0, len(list))
	for _, c := range list {
		j, ok := judges[c.ID]
		if !ok {
			return nil, fmt.Errorf("claim %s: %s: no predicate in code", c.ID, c.Claim)
		}
		out = append(out, decide(c, j(&e), e.Facts.Missing(c.ID)))
	}
	return out, nil
}

// decide turns findings into an entry of claims.json.
func decide(c paper.Claim, findings []finding, missing string) reproduction.Claim {
	out := reproduction.Claim{ID: c.ID, Claim: c.Claim, Where: c.Where, Conceded: c.Conceded, Also: []reproduction.Finding{}}
	if len(findings) == 0 {
		findings = []finding{{reproduction.Measured, reproduction.Untested, "", "No data at hand bear on it."}}
	}
	for i, f := range findings {
		if f.evidence == reproduction.Simulated && f.verdict == reproduction.Holds {
			f.verdict = reproduction.NotShown
			f.explanation += " A simulation supports no claim."
		}
		if i > 0 {
			out.Also = append(out.Also, reproduction.Finding{Evidence: f.evidence, Verdict: f.verdict, Computed: f.computed})
			continue
		}
		out.Verdict, out.Evidence, out.Computed, out.Explanation = f.verdict, f.evidence, f.computed, f.explanation
	}
	if missing != "" && out.Evidence != reproduction.Published {
		out.Explanation += " The paper does not give " + missing + "."
	}
	return out
}

// published is a finding of a predicate that the paper's own figures decide.
func published(holds bool, computed, explanation string) []finding {
	return []finding{{reproduction.Published, verdict(holds), computed, explanation}}
}

func verdict(holds bool) reproduction.Verdict {
	if holds {
		return reproduction.Holds
	}
	return reproduction.Contradicted
}

// unanimous is the verdict that all share, and not shown where they disagree.
func unanimous(vs []reproduction.Verdict) reproduction.Verdict {
	for _, v := range vs {
		if v != vs[0] {
			return reproduction.NotShown
		}
	}
	return vs[0]
}

// choose returns yes or no.
func choose(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}
