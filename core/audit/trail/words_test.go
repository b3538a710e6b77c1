package trail_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core/audit"
	"github.com/dtbench/dtbench/core/audit/trail"
)

// Every reason has its words, and they are sentences that somebody can act on.
func TestEveryReasonIsExplained(t *testing.T) {
	for r := audit.Reason(1); r <= audit.GuardClosed; r++ {
		e := &trail.Entry{Event: "verify", Result: "denied", Reason: r.String()}
		x, ok := trail.Explain(e)
		if !ok || strings.Contains(x.Why, "not known") || x.What != "Access was refused." || x.Do == "" || strings.HasSuffix(x.Why, ".") || strings.HasSuffix(x.Do, ".") {
			t.Errorf("%v: got %+v", r, x)
		}
	}
}

func TestExplain(t *testing.T) {
	check := func(e trail.Entry, what, why string) {
		t.Helper()
		x, ok := trail.Explain(&e)
		if ok != (what != "") || x.What != what || !strings.Contains(x.Why, why) {
			t.Errorf("got %v %+v, want %q because %q", ok, x, what, why)
		}
	}
	check(trail.Entry{Event: "verify", Result: "granted"}, "", "")
	check(trail.Entry{Event: "opened", Result: "done"}, "", "")
	check(trail.Entry{Event: "closed", Result: "done"}, "", "")
	check(trail.Entry{Event: "verify", Result: "denied", Reason: "replay", Key: "API_KEY", Request: "r-1", Source: "alice"},
		"Access was refused to API_KEY in request r-1 from alice.", "used before")
	check(trail.Entry{Event: "verify", Result: "denied", Reason: "too_old", WindowMS: 10000, AgeMS: 12500},
		"Access was refused.", "too long ago: its age was 12.5s, the window is 10s to either side")
	check(trail.Entry{Event: "verify", Result: "denied", Reason: "from_future", WindowMS: 1000, AgeMS: -3000}, "Access was refused.", "its age was -3s")
	check(trail.Entry{Event: "verify", Result: "denied", Reason: "too_old"}, "Access was refused.", "too long ago")
	check(trail.Entry{Event: "verify", Result: "denied", Reason: "bad_mac", Failures: 4}, "Access was refused.", "failure 4 in a row")
	check(trail.Entry{Event: "verify", Result: "denied", Reason: "new_one"}, "Access was refused.", `the reason "new_one" is not known`)
	check(trail.Entry{Event: "verify", Result: "denied"}, "Access was refused.", "the reason (none)")
	check(trail.Entry{Event: "withdrawn", Result: "denied", Reason: "guard_closed", Key: "K", Request: "r"}, "The grant of access to K in request r was withdrawn: the value was not released.", "the guard is closed")
	check(trail.Entry{Event: "withdrawn", Result: "denied", Reason: "sink_late", Of: 7}, "The grant of record 7 was withdrawn: the value was not released.", "GrantBound")
	check(trail.Entry{Event: "blocked", Result: "done", Reason: "too_many_failures", Source: "alice"}, "The source was blocked for a time (source alice).", "threshold")
	check(trail.Entry{Event: "terminated", Result: "done"}, "The keys were wiped and the instance ended.", "no reason was recorded")
}

func entries(t testing.TB, text string) []*trail.Entry {
	t.Helper()
	var list []*trail.Entry
	r, err := trail.Verify(strings.NewReader(text), trail.Options{}, func(e *trail.Entry) error { list = append(list, e); return nil })
	if err != nil || r.Break != nil {
		t.Fatal(r, err)
	}
	return list
}

func TestSummarise(t *testing.T) {
	list := entries(t, strings.Join(write(t, "chain--a", nil), ""))
	list = append(list,
		&trail.Entry{Event: "verify", Result: "denied", Reason: "bad_mac", Source: "mallory", Key: "DB", Failures: 4, Dropped: 5, Time: list[0].Time.Add(-time.Hour), State: &trail.State{}},
		&trail.Entry{Event: "verify", Result: "denied", Time: list[0].Time},
		&trail.Entry{Event: "withdrawn", Result: "denied", Reason: "sink_late", Of: 2, Time: list[0].Time, State: &trail.State{}},
		&trail.Entry{Event: "alert", Result: "done", Time: list[0].Time, State: &trail.State{}},
	)
	s := trail.Summarise(list)
	s.From, s.To = s.From.UTC(), s.To.UTC()
	got, _ := json.Marshal(s)
	want := `{"from":"2026-11-21T21:20:00Z","to":"2026-11-22T00:40:00Z","records":12,"granted":2,"refused":6,"withdrawn":1,"dropped":5,"longest_run_of_failures":4,` +
		`"refusals_by_reason":[{"name":"replay","count":3},{"name":"(not recorded)","count":1},{"name":"bad_mac","count":1},{"name":"sink_late","count":1}],` +
		`"refusals_by_source":[{"name":"mallory","count":4},{"name":"(not recorded)","count":2}],` +
		`"refusals_by_key":[{"name":"API_KEY","count":3},{"name":"(not recorded)","count":2},{"name":"DB","count":1}],` +
		`"refusals_by_hour":[{"name":"2026-11-21T21:00Z","count":1},{"name":"2026-11-21T22:00Z","count":2},{"name":"2026-11-21T23:00Z","count":2},{"name":"2026-11-22T00:00Z","count":1}],` +
		`"critical_events":[{"name":"alert","count":1}]}`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if s := trail.Summarise(nil); s.Records != 0 || !s.From.IsZero() {
		t.Errorf("got %+v", s)
	}
}

// Golden lines of each format: a grant, a refusal, a critical event. The field
// names were looked up in the schemas that the mappers name.
func TestMappers(t *testing.T) {
	at := time.Date(2026, 11, 21, 22, 35, 18, 123456789, time.UTC)
	list := []*trail.Entry{
		{
			Version: 1, Chain: "00ff", Sequence: 2, Time: at, Event: "verify", Result: "granted", Request: "r-1", Key: "API_KEY",
			Function: "hello", FunctionVersion: "7", Instance: "i-1", Region: "eu-1", Platform: "aws", Hash: "abcd",
		},
		{
			Version: 1, Chain: "00ff", Sequence: 3, Time: at, Event: "verify", Result: "denied", Reason: "too_old", Request: "r=2", Key: "API_KEY", Source: "alice",
			Scheme: "hardened", Algorithm: "hmac_sha256", Sensitivity: "high", WindowMS: 1000, AgeMS: 2000, ElapsedNS: 900, CallChain: "held", Behaviour: "observed", Failures: 1, Hash: "abcd",
		},
		{Version: 1, Chain: "00ff", Sequence: 4, Time: at, Event: "terminated", Result: "done", Reason: "too_many_failures", State: &trail.State{Refused: 9, Blocked: new(int64)}, Dropped: 2, Hash: "abcd"},
		{Version: 1, Chain: "00ff", Sequence: 5, Time: at, Event: `odd|\=`, Result: "done", Hash: "abcd"},
	}
	for name, mapper := range trail.Mappers() {
		var got bytes.Buffer
		for _, e := range list {
			line := mapper(e)
			if name != "cef" && !json.Valid(line) {
				t.Errorf("%s: no JSON: %s", name, line)
			}
			got.Write(append(line, '\n'))
		}
		path := "testdata/" + name + ".golden"
		if os.Getenv("DTBENCH_UPDATE") != "" {
			if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || got.String() != string(want) {
			t.Errorf("%s: %v, got\n%s\nwant\n%s", name, err, got.String(), want)
		}
	}
	if len(trail.Mappers()) != 3 {
		t.Error("not three mappers")
	}
}

// What the OCSF class and its objects require, by its schema (1.3.0).
func TestOCSFHasWhatIsRequired(t *testing.T) {
	for _, e := range []*trail.Entry{{Event: "verify", Result: "granted"}, {Event: "blocked", Source: "alice"}} {
		var o map[string]any
		if err := json.Unmarshal(trail.OCSF(e), &o); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"activity_id", "category_uid", "class_uid", "severity_id", "time", "type_uid", "metadata", "actor", "api", "src_endpoint"} {
			if o[name] == nil {
				t.Errorf("%s is missing", name)
			}
		}
		if o["type_uid"].(float64) != 100*o["class_uid"].(float64)+o["activity_id"].(float64) {
			t.Error("type_uid is not class_uid * 100 + activity_id")
		}
		if o["api"].(map[string]any)["operation"] == nil || o["metadata"].(map[string]any)["product"] == nil || len(o["src_endpoint"].(map[string]any)) == 0 || len(o["actor"].(map[string]any)) == 0 {
			t.Errorf("got %v", o)
		}
	}
}
