package attack

import (
	"context"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/internal/needs"
	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios"
)

// Every incident ends on every variant as its story says; and each that can be
// run gets through at least where nothing is protected.
func TestEveryIncidentEndsAsExpected(t *testing.T) {
	lab := newTestLab(t)
	for _, i := range Incidents() {
		t.Run(i.Name, func(t *testing.T) {
			if i.OutOfScope != "" {
				if i.Run != nil || len(i.Expected) > 0 {
					t.Error("out of scope, and yet to be run")
				}
				return
			}
			if e := i.Expected[scenarios.Baseline]; e != results.Leak && e != results.Broken {
				t.Errorf("on %s it is expected to %s", scenarios.Baseline, e)
			}
			var variants []string
			for _, v := range scenarios.Variants() {
				variants = append(variants, v.Name)
			}
			cells, err := Replay(context.Background(), Config{Variants: variants, Lab: lab}, []Incident{i})
			if err != nil || len(cells) != len(variants) {
				t.Fatalf("%d cells, %v", len(cells), err)
			}
			for _, c := range cells {
				t.Logf("%-10s %-8s %s  %s", c.Variant, c.Outcome, c.Detail, strings.Join(c.Evidence, " ; "))
				if c.Outcome == results.CouldNotRun {
					needs.Missing(t, i.Name, c.Detail)
				}
				if !c.AsExpected() {
					t.Errorf("%s: %s, expected %s: %s", c.Variant, c.Outcome, c.Expected, c.Detail)
				}
				if all := c.Detail + strings.Join(c.Evidence, ""); strings.Contains(all, CanaryMarker) {
					t.Errorf("%s: the evidence holds a canary", c.Variant)
				}
			}
		})
	}
}
