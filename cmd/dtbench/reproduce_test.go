package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/dtbench/dtbench/report/claims"
	reproductionreport "github.com/dtbench/dtbench/report/reproduction"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/results/paper"
	"github.com/dtbench/dtbench/results/reproduction"
)

// judged checks that every claim of the paper is there, and that nothing drawn
// supports one.
func judged(t *testing.T, list []reproduction.Claim) {
	t.Helper()
	wanted, err := paper.LoadClaims()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != len(wanted) {
		t.Errorf("%d claims, want %d", len(list), len(wanted))
	}
	for _, w := range wanted {
		i := slices.IndexFunc(list, func(c reproduction.Claim) bool { return c.ID == w.ID })
		if i < 0 {
			t.Errorf("claim %s is missing", w.ID)
			continue
		}
		c := list[i]
		if c.Evidence == reproduction.Simulated && c.Verdict == reproduction.Holds {
			t.Errorf("%s holds by simulation", c.ID)
		}
		for _, f := range c.Also {
			if f.Evidence == reproduction.Simulated && f.Verdict == reproduction.Holds {
				t.Errorf("%s also holds by simulation", c.ID)
			}
		}
		if c.Evidence == reproduction.Attack && c.Verdict == reproduction.Untested {
			t.Errorf("%s is untested, with the stored attacks at hand", c.ID)
		}
	}
}

// The whole of it once, with all draws.
func TestReproduce(t *testing.T) {
	if testing.Short() {
		t.Skip("draws millions of experiments; runner/reproduce has the same goroutines with fewer")
	}
	a, stdout, stderr := inProcess(t)
	out := filepath.Join(t.TempDir(), "new")
	if code := execute(a, []string{"reproduce", "--out", out, "--seed", "3"}); code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	predictions := readPredictions(t, out)
	if len(predictions) != 96 {
		t.Errorf("%d predictions, want 96", len(predictions))
	}
	judged(t, readClaims(t, out))
	for _, want := range []string{
		"Table 6: network (the paper names no platform; run as aliyun), published beside simulated", "Optimized, published            69.67",
		"predicted, paper-python", "cost profile go, preset central", "Claims of the paper: ", "S01   CONTRADICTED (attack)", "medians of 20000 repeated experiments",
	} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("standard output lacks %q", want)
		}
	}
	report, err := os.ReadFile(filepath.Join(out, "report.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"## What changes under the presets low, central and high", "## Not stated in the paper", "## The mechanism in Python and in Go, side by side (measured)", "the overlap in Python (stored measurement)", "stored measurement",
		"## What 15 runs can and cannot show", "(figures from the text only)", "--seed 3",
	} {
		if !bytes.Contains(report, []byte(want)) {
			t.Errorf("the report lacks %q", want)
		}
	}
	for _, name := range []string{"tables.md", "fig4.svg", "fig4.png", "fig5.svg", "power.svg"} {
		if info, err := os.Stat(filepath.Join(out, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An interrupted reproduction leaves nothing, at whatever point.
func TestReproduceInterrupted(t *testing.T) {
	check := func(what string, f reproduceFlags, when string) {
		t.Helper()
		a, stdout, stderr := inProcess(t)
		dir := t.TempDir()
		f.platform, f.preset, f.format, f.out, f.seed = platformSimulated, reproduction.PresetCentral, "text", filepath.Join(dir, "new"), 1
		ctx, cancel := context.WithCancelCause(context.Background())
		a.stderr = writerFunc(func(p []byte) (int, error) {
			if strings.Contains(string(p), when) {
				cancel(errSignal{syscall.SIGINT})
			}
			return stderr.Write(p)
		})
		var sig errSignal
		if err := a.reproduce(ctx, &f); !errors.As(err, &sig) || asFailure(err).code != 130 {
			t.Errorf("%s: %v", what, err)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 || stdout.Len() > 0 {
			t.Errorf("%s: %d entries are left (%v), %d bytes printed", what, len(entries), err, stdout.Len())
		}
	}
	check("while drawing", reproduceFlags{mode: modeCalibrated}, "repeating the experiment")
	check("while judging", reproduceFlags{mode: modeReplay}, "judging")
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// What was replayed from the published cells would fulfil most predicates. It
// supports none: with nothing else at hand the same claims hold as with the
// paper's text alone.
func TestReplayedDataSupportNoClaim(t *testing.T) {
	verdicts := func(e claims.Evidence) map[string]reproduction.Verdict {
		t.Helper()
		list, err := claims.Judge(e)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]reproduction.Verdict{}
		for _, c := range list {
			if c.Verdict == reproduction.Holds {
				out[c.ID] = c.Verdict
			}
			for _, f := range c.Also {
				if f.Verdict == reproduction.Holds {
					out[c.ID+" also"] = f.Verdict
				}
			}
		}
		return out
	}
	e, err := claims.Load()
	if err != nil {
		t.Fatal(err)
	}
	alone := verdicts(e)
	a, _, stderr := inProcess(t)
	dir := filepath.Join(t.TempDir(), "new")
	if code := execute(a, []string{"reproduce", "--mode", "replay", "--out", dir}); code != 0 {
		t.Fatal(stderr)
	}
	for _, name := range []string{"replay-table3.json", "replay-table5.json", "replay-table6.json"} {
		f, err := results.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		e.Runs = append(e.Runs, f)
	}
	for _, preset := range reproduction.Presets() {
		p := claims.Preset{Name: preset, Profile: reproduction.ProfileGo, Provenance: results.Replayed}
		for _, table := range e.Published.Tables {
			for _, c := range table.Cells {
				d := claims.Draws{Platform: table.Platform, Scenario: table.Scenario, Variant: c.Variant, Start: c.Start, CV: 0.01}
				for i := range 400 {
					d.TrimmedMeans = append(d.TrimmedMeans, c.TimeMS*(1+0.001*float64(i%20)))
				}
				p.Cells = append(p.Cells, d)
			}
		}
		e.Simulated = append(e.Simulated, p)
	}
	for id := range verdicts(e) {
		if _, ok := alone[id]; !ok {
			t.Errorf("%s holds by replayed data", id)
		}
	}
	if len(alone) < 10 {
		t.Errorf("only %d claims hold by the paper's own figures", len(alone))
	}
}

func TestStagedFolder(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "there")
	write := func(force bool, name string) error {
		f, err := stage(target, force)
		if err != nil {
			return err
		}
		defer f.discard()
		if err := os.WriteFile(f.path(name), []byte(name), 0o644); err != nil {
			return err
		}
		_, err = f.publish()
		return err
	}
	check := func(force bool, name, want string) {
		t.Helper()
		err := write(force, name)
		var names []string
		for _, e := range must(os.ReadDir(target))(t) {
			names = append(names, e.Name())
		}
		if got := strings.Join(names, " "); got != want || (err != nil) != !slices.Contains(names, name) {
			t.Errorf("after %s: %q, %v, want %q", name, got, err, want)
		}
	}
	check(false, "a", "a")
	check(false, "b", "a")  // not empty
	check(true, "c", "a c") // what is there stays
	if entries := must(os.ReadDir(dir))(t); len(entries) != 1 {
		t.Errorf("%d entries beside the folder", len(entries)-1)
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestCommandThatRepeats(t *testing.T) {
	check := func(f reproduceFlags, method reproductionreport.Method, want string) {
		t.Helper()
		if got := f.command(); got != want || f.method() != method {
			t.Errorf("%s by %q, want %s by %q", f.method(), got, method, want)
		}
	}
	check(reproduceFlags{platform: "simulated", mode: "calibrated", preset: "low", seed: 7}, reproductionreport.Calibrated, "dtbench reproduce --platform simulated --mode calibrated --preset low --seed 7")
	check(reproduceFlags{platform: "simulated", mode: "replay", preset: "high", pinned: true}, reproductionreport.ReplayPinned, "dtbench reproduce --platform simulated --mode replay --pinned --preset high --seed 0")
	check(reproduceFlags{platform: "simulated", mode: "replay", preset: "high", attacks: "a/b.json"}, reproductionreport.ReplayFree, "dtbench reproduce --platform simulated --mode replay --preset high --attacks b.json --seed 0")
	check(reproduceFlags{platform: "local", mode: "calibrated", preset: "central", measure: true, seed: 1}, reproductionreport.Measured, "dtbench reproduce --platform local --preset central --measure --seed 1")
}

// A matrix of the user's decides the claims about security, not the stored one: in
// this one every attack on the paper's scheme fails.
func TestReproduceTakesTheAttackMatrix(t *testing.T) {
	expected, err := attack.Expected()
	if err != nil {
		t.Fatal(err)
	}
	matrix := attack.File{Schema: attack.Schema}
	for _, e := range expected {
		if e.Variant == "literal" || e.Variant == "optimized" {
			matrix.Cells = append(matrix.Cells, attack.Cell{Attack: e.Attack, Variant: e.Variant, Outcome: attack.Hold, Expected: e.Outcome})
		}
	}
	data, err := json.Marshal(matrix)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "attacks.json")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	a, _, stderr := inProcess(t)
	out := filepath.Join(dir, "new")
	if code := execute(a, []string{"reproduce", "--mode", "replay", "--attacks", path, "--out", out}); code != 0 {
		t.Fatal(stderr)
	}
	judged := 0
	for _, c := range readClaims(t, out) {
		if c.Evidence == reproduction.Attack {
			judged++
			if c.Verdict != reproduction.Holds {
				t.Errorf("%s is %s where no attack got through", c.ID, c.Verdict)
			}
		}
	}
	if judged < 8 {
		t.Errorf("%d claims are judged by the attacks", judged)
	}
}
