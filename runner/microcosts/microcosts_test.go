package microcosts

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"runtime"
	"testing"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/scenarios/build"
)

var update = flag.Bool("update", false, "measure, and store the result as the reference")

const referenceFile = "../../results/reference/microcosts.json"

// TestReference reads the stored measurement; with -update it makes it first.
func TestReference(t *testing.T) {
	if *update {
		m, err := Measure(t.Context(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, origin, err := build.Programs(t.Context(), build.Options{WorkDir: "."}, t.TempDir(), nil)
		if err != nil {
			t.Fatal(err)
		}
		m.Tool = results.Tool{Name: "dtbench", Version: origin.Version, Commit: origin.Commit, Dirty: origin.Dirty, Go: runtime.Version()}
		err = results.Replace(referenceFile, 0o644, func(w io.Writer) error { return results.WriteMicrocosts(w, m) })
		if err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := results.ReadMicrocosts(bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
}

// Structure and counts; times are the machine's affair.
func TestMeasure(t *testing.T) {
	o := Options{Rounds: 12, Batch: 3, Accesses: 40, Requests: 9000}
	m, err := Measure(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := results.WriteMicrocosts(io.Discard, m); err != nil {
		t.Error(err)
	}
	if len(m.Audit) != 3 || len(m.Refusals) != 2 || len(m.Rules) != 2 || len(m.Registries) != 2 || len(m.Verify) != 2 {
		t.Fatalf("%d audit, %d refusals, %d rules, %d registries, %d verify", len(m.Audit), len(m.Refusals), len(m.Rules), len(m.Registries), len(m.Verify))
	}
	for _, a := range m.Audit {
		// Only strict audit refuses what it cannot record, and then everything.
		want, rounds := 0, o.Accesses
		if a.Mode == "strict" {
			want, rounds = o.Accesses/20, o.Accesses/20
		}
		if a.StalledRefused != want || a.Off.Rounds != rounds || a.On.Rounds != rounds || a.Stalled.Rounds != rounds || a.Added.Rounds != rounds {
			t.Errorf("%s %s: %d refused of %d rounds, want %d of %d", a.Scheme, a.Mode, a.StalledRefused, a.Stalled.Rounds, want, rounds)
		}
	}
	for _, v := range m.Verify {
		if v.Access.Rounds != o.Rounds || v.Checks.Batch != o.Batch || v.Checks.Median <= 0 || v.Ratio.Unit != "1" || v.Bytes.Unit != "bytes" {
			t.Errorf("%s: %+v", v.Scheme, v)
		}
	}
	literal, optimized := m.Registries[0], m.Registries[1]
	if literal.Scheme != results.SchemeLiteral || literal.Peak != o.Requests || literal.HalfPeak != o.Requests/2 {
		t.Errorf("the published list keeps everything: %+v", literal)
	}
	// A bucket collects for two windows and is kept for two more; a shard drops
	// its own with the next nonce that comes to it.
	if most := int(4.2 * ratePerSecond * window.Seconds()); optimized.Peak > most || 10*optimized.HalfPeak < 9*optimized.Peak || optimized.Accepted != o.Requests {
		t.Errorf("the hardened registry is bounded: %+v", optimized)
	}
}

func TestMeasureEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if m, err := Measure(ctx, Options{}); !errors.Is(err, context.Canceled) || m != nil {
		t.Errorf("%v, %v", m, err)
	}
}

func TestTakeTurns(t *testing.T) {
	var order []string
	prepared := 0
	op := func(name string) operation {
		return operation{
			prepare: func(n int) error { prepared += n; return nil },
			run:     func(int) error { order = append(order, name); return nil },
		}
	}
	times, err := takeTurns(3, 2, wall, op("a"), op("b"))
	if err != nil || len(times) != 2 || len(times[0]) != 3 || len(times[1]) != 3 {
		t.Fatalf("%v, %v", times, err)
	}
	// One round of warm-up, then rounds whose order rotates.
	got := ""
	for _, name := range order {
		got += name
	}
	if want := "aabb" + "aabb" + "bbaa" + "aabb"; got != want || prepared != 16 {
		t.Errorf("order %s, want %s; prepared %d", got, want, prepared)
	}
	broken := errors.New("broken")
	if _, err := takeTurns(1, 1, wall, operation{run: func(int) error { return broken }}); !errors.Is(err, broken) {
		t.Errorf("an operation that fails: %v", err)
	}
	if _, err := takeTurns(1, 1, wall, operation{prepare: func(int) error { return broken }}); !errors.Is(err, broken) {
		t.Errorf("a preparation that fails: %v", err)
	}
}

func TestSummarise(t *testing.T) {
	values := make([]float64, 100)
	for i := range values {
		values[i] = float64(100 - i) // 1 to 100
	}
	c := summarise("ns", 7, values)
	// 50 ± 9.8 places: the 41st and the 60th value.
	want := results.Cost{Unit: "ns", Rounds: 100, Batch: 7, Median: 50.5, Low95: 41, High95: 60, P95: 95, P99: 99}
	if c != want {
		t.Errorf("%+v, want %+v", c, want)
	}
	if values[0] != 100 {
		t.Error("the caller's values were sorted")
	}
	one := summarise("ns", 1, []float64{4})
	if one.Median != 4 || one.Low95 != 4 || one.High95 != 4 || one.P99 != 4 {
		t.Errorf("one value: %+v", one)
	}
}

func TestForgeKeepsTheForm(t *testing.T) {
	for _, text := range []string{"abc0", "abcf"} {
		if got := forge(text); got == text || len(got) != len(text) {
			t.Errorf("forge(%q) = %q", text, got)
		}
	}
}

func TestOnlyARefusalIsARefusal(t *testing.T) {
	if refused(nil) == nil || refused(errors.New("other")) == nil {
		t.Error("a grant or another error passed for a refusal")
	}
}
