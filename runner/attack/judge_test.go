package attack

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/core/audit"
	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios/probes"
	"github.com/dtbench/dtbench/scenarios/probes/evidence"
)

var errStopped = errors.New("stopped by the test")

// The catalogue is whole, in order, and of use to who reads it.
func TestTheAttacks(t *testing.T) {
	expected, err := results.Expected()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, a := range All() {
		ids = append(ids, a.ID)
		if a.Title == "" || a.Adversary.Text() == "" || len(a.Dimensions) == 0 || a.Tries == "" || a.Run == nil {
			t.Errorf("%s is not whole: %+v", a.ID, a.Description)
		}
		if !strings.Contains(a.Explain, "\n\n") || !strings.Contains(a.Explain, "By hand: ") {
			t.Errorf("%s does not explain how to see it by hand", a.ID)
		}
		if _, ok := expected.Find(a.ID, "optimized"); !ok {
			t.Errorf("nothing is expected of %s", a.ID)
		}
	}
	var want []string
	for n := 1; n <= 25; n++ {
		want = append(want, "T"+strconv.Itoa(n))
	}
	want = append(want, "S05", "S06", "S08")
	if !slices.Equal(ids, want) {
		t.Errorf("attacks %v", ids)
	}
}

// A continued hash is the hash of the longer message, for every length of what is
// not known.
func TestHashesAreExtended(t *testing.T) {
	for n := range 200 {
		message := strings.Repeat("m", n)
		const suffix = "and more"
		got, err := extendSHA256(sha256.Sum256([]byte(message)), n, suffix)
		want := sha256.Sum256([]byte(message + string(padding(n)) + suffix))
		if err != nil || got != want {
			t.Fatalf("a message of %d bytes: %v", n, err)
		}
	}
}

// times are n values around a mean, with a tail as systems have it.
func times(seed uint64, n int, mean float64) []int64 {
	random := rand.New(rand.NewPCG(seed, 0))
	values := make([]int64, n)
	for i := range values {
		values[i] = int64(mean + 20*random.NormFloat64())
		if i%20 == 0 {
			values[i] += int64(random.IntN(100_000))
		}
	}
	return values
}

func TestTimingIsJudged(t *testing.T) {
	const n = 20_000
	check := func(what string, last, controlLast float64, texts []string, want results.Outcome) {
		t.Helper()
		r, err := judgeTiming(probes.Timed{
			First: times(1, n, 1000), Last: times(2, n, last), ControlFirst: times(3, n, 1010), ControlLast: times(4, n, controlLast),
		}, texts)
		if want == results.CouldNotRun {
			if !errors.Is(err, ErrCannotRun) {
				t.Errorf("%s: %s, %v", what, r.Outcome, err)
			}
			return
		}
		if err != nil || r.Outcome != want {
			t.Errorf("%s: %s, %v: %s", what, r.Outcome, err, r.Detail)
		}
	}
	one := []string{"denied"}
	check("no difference", 1000, 1040, one, results.Hold)
	check("a comparison that stops early", 1030, 1040, one, results.Broken)
	check("a difference that is real and far less than that", 1002, 1040, one, results.Hold)
	check("a control that is not seen", 1000, 1010, one, results.CouldNotRun)
	check("two texts", 1000, 1040, []string{"denied", "used before"}, results.Broken)
}

// A machine that is slow for a while, and interruptions of some refusals, neither hide a
// difference nor make one.
func TestTheDifferenceOfTimesOnABusyMachine(t *testing.T) {
	const n = 20_000
	first, last := times(5, n, 1000), times(6, n, 1020)
	random := rand.New(rand.NewPCG(7, 0))
	slow := int64(0)
	for i := range n {
		if i%1000 == 0 {
			slow = random.Int64N(2000)
		}
		first[i] += slow
		last[i] += slow
		if random.IntN(10) == 0 {
			first[i] += random.Int64N(50_000)
		}
		if random.IntN(10) == 0 {
			last[i] += random.Int64N(50_000)
		}
	}
	if d, score := difference(first, last); math.Abs(d-20) > 5 || score < 2*timingT {
		t.Errorf("20 ns look like %.1f, t = %.1f", d, score)
	}
	shuffled := slices.Clone(first)
	for i := 0; i+1 < n; i += 2 { // of the neighbour, and so of the same time
		shuffled[i], shuffled[i+1] = shuffled[i+1], shuffled[i]
	}
	if d, score := difference(first, shuffled); math.Abs(score) > timingT {
		t.Errorf("no difference looks like %.1f ns, t = %.1f", d, score)
	}
	for _, few := range [][]int64{nil, {1}} {
		if d, score := difference(few, few); d != 0 || score != 0 {
			t.Errorf("of %d pairs: %v, %v", len(few), d, score)
		}
	}
}

// What was found is told by channel and instance; a token that is left is a leak,
// and is not called a secret.
func TestTracesAreJudged(t *testing.T) {
	check := func(text string, want results.Outcome, told ...string) {
		t.Helper()
		seen := &traces{found: map[string][]string{}, bytes: map[string]int{}, ending: "after a crash"}
		seen.search(written, []byte(text), map[string]string{secret + "KEY": "hunter2", "token": "0123"})
		r := seen.judge()
		if r.Outcome != want {
			t.Errorf("%q: %s", text, r.Outcome)
		}
		all := r.Detail + "\n" + strings.Join(r.Evidence, "\n")
		for _, w := range told {
			if !strings.Contains(all, w) {
				t.Errorf("%q lacks %q:\n%s", text, w, all)
			}
		}
		if strings.Contains(all, "hunter2") || strings.Contains(all, "0123,") {
			t.Errorf("the evidence holds what was found: %s", all)
		}
	}
	check("nothing", results.Hold, "standard output and error: 7 bytes searched")
	check("it is hunter2", results.Leak, "the secret itself in: standard output and error", "secret KEY in standard output and error after a crash, 1×, sha256 ")
	check("0123 and 0123", results.Leak, "the secret itself is not", "token in standard output and error after a crash, 2×")
}

// Other spellings of a token are not the token itself: but for those that a
// lenient reader would take for it.
func TestShiftsAreOtherTokens(t *testing.T) {
	token := coreToken{nonce: [16]byte{1, 2, 3}, time: [8]byte{4, 5, 6}, mac: [32]byte{7}}
	same := 0
	all, err := shifts("optimized", token.String())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range all {
		if other, err := parseCore(text); err == nil && other == token {
			same++
		}
	}
	if len(all) != 13 || same > 3 { // as it is, and spaces that base64 passes over
		t.Errorf("%d spellings, %d of the same token", len(all), same)
	}
	literal, err := shifts("literal", "aa.bbb0.123")
	if err != nil || literal[0] != "aa.bbb.0123" || literal[1] != "aa.bbb01.23" {
		t.Errorf("%q, %v", literal, err)
	}
}

// What could not be carried out is said, whatever was found before, and holds no
// canary.
func TestErrorsBecomeCellsThatCouldNotRun(t *testing.T) {
	lab := NewLab(LabOptions{})
	lab.canaries = []string{"canary-secret"}
	cells, quantities, err := Run(t.Context(), Config{
		Attacks: []Attack{{
			Description: results.Description{ID: "T1"},
			Run: func(context.Context, *Lab, string) (Result, error) {
				return Result{Outcome: results.Hold, Evidence: []string{"half of it"}}, cannot("no right to read canary-secret, %s", strings.Repeat("x", 1000))
			},
		}},
		Variants: []string{"v"}, Lab: lab,
		Expected: results.Matrix{{Attack: "T1", Variant: "v", Outcome: results.Hold, Basis: results.Paper}},
	})
	if err != nil || len(cells) != 1 || len(quantities) != 0 {
		t.Fatalf("%v, %v, %v", cells, quantities, err)
	}
	c := cells[0]
	if c.Outcome != results.CouldNotRun || c.AsExpected() || len(c.Evidence) != 0 || strings.Contains(c.Detail, "secret") || !strings.Contains(c.Detail, "no right to read [canary]") || len(c.Detail) > 600 {
		t.Errorf("%+v", c)
	}
}

func TestAnAttackThatNothingIsExpectedOfIsAnError(t *testing.T) {
	_, _, err := Run(t.Context(), Config{Attacks: All()[:1], Variants: []string{"unknown"}, Lab: NewLab(LabOptions{})})
	if err == nil || !strings.Contains(err.Error(), "T1 on unknown") {
		t.Errorf("%v", err)
	}
}

// A value that was opened for whom it is meant is told apart from a stolen one.
func TestEvidenceTellsAnOpeningFromATheft(t *testing.T) {
	key := Canary{Name: FirstKey, Value: "canary"}
	target := &Target{Canaries: map[string]Canary{FirstKey: key}}
	got := []probes.Accesses{
		{Key: FirstKey, Granted: requestBudget, Refused: requestBudget, SHA256: key.SHA256()},
		{Key: undeclared, Refused: 1},
		{Key: usedOnly, Refused: 1},
		{Key: usedOnly, Granted: 1, Sign: true},
		{Key: FirstKey, Granted: requestBudget, Refused: requestBudget, Request: inventedRequest, SHA256: key.SHA256()},
	}
	check := func(variant string, want results.Outcome, line string) {
		t.Helper()
		r, err := judgeAccesses(target, variant, got)
		if err != nil || r.Outcome != want || !slices.Contains(r.Evidence, line) {
			t.Errorf("%s: %s, %v: %q lacks %q", variant, r.Outcome, err, r.Evidence, line)
		}
	}
	check("broker", results.Denied, "opened for the attacker, within the budget: "+key.Proof())
	check("optimized", results.Broken, key.Proof())
}

// What is readable in T25 where it holds is called what it is: not listed.
func TestTheUnlistedNameIsNoProtectedValue(t *testing.T) {
	found := Canary{Name: unknown, Value: "canary"}
	target := &Target{Canaries: map[string]Canary{unknown: found}, output: &output{}}
	fmt.Fprintf(target.output, "function%s{\"event\":%q,\"key\":%q}\n", logSeparator, audit.Unlisted.String(), unknown)
	r := judgeInjected(target, evidence.Sight{Findings: []evidence.Finding{{SHA256: found.SHA256(), Place: "os.Environ"}}}, "optimized")
	if r.Outcome != results.Hold || !strings.Contains(r.Detail, "which nobody had listed for protection") || !slices.ContainsFunc(r.Evidence, func(e string) bool {
		return strings.HasPrefix(e, found.Proof()) && strings.Contains(e, "a name that nobody had listed")
	}) {
		t.Errorf("%s: %s: %q", r.Outcome, r.Detail, r.Evidence)
	}
}

// The OWASP table names each incident under the categories of its source.
func TestRisksNameTheIncidents(t *testing.T) {
	for _, i := range Incidents() {
		_, source, _ := strings.Cut(i.Source, "OWASP ")
		want := i.Name
		if i.OutOfScope != "" {
			want += " (out of scope)"
		}
		for _, r := range results.Risks() {
			if is := slices.Contains(strings.Split(source, ", "), r.ID); slices.Contains(r.Incidents, want) != is {
				t.Errorf("%s names %q: %v, and its source %s: %v", r.ID, want, !is, source, is)
			}
		}
	}
	for _, r := range results.Risks() {
		for _, name := range r.Incidents {
			name, _, _ = strings.Cut(name, " ")
			if !slices.ContainsFunc(Incidents(), func(i Incident) bool { return i.Name == name }) {
				t.Errorf("%s names %s, which is none", r.ID, name)
			}
		}
	}
}
