package core

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core/audit"
)

// journal collects records.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) lines(t *testing.T, log *audit.Log) (records []map[string]any) {
	t.Helper()
	if err := log.Flush(time.Second); err != nil {
		t.Fatal(err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for line := range strings.Lines(j.text.String()) {
		var r map[string]any
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		records = append(records, r)
	}
	return records
}

func recorded(t *testing.T, cfg Config) (*Guard, *journal, *audit.Log) {
	t.Helper()
	j := new(journal)
	log, err := audit.New(audit.Options{Sink: audit.NewSink(j), GrantBound: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close(time.Second) })
	if cfg.Policy == nil {
		cfg.Policy = &Policy{}
	}
	cfg.Audit = log
	return newGuard(t, cfg), j, log
}

// summaries says what records hold as "event result reason".
func summaries(records []map[string]any) (list []string) {
	for _, r := range records {
		var parts []string
		for _, name := range []string{"event", "result", "reason"} {
			if text, ok := r[name].(string); ok {
				parts = append(parts, text)
			}
		}
		list = append(list, strings.Join(parts, " "))
	}
	return list
}

func expectRecords(t *testing.T, j *journal, log *audit.Log, want ...string) []map[string]any {
	t.Helper()
	records := j.lines(t, log)
	if got := summaries(records); !slices.Equal(got, want) {
		t.Errorf("recorded\n got %q\nwant %q", got, want)
	}
	return records
}

func TestEveryDecisionIsRecorded(t *testing.T) {
	clock := newClock()
	env := twoSecrets()
	env.values["AWS_SECRET_ACCESS_KEY"], env.values["STRIPE_SECRET"] = "k", "s3cr3t-value-0123456789"
	g, j, log := recorded(t, Config{
		Environment: env, Clock: clock.read, MaxNonces: 2,
		Policy: &Policy{Response: ResponsePolicy{AlertAfter: 2, BlockAfter: 3, TerminateAfter: -1}},
	})
	mallory := Request{ID: requestID, Source: "mallory"}
	token := issue(t, g, requestID, "API_KEY")
	g.Open(requestID, "API_KEY", token, ignore)
	g.Open(requestID, "API_KEY", token, ignore)
	g.OpenFor(mallory, "API_KEY", Token{}, ignore)
	g.OpenFor(mallory, "API_KEY", token, ignore)
	g.OpenFor(mallory, "DB_PASSWORD", token, ignore)
	g.OpenFor(mallory, "API_KEY", token, ignore)
	g.Use(requestID, "API_KEY", ignore)
	g.Use(requestID, "API_KEY", ignore)
	late := issue(t, g, requestID, "API_KEY")
	clock.advance(11 * time.Second)
	g.Open(requestID, "API_KEY", late, ignore)
	early := issue(t, g, requestID, "API_KEY")
	clock.advance(-11 * time.Second)
	g.Open(requestID, "API_KEY", early, ignore)
	g.AfterRestore()
	g.Use(requestID, "API_KEY", func([]byte) error { return context.DeadlineExceeded })
	func() {
		defer func() { _ = recover() }()
		g.Use(requestID, "API_KEY", func([]byte) error { panic("crashed") })
	}()
	g.AfterRestore()
	g.Replace("API_KEY", []byte("x"), clock.read().Add(-time.Hour))
	g.Replace("API_KEY", []byte("x"), clock.read().Add(time.Hour))
	dead := issue(t, g, requestID, "API_KEY")
	internals(g).values["API_KEY"].until = 1
	g.Open(requestID, "API_KEY", dead, ignore)

	records := expectRecords(t, j, log,
		"opened done", "sealed done", "sealed done platform_injection", "unlisted done secret_like_name",
		"verify granted",
		"verify denied replay",
		"verify denied malformed", "alert done too_many_failures", // the second of the instance, the first of mallory
		"verify denied replay", "alert done too_many_failures", // the second of mallory
		"verify denied bad_mac", "blocked done too_many_failures",
		"verify denied source_blocked",
		"verify granted",
		"verify denied registry_full",
		"verify denied too_old",
		"verify denied from_future", "alert done too_many_failures",
		"opened done", "restored done snapshot_restored",
		"verify granted", "function_failed done timeout",
		"verify granted", "function_failed done crash",
		"opened done", "restored done snapshot_restored",
		"replaced done", "replaced done",
		"verify denied key_expired",
	)
	first := records[4]
	if first["request"] != requestID || first["key"] != "API_KEY" || first["algorithm"] != "hmac_sha256" || first["scheme"] != "hardened" {
		t.Errorf("%v", first)
	}
	text := j.text.String()
	binary, _ := token.AppendBinary(nil)
	encoded, _ := token.AppendText(nil)
	for _, secret := range []string{password, apiKey, string(encoded), string(binary), "s3cr3t"} {
		if strings.Contains(text, secret) {
			t.Error("a record holds a secret or a token")
		}
	}
}

func TestFactorsAreRecorded(t *testing.T) {
	check := func(action Action, want ...string) []map[string]any {
		t.Helper()
		g, j, log := recorded(t, Config{Policy: &Policy{
			CallChain: CallChainPolicy{Action: action, Chains: [][]string{{"a"}}},
			Behaviour: BehaviourPolicy{Action: action, MaxPerRequest: 1},
		}})
		g.UseFor(Request{ID: "1", CallChain: []string{"a"}}, "API_KEY", ignore)
		g.UseFor(Request{ID: "1", CallChain: []string{"b"}}, "API_KEY", ignore)
		return expectRecords(t, j, log, append([]string{"opened done", "sealed done", "verify granted"}, want...)...)
	}
	check(Observe, "verify granted")
	check(Alert, "verify granted", "factor_alert done call_chain", "factor_alert done behaviour")
	check(Deny, "verify denied call_chain")
}

func TestTerminationIsRecorded(t *testing.T) {
	check := func(end func(g *Guard), want ...string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "audit")
		p := &Policy{Audit: AuditPolicy{Sink: "file:" + path}, Response: ResponsePolicy{AlertAfter: -1, TerminateAfter: 1}}
		end(newGuard(t, Config{Policy: p, Exit: func(int) {}}))
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var records []map[string]any
		for line := range strings.Lines(string(data)) {
			var r map[string]any
			json.Unmarshal([]byte(line), &r)
			records = append(records, r)
		}
		if got := summaries(records); !slices.Equal(got, want) {
			t.Errorf("recorded\n got %q\nwant %q", got, want)
		}
	}
	check(func(g *Guard) { g.Open(requestID, "API_KEY", Token{}, ignore) },
		"opened done", "sealed done", "verify denied malformed", "terminated done too_many_failures", "closed done")
	check(func(g *Guard) { g.Revoke() },
		"opened done", "sealed done", "revoked done operator", "terminated done operator", "closed done")
	check(func(g *Guard) { g.Close() }, "opened done", "sealed done", "closed done")
}

// stuck takes no record until it is closed.
type stuck chan struct{}

func (s stuck) Write(p []byte) (int, error) { <-s; return len(p), nil }

// hangingLog is a log whose sink takes nothing until release, which ends it too.
func hangingLog(t *testing.T, o audit.Options) (log *audit.Log, release func()) {
	t.Helper()
	sink := make(stuck)
	o.Sink = audit.NewSink(sink)
	log, err := audit.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return log, func() {
		close(sink)
		log.Close(time.Second)
	}
}

func TestUnrecordedGrantIsWithdrawn(t *testing.T) {
	log, release := hangingLog(t, audit.Options{GrantBound: time.Millisecond})
	defer release()
	g := newGuard(t, Config{Policy: &Policy{Response: ResponsePolicy{TerminateAfter: 1}}, Audit: log, Exit: func(int) { t.Error("terminated") }})
	for range 3 {
		err := g.Use(requestID, "API_KEY", func([]byte) error { t.Error("the value was released"); return nil })
		if err != ErrDenied {
			t.Errorf("with a sink that is stuck: %v", err)
		}
	}
	if s := g.Stats(); s.Unrecorded != 3 || s.Granted != 0 || s.Denied != 3 {
		t.Errorf("%+v", s)
	}
}

func TestSinks(t *testing.T) {
	start := func(sink string) error {
		g, err := FromEnvironment(Config{Environment: twoSecrets(), Policy: &Policy{Audit: AuditPolicy{Sink: sink, Mode: AuditAsync}}})
		if err == nil {
			g.Close()
			g.Close()
		}
		return err
	}
	path := filepath.Join(t.TempDir(), "audit")
	for _, sink := range []string{"file:" + path, "stderr", ""} {
		if sink == "" && testing.Short() {
			continue
		}
		if err := start(sink); err != nil {
			t.Errorf("%q: %v", sink, err)
		}
	}
	for _, sink := range []string{"file:", "syslog", "fd:", "fd:x", "fd:2", "fd:1048576", "fd:99999", "file:" + t.TempDir()} {
		if err := start(sink); !errors.Is(err, ErrConfig) {
			t.Errorf("%q: %v", sink, err)
		}
	}
	if data, _ := os.ReadFile(path); bytes.Count(data, []byte("\n")) != 3 {
		t.Errorf("the file holds %s", data)
	}
}

func TestAuditTemplates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit")
	key := bytes.Repeat([]byte{7}, 32)
	alerts := make(chan audit.Record, 10)
	cfg := Config{
		AuditFieldKey: key, AuditChainKey: key, OnAlert: func(r audit.Record) { alerts <- r },
		Policy: &Policy{Audit: AuditPolicy{Mode: AuditAsync, Sink: "file:" + path, Template: "gdpr"}},
	}
	g := newGuard(t, cfg)
	g.Use("request-of-somebody", "API_KEY", ignore)
	for range 3 {
		g.Open("request-of-somebody", "API_KEY", Token{}, ignore)
	}
	if r := <-alerts; r.Event != audit.Verify && r.Event != audit.Alert {
		t.Errorf("alert about %v", r.Event)
	}
	g.Close()
	data, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(data, []byte(`"request":"enc:`)) || bytes.Contains(data, []byte("somebody")) {
		t.Errorf("%v\n%s", err, data)
	}

	check := func(a AuditPolicy, key []byte, want string) {
		t.Helper()
		a.Sink = "file:" + path
		_, err := FromEnvironment(Config{Environment: twoSecrets(), Policy: &Policy{Audit: a}, AuditFieldKey: key, AuditChainKey: key})
		if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", a, err)
		}
	}
	check(AuditPolicy{Template: "gdpr"}, nil, "field key")
	check(AuditPolicy{Template: "sox"}, nil, "unknown template")
	check(AuditPolicy{Template: "gdpr", Mode: AuditOff}, nil, "not made")
	check(AuditPolicy{}, []byte("short"), "chain key")
}

// A real process, whose exit code the platform sees.
func TestInstanceTerminates(t *testing.T) {
	const variable = "DTBENCH_CORE_TERMINATE"
	if os.Getenv(variable) != "" {
		g, err := FromEnvironment(Config{Environment: twoSecrets()})
		if err != nil {
			t.Fatal(err)
		}
		for range defaultTerminateAfter + 1 {
			g.Open(requestID, "API_KEY", Token{}, ignore)
		}
		t.Fatal("it goes on")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestInstanceTerminates$")
	cmd.Env = append(os.Environ(), variable+"=1")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != ExitTerminated {
		t.Errorf("%v", err)
	}
	if !bytes.Contains(out, []byte(`"event":"terminated"`)) || bytes.Count(out, []byte(`"reason":"malformed"`)) != defaultTerminateAfter {
		t.Errorf("standard output holds\n%s", out)
	}
}

// "Never" raises no alert and makes no refusal critical.
func TestNoAlertsWhenNeverAsked(t *testing.T) {
	check := func(after int, wantAlerts int) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "audit")
		var mu sync.Mutex
		alerts := 0
		g := newGuard(t, Config{
			OnAlert: func(audit.Record) { mu.Lock(); alerts++; mu.Unlock() },
			Policy: &Policy{
				Audit:    AuditPolicy{Sink: "file:" + path},
				Response: ResponsePolicy{AlertAfter: after, BlockAfter: -1, TerminateAfter: -1},
			},
		})
		for range 6 {
			g.Open(requestID, "API_KEY", Token{}, ignore)
		}
		g.Close()
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		// The hook gets the refusals from the third on, and the alert.
		for end := time.Now().Add(time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
			mu.Lock()
			done := alerts == wantAlerts
			mu.Unlock()
			if done && wantAlerts > 0 {
				break
			}
			if wantAlerts == 0 && time.Until(end) < 950*time.Millisecond {
				break
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if states := bytes.Count(data, []byte(`"state":`)); alerts != wantAlerts || states != wantAlerts {
			t.Errorf("alert after %d: %d alerts and %d critical records, want %d\n%s", after, alerts, states, wantAlerts, data)
		}
	}
	check(-1, 0)
	check(3, 5)
}

// What a record says is so; what is not known is not said.
func TestFiguresOfRecords(t *testing.T) {
	clock := newClock()
	env := twoSecrets()
	env.values["STRIPE_SECRET"] = "s3cr3t-value-0123456789"
	g, j, log := recorded(t, Config{
		Environment: env, Clock: clock.read, Exit: func(int) {},
		Policy: &Policy{
			Keys:      map[string]KeyPolicy{"API_KEY": {Sensitivity: High}},
			Behaviour: BehaviourPolicy{Action: Alert, MaxPerRequest: 1},
			Response:  ResponsePolicy{AlertAfter: 2, BlockAfter: 3, TerminateAfter: -1},
		},
	})
	mallory := Request{ID: requestID, Source: "mallory"}
	g.Use(requestID, "API_KEY", ignore)
	g.Use(requestID, "API_KEY", ignore) // once too often for the profile
	forged := issue(t, g, requestID, "API_KEY")
	forged.bytes[len(forged.bytes)-1] ^= 1
	for range 4 {
		g.OpenFor(mallory, "API_KEY", forged, ignore)
	}
	clock.advance(time.Second)
	if err := g.AfterRestore(); err != nil {
		t.Fatal(err)
	}
	g.Revoke()

	blocked := map[string]float64{"unlisted": 0, "factor_alert": 0, "alert": 0, "blocked": 1, "restored": 1, "revoked": 1, "terminated": 1}
	for _, r := range j.lines(t, log) {
		event, _ := r["event"].(string)
		state, known := r["state"].(map[string]any)
		if known && (state["protected"] != 2.0 || (event == "revoked" || event == "terminated" || event == "restored") && (state["granted"] != 2.0 || state["uptime_ms"] != 1000.0)) {
			t.Errorf("false figures: %v", r)
		}
		if want, critical := blocked[event]; critical && (!known || state["blocked"] != want) {
			t.Errorf("%s: state %v, want %v blocked", event, state, want)
		}
		age, aged := r["age_ms"]
		switch {
		case r["reason"] == "bad_mac" && aged:
			t.Errorf("an age that nobody knows: %v", age)
		case r["result"] == "granted" && (!aged || known):
			t.Errorf("a grant lacks its age or has a state: %v", r)
		}
	}
}
