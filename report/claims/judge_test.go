package claims

import (
	"testing"

	"github.com/dtbench/dtbench/results/paper"
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
