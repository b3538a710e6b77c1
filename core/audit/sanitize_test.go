package audit_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core/audit"
)

// A record has no place for a secret: every field, however deep, is a number,
// an enumeration, a time, an ID or a Name.
func TestRecordCanHoldNoSecret(t *testing.T) {
	closed := map[reflect.Type]bool{reflect.TypeFor[audit.ID](): true, reflect.TypeFor[audit.Name](): true, reflect.TypeFor[time.Time](): true}
	leaves := 0
	var walk func(path string, typ reflect.Type)
	walk = func(path string, typ reflect.Type) {
		switch {
		case closed[typ]:
			leaves++
		case typ.Kind() == reflect.Struct:
			for i := range typ.NumField() {
				walk(path+"."+typ.Field(i).Name, typ.Field(i).Type)
			}
		case typ.Kind() >= reflect.Int && typ.Kind() <= reflect.Uint64:
			leaves++
		default:
			t.Errorf("%s is a %v", path, typ)
		}
	}
	walk("Record", reflect.TypeFor[audit.Record]())
	walk("Context", reflect.TypeFor[audit.Context]())
	if leaves < 25 {
		t.Errorf("only %d fields", leaves)
	}
}

func TestIdentify(t *testing.T) {
	check := func(in, want string) {
		t.Helper()
		id := audit.Identify(in)
		for _, got := range []string{id.String(), fmt.Sprintf("%v", id), fmt.Sprintf("%#v", id), fmt.Sprintf("%q", id), fmt.Sprintf("%x", id)} {
			if got != want {
				t.Errorf("%.60q: got %s, want %s", in, got, want)
			}
		}
		if text, err := id.MarshalText(); err != nil || string(text) != want {
			t.Errorf("%.60q: got %s, %v", in, text, err)
		}
	}
	shown := func(in string) { t.Helper(); check(in, in) }
	shown("")
	shown("8f14e45f-ceea-467f-a0e6-4b0bdb3d1c2a")
	shown("arn:aws:lambda:eu-central-1:123456789012:function:hello")
	shown("alice@example.com")
	shown("10.0.0.1:443")
	shown("[redacted]"[1:9])
	shown(strings.Repeat("a", 40))
	shown(strings.Repeat("a.", 64))

	hidden := func(in string) {
		t.Helper()
		got := audit.Identify(in).String()
		if !strings.HasPrefix(got, "sha256:") || len(got) != len("sha256:")+16 {
			t.Errorf("%.60q is shown as %s", in, got)
		}
		if len(in) > 3 && strings.Contains(got, in) {
			t.Errorf("%.60q is shown", in)
		}
	}
	hidden(strings.Repeat("a", 41))
	hidden(strings.Repeat("a.", 64) + "a")
	hidden("AQEBAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJicoKSorLC0uLzAxMjM0NTY3OA") // a token
	hidden("dt1.AAAA")
	hidden("AKIAIOSFODNN7EXAMPLE")
	hidden("LTAI5tExample")
	hidden("eyJhbGciOiJIUzI1NiJ9.e30.x")
	hidden("a b")
	hidden("a\"b")
	hidden("a\\b")
	hidden("a\nb")
	hidden("a\x1b[31m")
	hidden("é")
	hidden("p@ss=word!")
	check("a b", "sha256:c8687a08aa5d6ed2")
}

func TestNewName(t *testing.T) {
	check := func(in string, shown bool) {
		t.Helper()
		n := audit.NewName(in)
		if (n.String() == in) != shown || n.String() != fmt.Sprintf("%v", n) || fmt.Sprintf("%#v", n) != n.String() {
			t.Errorf("%q is shown as %s", in, n)
		}
		if text, _ := n.MarshalText(); string(text) != n.String() {
			t.Errorf("got %s", text)
		}
	}
	check("", true)
	check("DB_PASSWORD", true)
	check("hmac_sha3_256", true)
	check(strings.Repeat("A", 64), true)
	check(strings.Repeat("A", 65), false)
	check("a-b", false)
	check("a b", false)
	check("a.b", false)
	check("a\x00", false)
}

// Whatever comes in as an identifier, the line is JSON and shows nothing that
// does not look like one.
func FuzzLine(f *testing.F) {
	f.Add("r", "s", "k")
	f.Add("\"}\n{\"v\":1", "\x00\xff", "a\\")
	f.Add(strings.Repeat("x", 200), "AKIAIOSFODNN7EXAMPLE", "enc:")
	f.Fuzz(func(t *testing.T, request, source, key string) {
		sink := &memory{}
		l := newLog(t, audit.Options{Sink: audit.NewSink(sink), Mode: audit.Async})
		r := refusal(audit.BadMAC)
		r.Request, r.Source, r.Key = audit.Identify(request), audit.Identify(source), audit.NewName(key)
		l.Append(r)
		closeLog(t, l)
		lines := strings.Split(strings.TrimSuffix(sink.text(), "\n"), "\n")
		if len(lines) != 3 {
			t.Fatalf("%d lines", len(lines))
		}
		var e struct{ Request, Source, Key string }
		if err := json.Unmarshal([]byte(lines[1]), &e); err != nil {
			t.Fatalf("%v in %s", err, lines[1])
		}
		if e.Request != r.Request.String() || e.Source != r.Source.String() || e.Key != r.Key.String() {
			t.Fatalf("got %+v", e)
		}
	})
}

func TestEnumerationsHaveNames(t *testing.T) {
	check := func(what string, n int, name func(int) string) {
		t.Helper()
		seen := map[string]bool{}
		for i := 1; i <= n; i++ {
			s := name(i)
			if s == "" || strings.Contains(s, "(") || seen[s] {
				t.Errorf("%s %d: %q", what, i, s)
			}
			seen[s] = true
		}
		if s := name(n + 1); !strings.Contains(s, "(") {
			t.Errorf("%s %d has the name %q: the test is out of date", what, n+1, s)
		}
	}
	check("event", int(audit.BudgetWarned), func(i int) string { return audit.Event(i).String() })
	check("result", int(audit.Denied), func(i int) string { return audit.Result(i).String() })
	check("reason", int(audit.GuardClosed), func(i int) string { return audit.Reason(i).String() })
	check("scheme", int(audit.Literal), func(i int) string { return audit.Scheme(i).String() })
	check("sensitivity", int(audit.High), func(i int) string { return audit.Sensitivity(i).String() })
	check("factor", int(audit.FactorDenied), func(i int) string { return audit.FactorOutcome(i).String() })
}
