package attack

import (
	"context"
	"strings"
	"testing"

	results "github.com/dtbench/dtbench/results/attack"
)

// An attack that could not succeed would hold everywhere. Those that nothing in
// the matrix falls to are tried against a core that is weakened for them.
func TestAttacksSucceedAgainstAWeakenedCore(t *testing.T) {
	if testing.Short() {
		t.Skip("deploys many instances")
	}
	weakened := func(validation string) map[string]any {
		return map[string]any{"keys": map[string]any{FirstKey: map[string]any{"sensitivity": "low", "validation": validation}}}
	}
	lab := newTestLab(t)
	check := func(attack Attack, overlay map[string]any) {
		t.Helper()
		lab.overlay = overlay
		r, err := attack.Run(context.Background(), lab, "optimized")
		if err != nil || r.Outcome != results.Broken {
			t.Errorf("%s: %s, %v: %s", attack.ID, r.Outcome, err, r.Detail)
		}
		t.Logf("%s: %s: %s", attack.ID, r.Outcome, r.Detail)
	}
	check(shiftBoundary(), weakened("no-replay"))
	check(raceOneToken(), weakened("no-replay"))
	check(futureToken(), map[string]any{"keys": map[string]any{FirstKey: map[string]any{"sensitivity": "low", "validation": "no-replay", "window": "10s"}}})
	check(endInstance(), map[string]any{"response": map[string]any{"terminate_after": -1}})
}

// In the other reading of the paper, where a nonce enters the list on grant, the
// race is won: the attack says so in its detail.
func TestTheRaceIsWonWhereNoncesAreInsertedOnGrant(t *testing.T) {
	r, err := raceOneToken().Run(context.Background(), newTestLab(t), "literal")
	if err != nil || r.Outcome != results.Hold || !strings.Contains(r.Detail, "inserted on grant, the other reading (r): broken") {
		t.Errorf("%s, %v: %s", r.Outcome, err, r.Detail)
	}
}

func TestARuleThatIsAcceptedIsNoticed(t *testing.T) {
	lab := newTestLab(t)
	for _, variant := range []string{"literal", "optimized"} {
		r, err := lab.refuseRules(context.Background(), variant, []ruleText{{"a good rule", "$sha256($requestid, $nonce)"}})
		if err != nil || r.Outcome != results.Broken {
			t.Errorf("%s: %s, %v", variant, r.Outcome, err)
		}
	}
}

// The share that the boundary shift gets through is the one nonce in sixteen that
// ends in the digit 0.
func TestTheBoundaryShiftsThatGetThrough(t *testing.T) {
	r, err := shiftBoundary().Run(context.Background(), newTestLab(t), "literal")
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range r.Quantities {
		if q.ID == "replay-acceptance" && (q.Value < 4 || q.Value > 9) {
			t.Errorf("%.1f %% of the stolen tokens were accepted again", q.Value)
		}
	}
	if len(r.Quantities) != 1 {
		t.Errorf("%d quantities", len(r.Quantities))
	}
}

// When the context ends in the middle of an attack Run returns what is complete
// and the cause.
func TestAnInterruptedRun(t *testing.T) {
	expected, err := results.Expected()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancelCause(context.Background())
	defer stop(nil)
	cells, _, err := Run(ctx, Config{
		Attacks: All(), Variants: []string{"benchmark", "literal"}, Expected: expected, Lab: newTestLab(t),
		Done: func(c results.Cell) {
			if c.Attack == "T5" {
				stop(errStopped)
			}
		},
	})
	if err != errStopped || len(cells) != 9 {
		t.Errorf("%d cells, %v", len(cells), err)
	}
}
