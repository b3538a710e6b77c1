package attack

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/internal/needs"
	"github.com/dtbench/dtbench/platforms/local"
	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/build"
	"github.com/dtbench/dtbench/scenarios/build/buildtest"
)

func newTestLab(t *testing.T) *Lab {
	t.Helper()
	binaries := buildtest.Programs(t, append(build.AttackPrograms(scenarios.Variants()), build.ClockPrograms(scenarios.Variants())...)...)
	o := LabOptions{
		Programs: func(name string) (string, bool) { b, ok := binaries[name]; return b.Path, ok },
		WorkDir:  t.TempDir(), Seed: 1,
	}
	if os.Geteuid() == 0 {
		o.User = &local.User{UID: 65534, GID: 65534}
	}
	return NewLab(o)
}

// asRoot is how evidence names functions of root.
var asRoot = regexp.MustCompile(`(?m)^(as )?root\b`)

// Every attack comes out on every variant as the matrix in the repository says.
// That an attack can succeed at all is part of that: each gets through somewhere.
func TestEveryAttackComesOutAsExpected(t *testing.T) {
	lab := newTestLab(t)
	expected, err := results.Expected()
	if err != nil {
		t.Fatal(err)
	}
	var variants []string
	for _, v := range scenarios.Variants() {
		variants = append(variants, v.Name)
	}
	for _, a := range All() {
		if testing.Short() && !slices.Contains([]string{"T1", "T3", "T5", "T11", "S06"}, a.ID) {
			continue // one of each kind
		}
		t.Run(a.ID, func(t *testing.T) {
			cells, quantities, err := Run(context.Background(), Config{Attacks: []Attack{a}, Variants: variants, Expected: expected, Lab: lab})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range cells {
				t.Logf("%-10s %-14s %6.0f ms  %s  %s", c.Variant, c.Outcome, c.Duration, c.Detail, strings.Join(c.Evidence, " ; "))
				if c.Outcome == results.CouldNotRun {
					needs.Missing(t, c.Attack, c.Detail)
				}
				if !c.AsExpected() {
					t.Errorf("%s on %s: %s, expected %s: %s", c.Attack, c.Variant, c.Outcome, c.Expected, c.Detail)
				}
				if os.Geteuid() == 0 && asRoot.MatchString(strings.Join(c.Evidence, "\n")) != a.AsRoot {
					t.Errorf("%s on %s: functions of root were attacked: %v is not so", c.Attack, c.Variant, a.AsRoot)
				}
			}
			for _, q := range quantities {
				t.Logf("%-10s %-20s %12.3f %-6s %s: %s", q.Variant, q.ID, q.Value, q.Unit, q.Source, q.Detail)
			}
		})
	}
}
