package claims

import (
	"fmt"
	"strings"

	"github.com/dtbench/dtbench/results/paper"
	"github.com/dtbench/dtbench/results/reproduction"
)

// mostPeople is how far a smaller base for a percentage is looked for.
const mostPeople = 111

// countExists asks whether a whole number of respondents gives a percentage.
func countExists(name string) judge {
	return func(e *Evidence) []finding {
		p, ok := e.Survey.Percentage(name)
		if !ok {
			return nil
		}
		possible, computed := countsOf(e, p)
		return published(possible, computed, choose(possible, "A whole number of respondents gives this percentage.",
			fmt.Sprintf("No whole number of the %d respondents gives this percentage: it has another base, which is not stated.", e.Survey.Respondents)))
	}
}

// countsOf lists the numbers of people that can stand behind a percentage.
func countsOf(e *Evidence, p paper.Percentage) (possible bool, computed string) {
	var found []string
	sizes := e.Survey.GroupSizes(p.Group)
	for _, n := range sizes {
		for _, k := range p.Counts(n) {
			found = append(found, fmt.Sprintf("%d/%d", k, n))
		}
	}
	percent := fmt.Sprintf("%.*f %%", p.Decimals, p.Percent)
	if len(found) > 0 {
		return true, fmt.Sprintf("%s = %s", percent, strings.Join(found, " or "))
	}
	computed = fmt.Sprintf("%s of %s: no count", percent, strings.Trim(strings.Join(strings.Fields(fmt.Sprint(sizes)), " or "), "[]"))
	for _, n := range sizes { // the nearest below and above show the gap
		below := int(p.Percent * float64(n) / 100)
		computed += fmt.Sprintf(" (%d/%d = %.2f %%, %d/%d = %.2f %%)", below, n, 100*float64(below)/float64(n), below+1, n, 100*float64(below+1)/float64(n))
	}
	if n, k := p.LeastBase(mostPeople); n > 0 {
		computed += fmt.Sprintf("; the smallest base that gives it is %d (%d/%d)", n, k, n)
	}
	return false, computed
}

func attackedGroupCounts(e *Evidence) []finding {
	holds := true
	var shown []string
	for _, name := range []string{"worried about keys", "uneasy about variables"} {
		p, ok := e.Survey.Percentage(name)
		if !ok {
			return nil
		}
		possible, computed := countsOf(e, p)
		holds = holds && possible
		shown = append(shown, computed)
	}
	return published(holds, strings.Join(shown, "; "), choose(holds, "Whole numbers of the attacked users give both percentages.",
		"The attacked users are as many as 27 % of the respondents allow; not both percentages can be theirs."))
}

func quotedRounding(e *Evidence) []finding {
	quote, ok := e.Survey.Percentage("uneasy about variables, quoted")
	original, okOriginal := e.Survey.Percentage(quote.Quotes)
	if !ok || !okOriginal {
		return nil
	}
	rounded := round(original.Percent, quote.Decimals)
	holds := rounded == quote.Percent
	return published(holds, fmt.Sprintf("%.2f rounds to %.0f, the %s says %.0f", original.Percent, rounded, quote.Where, quote.Percent),
		choose(holds, "The quotation is the rounded figure.", "The figure was cut and not rounded."))
}

func sameGroup(e *Evidence) []finding {
	quote, ok := e.Survey.Percentage("worried about keys, quoted")
	original, okOriginal := e.Survey.Percentage(quote.Quotes)
	if !ok || !okOriginal {
		return nil
	}
	holds := quote.Group == original.Group
	return published(holds, fmt.Sprintf("%s: %v %% of %s users; %s: %.2f %% of %s users", quote.Where, quote.Percent, quote.Group, original.Where, original.Percent, original.Group),
		choose(holds, "Both sentences speak of the same users.", "The survey gives the figure for users who were attacked; the Introduction gives it for all users."))
}

func moreThanOthers(e *Evidence) []finding {
	others := e.Survey.OtherUsers
	if len(others) == 0 {
		return []finding{{reproduction.Published, reproduction.NotShown, "figures for the users who were not attacked: 0", "There is nothing to compare with, and no test is reported."}}
	}
	verdicts := []reproduction.Verdict{}
	var shown []string
	for _, o := range others {
		attacked, ok := e.Survey.Percentage(o.Quotes)
		if !ok {
			continue
		}
		v, computed := compareGroups(e.Survey, attacked, o)
		verdicts, shown = append(verdicts, v), append(shown, computed)
	}
	if len(verdicts) == 0 {
		return nil
	}
	v := unanimous(verdicts)
	return []finding{{reproduction.Published, v, strings.Join(shown, "; "), choose(v == reproduction.Holds, "Fisher's test rejects equality with the other users.", "Fisher's test does not reject equality with the other users everywhere.")}}
}

// compareGroups tests the attacked against the others by Fisher's exact test,
// for the counts nearest to the two percentages.
func compareGroups(s paper.Survey, attacked, others paper.Percentage) (reproduction.Verdict, string) {
	sizes := s.GroupSizes(paper.GroupAttacked)
	if len(sizes) == 0 {
		return reproduction.NotShown, "the size of the attacked group is unknown"
	}
	n := sizes[0]
	m := s.Respondents - n
	a := int(round(attacked.Percent*float64(n)/100, 0))
	b := int(round(others.Percent*float64(m)/100, 0))
	p := fisher(a, n, b, m)
	v := reproduction.NotShown
	switch {
	case p < 0.05 && a*m > b*n:
		v = reproduction.Holds
	case p < 0.05:
		v = reproduction.Contradicted
	}
	return v, fmt.Sprintf("%d/%d attacked against %d/%d others, two-sided p = %.3f", a, n, b, m, p)
}
