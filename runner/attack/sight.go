package attack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios/probes/evidence"
)

// prey is what an attacker looks for who knows the form of the credentials.
var prey = evidence.Prey{Marker: CanaryMarker, Length: CanaryLength}

// look is one look at a target.
type look struct {
	target *Target
	who    string // such as "an ordinary user"
	sight  evidence.Sight
}

// stolen returns a line for every canary that was seen.
func (l look) stolen() (proofs []string) {
	for _, name := range slices.Sorted(maps.Keys(l.target.Canaries)) {
		c := l.target.Canaries[name]
		found := l.sight.Of(c.SHA256())
		if len(found) == 0 {
			continue
		}
		var places []string
		for _, f := range found {
			places = append(places, f.Place)
		}
		proofs = append(proofs, fmt.Sprintf("%s, by %s, in %s", c.Proof(), l.who, strings.Join(alike(places), ", ")))
	}
	return proofs
}

// sawDecoy tells whether the look would have found something.
func (l look) sawDecoy() bool { return len(l.sight.Of(l.target.Decoy.SHA256())) > 0 }

// said describes what was seen beside the canaries.
func (l look) said() []string {
	line := l.who + ": " + extent(l.sight)
	if l.sawDecoy() {
		line += ", the decoy found"
	}
	lines := []string{line}
	if refused := alike(l.sight.Refused); len(refused) > 0 {
		lines = append(lines, l.who+", refused: "+strings.Join(refused, ", "))
	}
	return lines
}

// extent says how much was looked at.
func extent(s evidence.Sight) string {
	places := "places"
	if len(s.Read) == 1 {
		places = "place"
	}
	return fmt.Sprintf("%d %s read, %d bytes", len(s.Read), places, s.Bytes)
}

// numbers are those of processes and threads in what is found.
var numbers = regexp.MustCompile(`\b(proc/|task/|thread |ptrace of |pidfd_getfd of )[0-9]+`)

// alike takes the numbers of processes out of texts and joins what is then the
// same, in the order of the first of each.
func alike(texts []string) []string {
	var order []string
	count := map[string]int{}
	for _, t := range texts {
		t = numbers.ReplaceAllString(t, "${1}N")
		if count[t]++; count[t] == 1 {
			order = append(order, t)
		}
	}
	for i, t := range order {
		if count[t] > 1 {
			order[i] = fmt.Sprintf("%s (%d×)", t, count[t])
		}
	}
	return order
}

// judge tells what the looks at one variant come to. Every look must have found
// the decoy, or, where closed says that a refusal counts as well, must have been
// refused: a look that could have seen nothing proves nothing.
func judge(looks []look, closed bool, leak, hold string) (Result, error) {
	r := Result{Outcome: results.Hold, Detail: hold}
	for _, l := range looks {
		if proofs := l.stolen(); len(proofs) > 0 {
			r.Outcome, r.Detail = results.Leak, leak
			r.Evidence = append(r.Evidence, proofs...)
		}
	}
	for _, l := range looks {
		if r.Outcome == results.Hold && !l.sawDecoy() && (!closed || len(l.sight.Refused) == 0) {
			return Result{}, fmt.Errorf("%s: the decoy was not found, so that nothing is known: %q", l.who, l.sight.Refused)
		}
		r.Evidence = append(r.Evidence, l.said()...)
	}
	return r, nil
}

// unlessLetIn is broken where one of the looks, which the kernel should have refused,
// saw the decoy: there was nothing to find at rest, and a value on loan would be seen.
func unlessLetIn(r Result, looks ...look) Result {
	for _, l := range looks {
		if r.Outcome == results.Hold && l.sawDecoy() {
			r.Outcome, r.Detail = results.Broken, l.who+" is let in: it would see a value on loan"
		}
	}
	return r
}

// asEveryUser deploys d as the lab's user, and once more as the user who runs the
// harness where that is another one, and lets attack look at each.
func (l *Lab) asEveryUser(ctx context.Context, d Deployment, attack func(t *Target, who string) error) error {
	ways := []struct {
		who    string
		asHost bool
	}{{"an ordinary user", false}}
	switch {
	case os.Geteuid() == 0 && l.User() == nil:
		ways[0].who = "root"
	case os.Geteuid() == 0:
		ways = append(ways, struct {
			who    string
			asHost bool
		}{"root", true})
	}
	for _, way := range ways {
		d.AsHost = way.asHost
		if err := l.with(ctx, d, func(t *Target) error { return attack(t, way.who) }); err != nil {
			return fmt.Errorf("as %s: %w", way.who, err)
		}
	}
	return nil
}

// with deploys d for as long as attack takes.
func (l *Lab) with(ctx context.Context, d Deployment, attack func(t *Target) error) error {
	t, err := l.Deploy(ctx, d)
	if err != nil {
		return err
	}
	return errors.Join(attack(t), t.Close())
}
