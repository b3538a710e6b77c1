package attack

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/probes"
)

func raceOneToken() Attack {
	return Attack{
		Description: results.Description{
			ID: "T12", Title: "The same token from many goroutines", Adversary: results.A0,
			Dimensions: []results.Dimension{results.Integrity},
			Properties: []results.Property{results.NonReusability},
			Tries:      "presents one token from 8 goroutines at once, in 1,000 races",
			Explain: `In each of 1,000 races 8 goroutines wait for each other and then present the same fresh token. Exactly one must be given the value.

A list of used nonces stops a replay only if looking and entering are one step. In our reading of the paper a nonce enters the list when it is checked, under one lock, and the race is lost by seven of eight. In the other reading it enters when access is granted: between the check and the grant lie a hash and a comparison, and two goroutines in there both get the value. That reading is deployed too (LITERAL_INSERT=grant) and its count is in the detail. The hardened core inserts atomically, after MAC and time. Where a broker gives no token out, 8 goroutines ask at once for the one access that a request may make.

By hand: scenarios/probes/race.go.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (r Result, err error) {
			if !hasTokens(variant) {
				return noTokens(), nil
			}
			twice, never, all, err := lab.race(ctx, races, Deployment{Variant: variant, Policy: patient(variant, nil)})
			if err != nil {
				return r, err
			}
			r.Outcome = results.Hold
			if twice+never > 0 {
				r.Outcome = results.Broken
			}
			r.Detail = fmt.Sprintf("%d races of %d: %d with more than one grant, %d with none", races, racers, twice, never)
			r.Evidence = []string{all}
			if isLiteral(variant) {
				twice, never, all, err := lab.race(ctx, 20*races, Deployment{Variant: variant, Settings: map[string]string{scenarios.LiteralInsert: "grant"}})
				if err != nil {
					return r, err
				}
				word := results.Hold
				if twice+never > 0 {
					word = results.Broken
				}
				r.Detail += fmt.Sprintf("; inserted on grant, the other reading (r): %s, %d of %d with more than one grant", word, twice, 20*races)
				r.Evidence = append(r.Evidence, "inserted on grant: "+all)
			}
			return r, nil
		},
	}
}

const races, racers = 1000, 8

// race deploys an instance and counts the races with more than one grant and
// with none.
func (l *Lab) race(ctx context.Context, races int, d Deployment) (twice, never int, all string, err error) {
	t, err := l.Deploy(ctx, d)
	if err != nil {
		return 0, 0, "", err
	}
	defer t.Close()
	if brokered(d.Variant) {
		return t.raceAccesses(ctx, races, racers)
	}
	var raced probes.Raced
	if err := t.Probe(ctx, "race", probes.Race{Request: "race", Key: FirstKey, Races: races, Goroutines: racers}, &raced); err != nil {
		return 0, 0, "", err
	}
	return countRaces(raced.Grants, races)
}

// countRaces sums up the races by their number of grants.
func countRaces(byGrants map[int]int, races int) (twice, never int, all string, err error) {
	var counts []string
	total := 0
	for _, grants := range slices.Sorted(maps.Keys(byGrants)) {
		n := byGrants[grants]
		total += n
		switch {
		case grants == 0:
			never += n
		case grants > 1:
			twice += n
		}
		noun := "grants"
		if grants == 1 {
			noun = "grant"
		}
		counts = append(counts, fmt.Sprintf("%d with %d %s", n, grants, noun))
	}
	if total != races {
		return 0, 0, "", fmt.Errorf("%d races were run, %d ordered", total, races)
	}
	return twice, never, "races: " + strings.Join(counts, ", "), nil
}
