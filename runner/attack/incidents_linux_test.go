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
			for _, v := range scenarios.Variants() {
				r, err := ReplayIncident(context.Background(), lab, i, v.Name)
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%-10s %-8s %s  %s", v.Name, r.Outcome, r.Detail, strings.Join(r.Evidence, " ; "))
				if r.Outcome == results.CouldNotRun {
					needs.Missing(t, i.Name, r.Detail)
				}
				if r.Outcome != i.Expected[v.Name] {
					t.Errorf("%s: %s, expected %s: %s", v.Name, r.Outcome, i.Expected[v.Name], r.Detail)
				}
				if all := r.Detail + strings.Join(r.Evidence, ""); strings.Contains(all, CanaryMarker) {
					t.Errorf("%s: the evidence holds a canary", v.Name)
				}
			}
		})
	}
}
