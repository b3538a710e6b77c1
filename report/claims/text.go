package claims

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/reproduction"
)

// The claims that the paper's text and setup decide, beside dated facts about
// the platforms.

// reportedIn judges a claim that rests on something the text would have to hold.
func reportedIn(quotes []string, none reproduction.Verdict, what, yes, no string) []finding {
	v := reproduction.Holds
	if len(quotes) == 0 {
		v = none
	}
	computed := fmt.Sprintf("%s in the text: %d", what, len(quotes))
	if len(quotes) > 0 {
		computed += " (" + strings.Join(quotes, "; ") + ")"
	}
	return []finding{{reproduction.Published, v, computed, choose(len(quotes) > 0, yes, no)}}
}

func furtherAnalysis(e *Evidence) []finding {
	return reportedIn(e.Facts.Reported.Analyses, reproduction.NotShown, "analyses of the faster results",
		"An analysis is reported.", "No analysis is reported that could confirm it.")
}

func preWarmed(e *Evidence) []finding {
	return reportedIn(e.Facts.Reported.PreWarmed, reproduction.NotShown, "measurements with pre-warmed instances",
		"Cold and pre-warmed starts were measured.", "Nothing was measured with pre-warmed instances.")
}

func detailedInDiscussion(e *Evidence) []finding {
	return reportedIn(e.Facts.Reported.DiscussionNumbers, reproduction.Contradicted, "performance numbers in the Discussion",
		"The Discussion holds numbers.", "Two sections announce performance results in the Discussion; it holds none.")
}

func everyScenarioOnEveryPlatform(e *Evidence) []finding {
	var there, missing []string
	unnamed := 0
	for _, platform := range []string{"aliyun", "tencent"} {
		for _, scenario := range scenariosByComplexity {
			t, ok := e.Published.Find(platform, scenario)
			switch {
			case !ok:
				missing = append(missing, platform+" "+scenario)
			case t.PlatformNamed:
				there = append(there, platform+" "+scenario)
			default:
				unnamed++
			}
		}
	}
	holds := len(missing) == 0 && unnamed == 0
	return published(holds, fmt.Sprintf("tables with a named platform for %d of 6 combinations, %d without a named platform, none for %d (%s)", len(there), unnamed, len(missing), strings.Join(missing, ", ")),
		choose(holds, "There is a table for each combination.", "The paper shows no results for some combinations of platform and scenario."))
}

func statedRuntime(e *Evidence) []finding {
	r := e.Facts.Runtime
	var shown, verified, unverified []string
	found := true
	for _, p := range r.Platforms {
		has := slices.Contains(p.Managed, r.Stated)
		found = found && has
		if !has && p.Verified {
			verified = append(verified, p.Platform)
		}
		if !p.Verified {
			unverified = append(unverified, p.Platform)
		}
		shown = append(shown, fmt.Sprintf("%s: %s; %s", p.Platform, strings.Join(p.Managed, ", "), p.Source))
	}
	computed := fmt.Sprintf("stated %s; managed runtimes on %s", r.Stated, strings.Join(shown, "; on "))
	switch {
	case len(verified) > 0:
		return published(false, computed, fmt.Sprintf("The documentation lists no managed %s on %s. It may have been brought along in a custom runtime, which the paper does not say.", r.Stated, strings.Join(verified, " and ")))
	case len(unverified) > 0:
		return []finding{{reproduction.Published, reproduction.NotShown, computed, "The list of " + strings.Join(unverified, " and ") + " is not verified."}}
	}
	return published(found, computed, "The stated runtime is among the managed ones of both platforms.")
}

func coldToFirstResponse(e *Evidence) []finding {
	return coldAgainstPublished(e, []int{3},
		"On the platform even the way from the request to the function's first statement was found to take longer than Table 3's whole cold start, which therefore cannot reach from an inactive instance to the first response.",
		"Table 3's cold start is as long as published cold starts on the platform.")
}

func coldToStart(e *Evidence) []finding {
	var numbers []int
	for _, t := range e.Published.Tables {
		numbers = append(numbers, t.Number)
	}
	return coldAgainstPublished(e, numbers,
		"Published cold values lie below the platform's published start-up times, so they do not cover the way from trigger to start.",
		"Every published cold value covers the platform's published start-up times.")
}

// coldAgainstPublished asks whether the benchmark's cold starts are at least as
// long as others measured on the same platform.
func coldAgainstPublished(e *Evidence, numbers []int, shorter, longer string) []finding {
	holds := true
	var shown []string
	for _, c := range e.Facts.ColdStarts {
		var values []string
		for _, number := range numbers {
			t, ok := e.Published.Table(number)
			if !ok || t.Platform != c.Platform {
				continue
			}
			cold, _ := t.Pair(results.Cold, results.MetricTime)
			holds = holds && cold >= c.LowMS
			values = append(values, fmt.Sprintf("Table %d %.2f ms%s", number, cold, choose(t.PlatformNamed, "", " (platform assumed)")))
		}
		if values != nil {
			shown = append(shown, fmt.Sprintf("%s against %.0f to %.0f ms on %s (%s), %s", strings.Join(values, ", "), c.LowMS, c.HighMS, c.Platform, c.Quantity, c.Source))
		}
	}
	if shown == nil {
		return nil
	}
	return published(holds, strings.Join(shown, "; "), choose(holds, longer, shorter))
}

func sameMeteredPhases(e *Evidence) []finding {
	m := e.Facts.Metering
	same := true
	var shown []string
	for _, p := range m.Phases {
		same = same && slices.Equal(p.Metered, m.Phases[0].Metered)
		shown = append(shown, fmt.Sprintf("%s: %s", p.Variant, strings.Join(p.Metered, " + ")))
	}
	computed := fmt.Sprintf("phases that %s meters: %s; %s", m.Platform, strings.Join(shown, ", "), m.Source)
	explanation := choose(same, "Both variants have the same metered phases.",
		"As documented, "+m.Reason+". A cold difference then compares two different quantities.")
	if !m.MetricSourceStated {
		explanation += " The paper does not say where its times come from."
	}
	if !same && !m.Verified {
		return []finding{{reproduction.Published, reproduction.NotShown, computed, explanation}}
	}
	return published(same, computed, explanation)
}

// needsLoad is for claims that only a load simulation can judge.
func needsLoad(what string) judge {
	return func(*Evidence) []finding {
		return []finding{{reproduction.Simulated, reproduction.Untested, "", "It needs a simulation of " + what + ", which dtbench does not have yet."}}
	}
}
