package claims

import (
	"strings"
	"testing"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/reproduction"
)

// found is what measured evidence says of a claim, decisive or not.
func found(c reproduction.Claim, kind reproduction.Evidence) reproduction.Verdict {
	if c.Evidence == kind {
		return c.Verdict
	}
	for _, also := range c.Also {
		if also.Evidence == kind {
			return also.Verdict
		}
	}
	return ""
}

func TestMeasuredRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("long and not concurrent")
	}
	check := func(id string, a arm, want reproduction.Verdict) {
		t.Helper()
		e := load(t)
		e.Runs = []*results.File{run(results.Measured, 15, everywhere(a))}
		if c := of(t, e, id); found(c, reproduction.Measured) != want {
			t.Errorf("%s of %+v: %s, want %s: %+v", id, a, found(c, reproduction.Measured), want, c)
		}
	}
	equal, slower, noisy := arm{1, 1, 0.02}, arm{1, 1.5, 0.02}, arm{1, 1, 0.4}
	check("P13", equal, holds)
	check("P13", slower, contradicted)
	check("P13", noisy, notShown)
	check("P13", arm{1, 1.05, 0.005}, contradicted) // equivalent, and yet a difference
	check("P27", equal, holds)
	check("P27", slower, contradicted)
	check("P27", noisy, notShown)
	check("P27", arm{1, 1.05, 0.005}, holds) // a difference within the margin
	check("P20", equal, holds)
	check("P20", noisy, contradicted)
	check("P21", equal, holds)
	check("P21", arm{1, 1, 0.9}, contradicted)
	check("P31", equal, holds)
	check("P31", slower, contradicted)
}

func TestHotHasToBeShownInEveryCell(t *testing.T) {
	if testing.Short() {
		t.Skip("long and not concurrent")
	}
	e := load(t)
	arms := everywhere(arm{1, 1, 0.02})
	arms["network hot"] = arm{1, 1, 0.5}
	e.Runs = []*results.File{run(results.Measured, 15, arms)}
	if c := of(t, e, "P27"); found(c, reproduction.Measured) != notShown {
		t.Errorf("with one noisy cell: %+v", c)
	}
	delete(arms, "network hot")
	e.Runs = []*results.File{run(results.Measured, 15, arms)}
	if c := of(t, e, "P27"); found(c, reproduction.Measured) != "" {
		t.Errorf("with a cell missing: %+v", c)
	}
}

func TestMeasuredDifferencesAsOneConstant(t *testing.T) {
	if testing.Short() {
		t.Skip("long and not concurrent")
	}
	check := func(hello, storage, network arm, want reproduction.Verdict) {
		t.Helper()
		e := load(t)
		e.Runs = []*results.File{run(results.Measured, 15, map[string]arm{"hello cold": hello, "storage cold": storage, "network cold": network})}
		if c := of(t, e, "P17"); found(c, reproduction.Measured) != want {
			t.Errorf("%s, want %s: %s", found(c, reproduction.Measured), want, c.Computed)
		}
	}
	// One millisecond more each, then a tenth more each.
	check(arm{1, 2, 0.02}, arm{10, 1.1, 0.02}, arm{20, 1.05, 0.02}, holds)
	check(arm{1, 1.1, 0.02}, arm{10, 1.1, 0.02}, arm{100, 1.1, 0.02}, contradicted)
}

func TestShapeOfMeasuredRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("long and not concurrent")
	}
	e := load(t)
	falling := map[string]arm{"hello cold": {1, 1.5, 0.01}, "storage cold": {4, 1.1, 0.01}, "network cold": {4, 1.01, 0.01}}
	e.Runs = []*results.File{run(results.Measured, 15, falling)}
	if c := of(t, e, "P14"); found(c, reproduction.Measured) != holds || c.Evidence != reproduction.Published {
		t.Errorf("falling: %+v", c)
	}
	falling["network cold"] = arm{4, 1.3, 0.01}
	e.Runs = []*results.File{run(results.Measured, 15, falling)}
	if c := of(t, e, "P14"); found(c, reproduction.Measured) != contradicted {
		t.Errorf("not falling: %+v", c)
	}
}

func TestWhichMeasuredFunctionCostsMost(t *testing.T) {
	if testing.Short() {
		t.Skip("long and not concurrent")
	}
	check := func(hot float64, want reproduction.Verdict) {
		t.Helper()
		e := load(t)
		arms := everywhere(arm{10, 1.05, 0.01})
		arms["hello cold"], arms["hello hot"] = arm{1, 1.5, 0.01}, arm{1, hot, 0.01}
		e.Runs = []*results.File{run(results.Measured, 15, arms)}
		if c := of(t, e, "P28"); found(c, reproduction.Measured) != want || c.Evidence != reproduction.Published {
			t.Errorf("hello hot times %v: %+v, want %s", hot, c, want)
		}
	}
	check(1.2, holds)
	check(0.9, contradicted) // cold alone is not enough
}

// A run with another number of samples says nothing about fifteen.
func TestOnlyFifteenRunsAreFifteenRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("long and not concurrent")
	}
	e := load(t)
	e.Runs = []*results.File{run(results.Measured, 40, everywhere(arm{1, 1, 0.2}))}
	if c := of(t, e, "P20"); c.Verdict != untested {
		t.Errorf("40 runs: %s: %s", c.Verdict, c.Computed)
	}
}

func TestPresetsByThemselves(t *testing.T) {
	if testing.Short() {
		t.Skip("long and not concurrent")
	}
	e := load(t)
	// At 10 % per mean, 2.7 standard deviations of -31.9 % are unlikely; at 20 %
	// they are not.
	e.Simulated = []Preset{preset(e, "low", 0.10, 0.3)}
	if c := of(t, e, "P18"); c.Verdict != contradicted || !strings.Contains(c.Computed, "Table 5 hot p = 0.0") {
		t.Errorf("%s: %s", c.Verdict, c.Computed)
	}
	e.Simulated = []Preset{preset(e, "low", 0.20, 0.3)}
	if c := of(t, e, "P18"); c.Verdict != notShown {
		t.Errorf("%s: %s", c.Verdict, c.Computed)
	}
	// The detectable change of means that vary by 10 % is about 50 %.
	e.Simulated = []Preset{preset(e, "low", 0.10, 0.3)}
	if c := of(t, e, "P20"); c.Verdict != contradicted || c.Evidence != reproduction.Simulated {
		t.Errorf("%s by %s: %s", c.Verdict, c.Evidence, c.Computed)
	}
	e.Simulated = []Preset{preset(e, "low", 0.01, 0.05)}
	if c := of(t, e, "P20"); c.Verdict != notShown {
		t.Errorf("a simulation with little spread: %s: %s", c.Verdict, c.Computed)
	}
}

func TestRunsThatDisagreeShowNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("long and not concurrent")
	}
	e := load(t)
	good, bad := run(results.Measured, 15, everywhere(arm{1, 1, 0.02})), run(results.Measured, 15, everywhere(arm{1, 1.5, 0.4}))
	check := func(want reproduction.Verdict, runs ...*results.File) {
		t.Helper()
		e.Runs = runs
		if c := of(t, e, "P20"); c.Verdict != want || strings.Count(c.Computed, "local run") != len(runs) {
			t.Errorf("%d runs: %s, want %s: %s", len(runs), c.Verdict, want, c.Computed)
		}
	}
	check(holds, good, good)
	check(contradicted, bad, bad)
	check(notShown, good, bad)
	check(notShown, bad, good)
}
