package literal_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/core/audit"
	"github.com/dtbench/dtbench/core/literal"
	"github.com/dtbench/dtbench/core/rules"
)

const request, instance = "request-1", "instance-1"

type variables map[string]string

func (v variables) LookupEnv(name string) (string, bool) { value, ok := v[name]; return value, ok }
func (v variables) Setenv(name, value string) error {
	if name == "READ_ONLY" {
		return errors.New("read-only")
	}
	v[name] = value
	return nil
}

var now = time.Unix(1_764_000_000, 0)

func guard(t *testing.T, o literal.Options) (*literal.UnsafeGuard, variables) {
	t.Helper()
	env := variables{core.KeysVariable: "A, B", "A": "value of A", "B": "value of B"}
	o.Environment, o.InstanceID = env, instance
	if o.Clock == nil {
		o.Clock = func() time.Time { return now }
	}
	g, err := literal.UnsafeFromEnvironment(o)
	if err != nil {
		t.Fatal(err)
	}
	return g, env
}

// opens returns the value that a token opens, or nothing.
func opens(t *testing.T, g *literal.UnsafeGuard, key string, token literal.Token) string {
	t.Helper()
	var got string
	err := g.Open(request, key, token, func(v []byte) error { got = string(v); return nil })
	if (err == nil) == (got == "") || err != nil && err != core.ErrDenied {
		t.Fatalf("%q, %v", got, err)
	}
	return got
}

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: opened %q, want %q", what, got, want)
	}
}

func TestAsPublished(t *testing.T) {
	g, env := guard(t, literal.Options{})
	token, err := g.Issue(request, "A")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(request + instance + token.Nonce + "1764000000" + "A"))
	if token.DecryptToken != hex.EncodeToString(sum[:]) {
		t.Error("the token is not Eq. (1)")
	}
	if !strings.HasPrefix(env["A"], "literal1.") || strings.Contains(env["A"], "value") {
		t.Errorf("the environment holds %q", env["A"])
	}
	expect(t, "the token", opens(t, g, "A", token), "value of A")
	expect(t, "again", opens(t, g, "A", token), "")
	fresh, _ := g.Issue(request, "A")
	expect(t, "for another key", opens(t, g, "B", fresh), "")
	expect(t, "its nonce is burnt", opens(t, g, "A", fresh), "") // T11

	var text string
	if text, err = g.IssueText(request, "B"); err != nil {
		t.Fatal(err)
	}
	var got []byte
	if err := g.OpenText(request, "B", text, func(v []byte) error { got = bytes.Clone(v); return nil }); err != nil || string(got) != "value of B" {
		t.Errorf("by text: %q, %v", got, err)
	}
	if err := g.Use(request, "A", func([]byte) error { return nil }); err != nil {
		t.Error(err)
	}
	if g.Used() != 4 || g.InstanceID() != instance {
		t.Errorf("%d nonces, instance %s", g.Used(), g.InstanceID())
	}
	if _, err := g.Issue(request, "C"); err != core.ErrUnknownKey {
		t.Error(err)
	}
	g.Close()
	if err := g.Use(request, "A", nil); err != core.ErrClosed {
		t.Error(err)
	}
	if err := g.Open(request, "A", token, nil); err != core.ErrClosed {
		t.Error(err)
	}
	if _, err := g.IssueText(request, "A"); err != core.ErrClosed {
		t.Error(err)
	}
}

func TestWindow(t *testing.T) {
	at := now
	g, _ := guard(t, literal.Options{Clock: func() time.Time { return at }})
	check := func(passed time.Duration, want string) {
		t.Helper()
		at = now
		token, _ := g.Issue(request, "A")
		at = now.Add(passed)
		expect(t, passed.String(), opens(t, g, "A", token), want)
	}
	check(10*time.Second, "value of A")
	check(-10*time.Second, "value of A")
	check(11*time.Second, "")
	check(-11*time.Second, "")
	at = now
	expect(t, "no number", opens(t, g, "A", literal.Token{Nonce: "n", Timestamp: "now"}), "")
}

// What it is here to show.
func TestItIsBroken(t *testing.T) {
	g, env := guard(t, literal.Options{})
	sum := sha256.Sum256([]byte(request + instance + "mine" + "1764000000" + "A"))
	forged := literal.Token{DecryptToken: hex.EncodeToString(sum[:]), Nonce: "mine", Timestamp: "1764000000"}
	expect(t, "T5: forged from public context", opens(t, g, "A", forged), "value of A")

	shifted := func(zeros string) literal.Token {
		s := sha256.Sum256([]byte(request + instance + "abc0" + "1764000000" + "A"))
		return literal.Token{DecryptToken: hex.EncodeToString(s[:]), Nonce: "abc0"[:4-len(zeros)], Timestamp: zeros + "1764000000"}
	}
	expect(t, "T7: stolen token", opens(t, g, "A", shifted("")), "value of A")
	expect(t, "T7: shifted", opens(t, g, "A", shifted("0")), "value of A")

	env["A"], env["B"] = env["B"], env["A"]
	token, _ := g.Issue(request, "A")
	expect(t, "T16: exchanged ciphertexts", opens(t, g, "A", token), "value of B")

	g, _ = guard(t, literal.Options{Rule: rules.Sample})
	token, _ = g.Issue(request, "A")
	expect(t, "T9: stolen token", opens(t, g, "A", token), "value of A")
	token.Nonce = "fresh"
	expect(t, "T9: for another key", opens(t, g, "B", token), "value of B")

	g, _ = guard(t, literal.Options{Separator: "|", Rule: "$sha256($requestid, $nonce, $timestamp, $datakey)"})
	s := sha256.Sum256([]byte("r|x|n|1764000000|A"))
	token = literal.Token{DecryptToken: hex.EncodeToString(s[:]), Nonce: "n", Timestamp: "1764000000"}
	if err := g.Open("r|x", "A", token, func([]byte) error { return nil }); err != nil {
		t.Error("T8:", err)
	}
	token.Nonce = "x|n"
	if err := g.Open("r", "A", token, func([]byte) error { return nil }); err != nil {
		t.Error("T8: another reading of the same text:", err)
	}
}

func TestInsertOnGrant(t *testing.T) {
	g, _ := guard(t, literal.Options{InsertOnGrant: true})
	token, _ := g.Issue(request, "A")
	bad := token
	bad.DecryptToken = "00"
	expect(t, "a forgery", opens(t, g, "A", bad), "")
	expect(t, "burns nothing", opens(t, g, "A", token), "value of A")
	expect(t, "again", opens(t, g, "A", token), "")
}

func TestOneTokenManyGoroutines(t *testing.T) {
	g, _ := guard(t, literal.Options{})
	token, _ := g.Issue(request, "A")
	var grants atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { g.Open(request, "A", token, func([]byte) error { grants.Add(1); return nil }) })
	}
	wg.Wait()
	if grants.Load() != 1 {
		t.Errorf("T12: %d grants", grants.Load())
	}
}

func TestAuditRecords(t *testing.T) {
	var out bytes.Buffer
	log, err := audit.New(audit.Options{Mode: audit.Async, Sink: audit.NewSink(&out)})
	if err != nil {
		t.Fatal(err)
	}
	g, env := guard(t, literal.Options{Audit: log})
	token, _ := g.Issue(request, "A")
	opens(t, g, "A", token)
	opens(t, g, "A", token)
	env["B"] = "literal1.%"
	g.Use(request, "B", nil)
	env["B"] = "literal1.AAAA"
	g.Use(request, "B", nil)
	env["B"] = "plain"
	g.Use(request, "B", nil)
	if err := log.Close(time.Second); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"granted"`, `"replay"`, `"bad_seal"`, `"unknown_key"`, `"literal"`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in the records", want)
		}
	}
	if strings.Contains(out.String(), token.Nonce) || strings.Contains(out.String(), token.DecryptToken) {
		t.Error("the records hold a token")
	}
}

func TestConfigurationErrors(t *testing.T) {
	check := func(o literal.Options, env variables, want error) {
		t.Helper()
		o.Environment = env
		if _, err := literal.UnsafeFromEnvironment(o); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	check(literal.Options{}, variables{}, core.ErrConfig)
	check(literal.Options{Keys: []string{"MISSING"}}, variables{}, core.ErrConfig)
	check(literal.Options{Keys: []string{"READ_ONLY"}}, variables{"READ_ONLY": "x"}, core.ErrConfig)
	check(literal.Options{Rule: "$sha257()"}, variables{}, rules.ErrRule)
}

func TestProcessEnvironment(t *testing.T) {
	t.Setenv("LITERAL_TEST", "value")
	g, err := literal.UnsafeFromEnvironment(literal.Options{Keys: []string{"LITERAL_TEST"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(g.InstanceID()) != 32 {
		t.Error("no instance id of its own")
	}
	if err := g.Use(request, "LITERAL_TEST", func(v []byte) error {
		if string(v) != "value" {
			return fmt.Errorf("%q", v)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}
