package attack

import (
	"context"
	"errors"
	"fmt"
	"os"

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

// stolen returns the canaries that were seen, and where.
func (l look) stolen() (proofs []string) {
	for _, f := range l.sight.Findings {
		for _, c := range l.target.Stolen(f.SHA256) {
			proofs = append(proofs, fmt.Sprintf("%s in %s, %d×, as %s", c.Proof(), f.Place, f.Copies, l.who))
		}
	}
	return proofs
}

// sawDecoy tells whether the look would have found something.
func (l look) sawDecoy() bool { return len(l.sight.Of(l.target.Decoy.SHA256())) > 0 }

// said describes what was seen beside the canaries.
func (l look) said() []string {
	line := fmt.Sprintf("as %s: %d places read, %d bytes", l.who, len(l.sight.Read), l.sight.Bytes)
	if l.sawDecoy() {
		line += ", the decoy found"
	}
	lines := []string{line}
	const most = 4
	for i, refused := range l.sight.Refused {
		if i == most {
			return append(lines, fmt.Sprintf("… and %d more refusals", len(l.sight.Refused)-most))
		}
		lines = append(lines, "refused: "+refused)
	}
	return lines
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
			return Result{}, fmt.Errorf("as %s the decoy was not found, so that nothing is known: %q", l.who, l.sight.Refused)
		}
		r.Evidence = append(r.Evidence, l.said()...)
	}
	return r, nil
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
