package trail_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core/audit"
	"github.com/dtbench/dtbench/core/audit/trail"
)

var chainKey = bytes.Repeat([]byte("k"), 32)

// write makes the lines of a log: opened, six accesses, closed. Chain ids and
// times are the same every time.
func write(t testing.TB, chain string, key []byte) []string {
	t.Helper()
	var text bytes.Buffer
	now := time.Date(2026, 11, 21, 22, 0, 0, 0, time.UTC)
	sink := audit.NewSink(&text)
	l, err := audit.New(audit.Options{
		Sink: sink, Mode: audit.Async, Random: strings.NewReader(chain), ChainKey: key,
		Clock:   func() time.Time { now = now.Add(20 * time.Minute); return now },
		Context: audit.Context{Function: audit.Identify("hello"), Instance: audit.Identify("i-1")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		r := &audit.Record{Event: audit.Verify, Result: audit.Granted, Request: audit.Identify(fmt.Sprintf("r-%d", i)), Key: audit.NewName("API_KEY")}
		if i%2 == 1 {
			r.Result, r.Reason, r.Source = audit.Denied, audit.Replay, audit.Identify("mallory")
		}
		if err := l.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(time.Minute); err != nil {
		t.Fatal(err)
	}
	sink.Close()
	return strings.SplitAfter(text.String(), "\n")[:8]
}

func verify(text string, o trail.Options) (*trail.Report, error) {
	return trail.Verify(strings.NewReader(text), o, nil)
}

// found tells where a verification finds something, 0 for nowhere.
func found(t testing.TB, text string, o trail.Options) int {
	t.Helper()
	r, err := verify(text, o)
	switch {
	case err != nil:
		return -1
	case r.Break != nil:
		return r.Break.Line
	}
	return 0
}

func TestVerify(t *testing.T) {
	a, b := write(t, "chain--a", nil), write(t, "chain--b", nil)
	mixed := slices.Clone(a[:3])
	for i := range b {
		mixed = append(mixed, b[i])
		if i+3 < len(a) {
			mixed = append(mixed, a[i+3])
		}
	}
	r, err := verify(strings.Join(mixed, ""), trail.Options{Closed: true})
	if err != nil || r.Break != nil || r.Lines != 16 || r.Records != 16 || len(r.Chains) != 2 {
		t.Fatalf("got %+v, %v", r, err)
	}
	c := r.Chains[1]
	if c.ID != fmt.Sprintf("%x", "chain--b") || c.First != 4 || c.Records != 8 || !c.Closed || c.Function != "hello" || c.Instance != "i-1" || !strings.Contains(b[7], c.Head) {
		t.Errorf("got %+v", c)
	}
	if found(t, strings.Join(mixed, ""), trail.Options{Head: c.Head}) != 0 {
		t.Error("the right head is not found")
	}
}

// The model: a file verifies only if it is what was written. Every change below
// makes it something else, so every one must be found.
func TestEveryChangeIsFound(t *testing.T) {
	lines := write(t, "chain--a", nil)
	text := strings.Join(lines, "")
	lineOf := func(offset int) int { return 1 + strings.Count(text[:offset], "\n") }

	// Any bit of any byte.
	for i := range len(text) {
		for bit := range 8 {
			changed := []byte(text)
			changed[i] ^= 1 << bit
			if got := found(t, string(changed), trail.Options{}); got == 0 || got > lineOf(i) && got > 0 {
				t.Fatalf("byte %d (line %d) bit %d: found at %d", i, lineOf(i), bit, got)
			}
		}
	}
	// Any byte deleted, or doubled.
	for i := range len(text) {
		if got := found(t, text[:i]+text[i+1:], trail.Options{}); got == 0 || got > lineOf(i) {
			t.Fatalf("byte %d deleted: found at %d", i, got)
		}
		if got := found(t, text[:i]+text[i:i+1]+text[i:], trail.Options{}); got == 0 || got > lineOf(i)+1 {
			t.Fatalf("byte %d doubled: found at %d", i, got)
		}
	}
	// Cut anywhere but at the end of a line; there with Closed or Head.
	head := found(t, text, trail.Options{Head: strings.Repeat("0", 64)})
	if head != len(lines) {
		t.Errorf("a wrong head: found at %d", head)
	}
	for i := 1; i < len(text); i++ {
		o := trail.Options{}
		if text[i-1] == '\n' {
			o.Closed = true
		}
		if got := found(t, text[:i], o); got == 0 {
			t.Fatalf("cut at %d: not found", i)
		}
	}
	// Any line deleted but the last, doubled, or moved anywhere.
	join := func(lines []string) string { return strings.Join(lines, "") }
	for i := range lines {
		without := slices.Delete(slices.Clone(lines), i, i+1)
		if i < len(lines)-1 {
			if got := found(t, join(without), trail.Options{}); got != i+1 {
				t.Errorf("line %d deleted: found at %d", i+1, got)
			}
		}
		for j := range lines {
			if got := found(t, join(slices.Insert(slices.Clone(lines), j, lines[i])), trail.Options{}); got == 0 || got > max(i, j)+2 {
				t.Errorf("line %d again at %d: found at %d", i+1, j+1, got)
			}
			if i != j {
				if got := found(t, join(slices.Insert(slices.Clone(without), j, lines[i])), trail.Options{}); got != min(i, j)+1 {
					t.Errorf("line %d moved to %d: found at %d", i+1, j+1, got)
				}
			}
		}
	}
	// Lines of another chain in place of ours.
	other := write(t, "chain--b", nil)
	for i := range lines[:7] {
		changed := slices.Clone(lines)
		changed[i] = other[i]
		if got := found(t, join(changed), trail.Options{}); got != i+1 && (i != 0 || got != 2) {
			t.Errorf("line %d of another chain: found at %d", i+1, got)
		}
	}
}

// Without the key nobody can go on with a keyed chain, nor replace it.
func TestKeyedChain(t *testing.T) {
	keyed, plain := strings.Join(write(t, "chain--a", chainKey), ""), strings.Join(write(t, "chain--a", nil), "")
	if got := found(t, keyed, trail.Options{Key: chainKey, Closed: true}); got != 0 {
		t.Errorf("found at %d", got)
	}
	if got := found(t, keyed, trail.Options{Key: bytes.Repeat([]byte("x"), 32)}); got != 1 {
		t.Errorf("the wrong key: found at %d", got)
	}
	if r, err := verify(plain, trail.Options{Key: chainKey}); err != nil || r.Break == nil || !strings.Contains(r.Break.Message, "not keyed") {
		t.Errorf("a plain chain in place of a keyed one: got %+v, %v", r, err)
	}
	if _, err := verify(keyed, trail.Options{}); !errors.Is(err, trail.ErrKeyNeeded) {
		t.Errorf("got %v", err)
	}
	for range 200 {
		i := rand.IntN(len(keyed))
		changed := []byte(keyed)
		changed[i] ^= byte(1 + rand.IntN(255))
		if found(t, string(changed), trail.Options{Key: chainKey}) == 0 {
			t.Fatalf("byte %d: not found", i)
		}
	}
}

// forge hashes bodies into a chain, as somebody does who can write the file.
func forge(bodies ...string) string {
	h := audit.NewHasher(nil)
	text := ""
	for _, b := range bodies {
		text += fmt.Sprintf("%s,\"hash\":\"%x\"}\n", b, h.Next([]byte(b)))
	}
	return text
}

const opened = `{"v":1,"chain":"c","seq":1,"time":"2026-11-21T22:00:00Z","event":"opened"`

// What a forged chain may still not do.
func TestForgedRecords(t *testing.T) {
	check := func(message string, bodies ...string) {
		t.Helper()
		r, err := verify(forge(bodies...), trail.Options{})
		if err != nil || r.Break == nil || r.Break.Line != len(bodies) || !strings.Contains(r.Break.Message, message) {
			t.Errorf("got %+v, %v, want %q", r, err, message)
		}
	}
	next := func(s string) string {
		return strings.Replace(strings.Replace(opened, `"seq":1`, `"seq":2`, 1), `"opened"`, s, 1)
	}
	check("beginning is missing", next(`"verify"`))
	check("beginning is missing", strings.Replace(opened, "opened", "verify", 1))
	check("beginning is missing", strings.Replace(opened, `"seq":1`, `"seq":5`, 1))
	check("follows the closing record", opened, next(`"closed"`), strings.Replace(next(`"verify"`), `"seq":2`, `"seq":3`, 1))
	check("records 2 to 8 are missing", opened, strings.Replace(next(`"verify"`), `"seq":2`, `"seq":9`, 1))
	check("record 2 is missing", opened, strings.Replace(next(`"verify"`), `"seq":2`, `"seq":3`, 1))
	check("comes again or too late", opened, opened)
	check("control characters in \"request\"", opened, next(`"verify","request":"\u001b[31m"`))
	check("control characters in \"reason\"", opened, next(`"verify","reason":"\u0085"`))
	check("is no valid JSON", opened, next(`"verify","seq":"x"`))
	check("is no valid JSON", opened, next("\"verify\",\"\x1b\""))
	check("lacks chain", opened, strings.Replace(next(`"verify"`), `"seq":2`, `"seq":0`, 1))
	check("lacks chain", opened, next(`""`))
	check("unknown schema version: v is 2", opened, strings.Replace(next(`"verify"`), `"v":1`, `"v":2`, 1))
	check("is longer than", opened, next(`"verify","request":"`+strings.Repeat("x", 70000)+`"`))
	if _, err := verify(forge(strings.Replace(opened, `"v":1`, `"v":2`, 1)), trail.Options{}); !errors.Is(err, trail.ErrVersion) {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsNoAuditFile(t *testing.T) {
	for _, text := range []string{"", "\n", "hello\n", "hello", `{"level":"info"}` + "\n", strings.Repeat("x", 70000), "\x00\x01\n"} {
		if _, err := verify(text, trail.Options{}); !errors.Is(err, trail.ErrNotAudit) {
			t.Errorf("%.20q: got %v", text, err)
		}
	}
	if _, err := verify("hello\nworld", trail.Options{Mixed: true}); !errors.Is(err, trail.ErrNotAudit) {
		t.Errorf("got %v", err)
	}
}

// With Mixed a function may write to the same output, but a record that was
// made to look like its output leaves a gap.
func TestMixed(t *testing.T) {
	lines := write(t, "chain--a", nil)
	var text strings.Builder
	text.WriteString("START\n")
	for _, l := range lines {
		text.WriteString(l + "handler says hello\n")
	}
	text.WriteString("END, no newline")
	r, err := verify(text.String(), trail.Options{Mixed: true, Closed: true})
	if err != nil || r.Break != nil || r.Foreign != 10 || r.Records != 8 {
		t.Errorf("got %+v, %v", r, err)
	}
	if r, _ := verify(strings.Join(lines[:3], "")+"noise\n", trail.Options{}); r.Break == nil || r.Break.Line != 4 {
		t.Error("noise is passed over without Mixed")
	}
	if got := found(t, strings.Join(lines, "")+lines[7][:20], trail.Options{Mixed: true}); got != 9 {
		t.Errorf("a torn record: found at %d", got)
	}
	for i := range lines[:7] {
		changed := slices.Clone(lines)
		changed[i] = "handler says hello\n"
		if found(t, strings.Join(changed, ""), trail.Options{Mixed: true}) == 0 {
			t.Errorf("record %d replaced by noise: not found", i+1)
		}
	}
}

// Under Mixed too, half a record is a record that was changed.
func TestMixedFindsChangedEnds(t *testing.T) {
	lines := write(t, "chain--a", nil)
	last := lines[7]
	for _, changed := range []string{"x" + last[1:], last[:len(last)-2] + "x\n", "x" + last} {
		if got := found(t, strings.Join(lines[:7], "")+changed, trail.Options{Mixed: true}); got != 8 {
			t.Errorf("%.20q: found at %d", changed, got)
		}
	}
}

func TestTheFirstBreakIsReported(t *testing.T) {
	lines := write(t, "chain--a", nil)
	lines[4] = strings.Replace(lines[4], "mallory", "malory", 1)
	if got := found(t, strings.Join(lines, ""), trail.Options{Closed: true, Head: "none"}); got != 5 {
		t.Errorf("found at %d", got)
	}
}

// The chain as the package documentation of audit defines it, computed anew:
// each hash covers the one before.
func TestChainIsWhatItIsDocumentedToBe(t *testing.T) {
	last := sha256.Sum256([]byte("dtbench/audit chain v1"))
	lines := write(t, "chain--a", nil)
	for i, line := range lines {
		body, tail, _ := strings.Cut(line, `,"hash":"`)
		last = sha256.Sum256(append(last[:], body...))
		if want := fmt.Sprintf("%x\"}\n", last); tail != want {
			t.Errorf("line %d: got %s, want %s", i+1, tail, want)
		}
	}

	// So a record that is changed and hashed anew does not fit the next one.
	h := audit.NewHasher(nil)
	for i, line := range lines[:5] {
		body, _, _ := audit.SplitLine([]byte(line))
		if i == 4 {
			body = bytes.Replace(body, []byte("mallory"), []byte("someone"), 1)
			lines[4] = fmt.Sprintf("%s,\"hash\":\"%x\"}\n", body, h.Next(body))
			break
		}
		h.Next(body)
	}
	if got := found(t, strings.Join(lines, ""), trail.Options{}); got != 6 {
		t.Errorf("found at %d", got)
	}
}

var errStop = errors.New("stop")

type failing struct{ io.Reader }

func (f failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err == io.EOF {
		err = errStop
	}
	return n, err
}

func TestErrorsOfReaderAndCallback(t *testing.T) {
	text := strings.Join(write(t, "chain--a", nil), "")
	if _, err := trail.Verify(failing{strings.NewReader(text)}, trail.Options{}, nil); !errors.Is(err, errStop) {
		t.Errorf("got %v", err)
	}
	if _, err := trail.Verify(strings.NewReader(text), trail.Options{}, func(*trail.Entry) error { return errStop }); !errors.Is(err, errStop) {
		t.Errorf("got %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	text := strings.Join(write(f, "chain--a", nil), "")
	f.Add(text, false)
	f.Add(text[:100], true)
	f.Add(forge(opened), false)
	f.Add("noise\n"+text, true)
	f.Add("", false)
	f.Fuzz(func(t *testing.T, text string, mixed bool) {
		entries := 0
		r, err := trail.Verify(strings.NewReader(text), trail.Options{Mixed: mixed}, func(e *trail.Entry) error {
			entries++
			trail.Explain(e)
			for name, m := range trail.Mappers() {
				if strings.ContainsAny(string(m(e)), "\n\x1b") {
					t.Fatalf("%s: a control character in %q", name, m(e))
				}
			}
			return nil
		})
		if err == nil && (entries != r.Records || r.Break == nil && r.Records+r.Foreign != r.Lines) {
			t.Fatalf("got %+v after %d entries", r, entries)
		}
	})
}
