package reproduction

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/results"
)

func prediction(table int, start results.Start, preset string) Prediction {
	return Prediction{
		Table: table, Platform: "aliyun", Scenario: "hello", Start: start, Metric: results.MetricTime, Published: 69.67,
		Preset: preset, Profile: ProfileGo, Predicted: Interval{2.123456789, 1.5, 3}, P: 1.0 / 3,
	}
}

func TestPredictionsAreSortedAndRounded(t *testing.T) {
	list := []Prediction{prediction(5, results.Cold, PresetHigh), prediction(3, results.Hot, PresetLow), prediction(3, results.Cold, PresetLow), prediction(3, results.Cold, PresetCentral)}
	var first, second bytes.Buffer
	if err := WritePredictions(&first, list); err != nil {
		t.Fatal(err)
	}
	if list[0].Table != 5 {
		t.Error("the caller's list was sorted")
	}
	got, err := ReadPredictions(bytes.NewReader(first.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	order := ""
	for _, q := range got {
		order += strings.Join([]string{"", q.Scenario, string(q.Start), q.Preset}, " ") + ";"
		if q.Predicted.Median != 2.12346 || q.P != 0.333333 || q.Published != 69.67 {
			t.Errorf("%+v is not rounded to six digits, or the published figure was", q)
		}
	}
	if want := " hello cold central; hello cold low; hello hot low; hello cold high;"; order != want {
		t.Errorf("order %q, want %q", order, want)
	}
	if err := WritePredictions(&second, got); err != nil || second.String() != first.String() {
		t.Errorf("writing what was read gives other bytes (%v)", err)
	}
}

func TestPredictionsThatAreRefused(t *testing.T) {
	check := func(want string, change func(*Prediction)) {
		t.Helper()
		q := prediction(3, results.Cold, PresetLow)
		change(&q)
		var b bytes.Buffer
		err := WritePredictions(&b, []Prediction{q})
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), want) || b.Len() > 0 {
			t.Errorf("%v after %d bytes, want %q after none", err, b.Len(), want)
		}
	}
	check("no platform", func(q *Prediction) { q.Platform = "" })
	check("start", func(q *Prediction) { q.Start = "warm" })
	check("metric", func(q *Prediction) { q.Metric = "watts" })
	check("preset", func(q *Prediction) { q.Preset = "best" })
	check("profile", func(q *Prediction) { q.Profile = "rust" })
	check("not above zero", func(q *Prediction) { q.Predicted.High95 = math.Inf(1) })
	check("not above zero", func(q *Prediction) { q.Published = 0 })
	check("outside", func(q *Prediction) { q.Predicted.Low95 = 2.5 })
	check("between 0 and 1", func(q *Prediction) { q.P = math.NaN() })
	same := prediction(3, results.Cold, PresetLow)
	if err := WritePredictions(&bytes.Buffer{}, []Prediction{same, same}); !errors.Is(err, ErrInvalid) {
		t.Errorf("an entry twice: %v", err)
	}
}

func claim(id string) Claim {
	return Claim{ID: id, Claim: "time(md5)<time(sha256)", Where: "Table 2", Verdict: Holds, Evidence: Measured, Explanation: "it is."}
}

func TestClaimsRoundTrip(t *testing.T) {
	var b bytes.Buffer
	if err := WriteClaims(&b, []Claim{claim("T03"), claim("A01")}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"time(md5)<time(sha256)"`, `"also": []`, `"conceded": ""`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s lacks %s", b.String(), want)
		}
	}
	got, err := ReadClaims(&b)
	if err != nil || len(got) != 2 || got[0].ID != "A01" || got[1].Verdict != Holds {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestClaimsThatAreRefused(t *testing.T) {
	check := func(want string, change func(*Claim)) {
		t.Helper()
		c := claim("P01")
		change(&c)
		var b bytes.Buffer
		err := WriteClaims(&b, []Claim{c})
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), want) || b.Len() > 0 {
			t.Errorf("%v after %d bytes, want %q after none", err, b.Len(), want)
		}
	}
	check("lacks", func(c *Claim) { c.Explanation = "" })
	check("verdict", func(c *Claim) { c.Verdict = "perhaps" })
	check("evidence", func(c *Claim) { c.Evidence = "hearsay" })
	check("claim P01", func(c *Claim) { c.Also = []Finding{{Evidence: Simulated}} })
	if err := WriteClaims(&bytes.Buffer{}, []Claim{claim("P01"), claim("P01")}); !errors.Is(err, ErrInvalid) {
		t.Errorf("a claim twice: %v", err)
	}
}

func TestDamagedFiles(t *testing.T) {
	check := func(text string) {
		t.Helper()
		if _, err := ReadPredictions(strings.NewReader(text)); !errors.Is(err, ErrInvalid) {
			t.Errorf("predictions %q: %v", text, err)
		}
		if _, err := ReadClaims(strings.NewReader(text)); !errors.Is(err, ErrInvalid) {
			t.Errorf("claims %q: %v", text, err)
		}
	}
	check(``)
	check(`{}`)
	check(`[{"tabel": 3}]`)
	check(`[{}]`)
	check(`[] []`)
}

func TestRound(t *testing.T) {
	check := func(value, want float64) {
		t.Helper()
		if got := Round(value); got != want {
			t.Errorf("%v: %v, want %v", value, got, want)
		}
	}
	check(822.1234567, 822.123)
	check(0.00012345678, 0.000123457)
	check(-2.00000049, -2)
	check(0, 0)
	check(math.Inf(1), math.Inf(1))
	if !math.IsNaN(Round(math.NaN())) {
		t.Error("NaN became a number")
	}
}
