package audit_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtbench/dtbench/core/audit"
	"github.com/dtbench/dtbench/core/audit/trail"
)

// The whole schema, once, byte for byte but for the hash.
func TestLines(t *testing.T) {
	sink := &memory{}
	l := newLog(t, audit.Options{
		Sink: audit.NewSink(sink), GrantBound: generous, Random: bytes.NewReader([]byte("chain-id")),
		Clock: func() time.Time { return time.Date(2026, 11, 21, 22, 35, 18, 1020304, time.UTC) },
		Context: audit.Context{
			Function: audit.Identify("hello"), Version: audit.Identify("7"), Instance: audit.Identify("i-1"),
			Region: audit.Identify("eu-1"), Platform: audit.Identify("local"),
		},
	})
	for _, r := range []*audit.Record{
		grant(), refusal(audit.BadMAC),
		{Event: audit.Alert, Result: audit.Done, Reason: audit.TooManyFailures, Source: audit.Identify("alice"), Failures: 3, State: audit.State{Refused: 3, Uptime: time.Second}},
		{Event: audit.Verify, Result: audit.Denied, Reason: audit.TooOld, Time: time.Date(2026, 11, 21, 22, 35, 19, 0, time.FixedZone("", 3600)), Window: time.Second, Age: -3 * time.Second},
	} {
		if err := l.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	closeLog(t, l)
	context := `,"function":"hello","version":"7","instance":"i-1","region":"eu-1","platform":"local"`
	want := []string{
		`{"v":1,"chain":"636861696e2d6964","seq":1,"time":"2026-11-21T22:35:18.001020304Z","event":"opened","result":"done"`,
		`{"v":1,"chain":"636861696e2d6964","seq":2,"time":"2026-11-21T22:35:18.001020304Z","event":"verify","result":"granted","request":"r-1","key":"API_KEY"`,
		`{"v":1,"chain":"636861696e2d6964","seq":3,"time":"2026-11-21T22:35:18.001020304Z","event":"verify","result":"denied","reason":"bad_mac","request":"r-1","key":"API_KEY","source":"alice","scheme":"hardened","algorithm":"hmac_sha256","sensitivity":"high","window_ms":10000,"age_ms":12,"elapsed_ns":900,"call_chain":"held","behaviour":"observed"`,
		`{"v":1,"chain":"636861696e2d6964","seq":4,"time":"2026-11-21T22:35:18.001020304Z","event":"alert","result":"done","reason":"too_many_failures","source":"alice","failures":3,"state":{"granted":0,"refused":3,"nonces":0,"sources":0,"blocked":0,"protected":0,"uptime_ms":1000}`,
		`{"v":1,"chain":"636861696e2d6964","seq":5,"time":"2026-11-21T21:35:19.000000000Z","event":"verify","result":"denied","reason":"too_old","window_ms":1000,"age_ms":-3000`,
		`{"v":1,"chain":"636861696e2d6964","seq":6,"time":"2026-11-21T22:35:18.001020304Z","event":"closed","result":"done"`,
	}
	lines := strings.SplitAfter(sink.text(), "\n")
	for i, w := range want {
		body, _, ok := audit.SplitLine([]byte(lines[i]))
		if i != 1 && i != 5 { // minimal records name the chain only
			w += context
		}
		if !ok || string(body) != w {
			t.Errorf("line %d: got\n%s\nwant\n%s", i+1, body, w)
		}
	}
	entries := read(t, sink.text(), trail.Options{Closed: true})
	if len(entries) != len(want) || entries[1].Function != "hello" || entries[1].FunctionVersion != "7" || entries[3].State.UptimeMS != 1000 {
		t.Errorf("got %d entries, %+v", len(entries), entries[1])
	}
}

// Success little, failure more, consecutive failures everything; a policy may
// ask for more or less, but not hide what is critical.
func TestDetail(t *testing.T) {
	check := func(r *audit.Record, source, state bool) {
		t.Helper()
		sink := &memory{}
		l := newLog(t, audit.Options{Sink: audit.NewSink(sink), GrantBound: generous, CriticalFailures: 2})
		if err := l.Append(r); err != nil {
			t.Fatal(err)
		}
		closeLog(t, l)
		e := read(t, sink.text(), trail.Options{})[1]
		if (e.Source != "") != source || (e.State != nil) != state || e.Key != "API_KEY" || e.Request != "r-1" {
			t.Errorf("got source %q, state %v", e.Source, e.State)
		}
	}
	with := func(r *audit.Record, f func(*audit.Record)) *audit.Record { f(r); return r }
	check(grant(), false, false)
	check(refusal(audit.Replay), true, false)
	check(with(refusal(audit.Replay), func(r *audit.Record) { r.Failures = 1 }), true, false)
	check(with(refusal(audit.Replay), func(r *audit.Record) { r.Failures = 2 }), true, true)
	check(with(refusal(audit.Replay), func(r *audit.Record) { r.Failures, r.Detail = 2, audit.DetailMinimal }), true, true)
	check(with(refusal(audit.Replay), func(r *audit.Record) { r.Detail = audit.DetailMinimal }), false, false)
	check(with(grant(), func(r *audit.Record) { r.Detail = audit.DetailStandard }), true, false)
	check(with(grant(), func(r *audit.Record) { r.Detail = audit.DetailFull }), true, true)
	check(with(grant(), func(r *audit.Record) { r.Failures = 5 }), false, false)
	check(with(refusal(audit.Replay), func(r *audit.Record) { r.Event = audit.Unlisted }), true, true)
}

// Nothing is written before there is a reason to, and a critical event is one.
func TestFlushes(t *testing.T) {
	check := func(what string, want time.Duration, o audit.Options, records ...*audit.Record) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			sink := &memory{}
			o.Sink, o.Mode, o.FlushInterval = audit.NewSink(sink), audit.Async, 70*time.Millisecond
			l := newLog(t, o)
			time.Sleep(time.Second) // the opening record is out
			synctest.Wait()
			opened := len(sink.text())
			start := time.Now()
			for _, r := range records {
				l.Append(r)
			}
			for synctest.Wait(); len(sink.text()) == opened; synctest.Wait() {
				time.Sleep(time.Millisecond)
			}
			if got := time.Since(start); got != want {
				t.Errorf("%s: flushed after %v, want %v", what, got, want)
			}
			l.Close(time.Second)
			o.Sink.Close()
		})
	}
	many := make([]*audit.Record, 20)
	for i := range many {
		many[i] = grant()
	}
	check("one grant", 70*time.Millisecond, audit.Options{}, grant())
	check("a refusal", 70*time.Millisecond, audit.Options{}, refusal(audit.BadMAC))
	check("an alert", 0, audit.Options{}, &audit.Record{Event: audit.Alert})
	check("the threshold", 0, audit.Options{FlushSize: 2000}, many...)
	repeated := refusal(audit.BadMAC)
	repeated.Failures = 3
	check("a third failure", 0, audit.Options{}, repeated)
}

func TestCriticalEvents(t *testing.T) {
	var lock sync.Mutex
	var alerted []string
	sink := &memory{}
	l := newLog(t, audit.Options{Sink: audit.NewSink(sink), Mode: audit.Async, OnAlert: func(r audit.Record) {
		lock.Lock()
		defer lock.Unlock()
		alerted = append(alerted, r.Event.String())
	}})
	for e := audit.Verify; e <= audit.BudgetWarned; e++ {
		l.Append(&audit.Record{Event: e, Result: audit.Done})
	}
	repeated := refusal(audit.BadMAC)
	repeated.Failures = 3
	l.Append(repeated)
	want := "[withdrawn unlisted factor_alert alert blocked restored revoked terminated verify]"
	eventually(t, "alerts "+want, func() bool {
		lock.Lock()
		defer lock.Unlock()
		return fmt.Sprint(alerted) == want
	})
}

// A hook that hangs holds up nothing; what it misses is counted.
func TestSlowAlertHook(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	l := newLog(t, audit.Options{Sink: audit.NewSink(&memory{}), OnAlert: func(audit.Record) { <-hang }})
	for range 100 {
		if err := l.Append(&audit.Record{Event: audit.Alert}); err != nil {
			t.Fatal(err)
		}
	}
	if n := l.Stats().DroppedAlerts; n < 30 || n > 40 {
		t.Errorf("%d alerts dropped", n)
	}
	closeLog(t, l)
}

// The memory is bounded; what does not fit is counted, in the log itself too.
func TestFullBufferDropsAndCounts(t *testing.T) {
	sink := &memory{}
	sink.stall()
	l := newLog(t, audit.Options{Sink: audit.NewSink(sink), Mode: audit.Async, BufferSize: 8 << 10})
	for range 1000 {
		if err := l.Append(grant()); err != nil {
			t.Fatal(err)
		}
		if p := l.Stats().Pending; p > 4<<10 {
			t.Fatalf("%d bytes wait", p)
		}
	}
	s := l.Stats()
	if s.Records+s.Dropped != 1001 || s.Dropped < 900 {
		t.Errorf("got %+v", s)
	}
	sink.goOn()
	if err := l.Flush(generous); err != nil {
		t.Fatal(err)
	}
	l.Append(grant())
	closeLog(t, l)
	dropped := uint64(0)
	for _, e := range read(t, sink.text(), trail.Options{Closed: true}) {
		dropped += e.Dropped
	}
	if dropped != s.Dropped {
		t.Errorf("the log says %d were dropped, not %d", dropped, s.Dropped)
	}
}

func TestClose(t *testing.T) {
	sink := &memory{}
	l := newLog(t, audit.Options{Sink: audit.NewSink(sink), OnAlert: func(audit.Record) {}})
	closeLog(t, l)
	closeLog(t, l)
	for _, r := range []*audit.Record{grant(), refusal(audit.BadMAC), {Event: audit.Alert}} {
		if err := l.Append(r); !errors.Is(err, audit.ErrClosed) {
			t.Errorf("got %v", err)
		}
	}
	if err := l.Rechain(audit.Identify("i-2")); !errors.Is(err, audit.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if n := len(read(t, sink.text(), trail.Options{Closed: true})); n != 2 {
		t.Errorf("%d records", n)
	}

	sink = &memory{}
	sink.stall()
	l = newLog(t, audit.Options{Sink: audit.NewSink(sink)})
	if err := l.Close(time.Millisecond); err == nil {
		t.Error("closing a log whose sink hangs reports nothing")
	}
	if err := l.Flush(time.Millisecond); err == nil {
		t.Error("a flush to a sink that hangs reports nothing")
	}
	sink.goOn()
}

// A restored snapshot goes on with a chain of its own.
func TestRechain(t *testing.T) {
	sink := &memory{}
	l := newLog(t, audit.Options{
		Sink: audit.NewSink(sink), GrantBound: generous, Random: strings.NewReader("chain--1chain--2chain--3"), ChainKey: bytes.Repeat([]byte("k"), 32),
		Context: audit.Context{Function: audit.Identify("pay"), Instance: audit.Identify("i-1")},
	})
	l.Append(grant())
	if err := l.Rechain(audit.Identify("i-2")); err != nil {
		t.Fatal(err)
	}
	l.Append(grant())
	chain, sequence, hash := l.Head()
	if err := l.Rechain(audit.ID{}); err != nil {
		t.Fatal(err)
	}
	closeLog(t, l)
	entries := read(t, sink.text(), trail.Options{Key: bytes.Repeat([]byte("k"), 32)})
	for i, want := range []string{"i-1", "i-1", "i-2", "i-2", "i-2", "i-2"} {
		if i >= len(entries) || entries[i].Instance != want || entries[i].Function != "pay" {
			t.Fatalf("record %d of %d is not of instance %s: %+v", i, len(entries), want, entries[min(i, len(entries)-1)])
		}
	}
	if len(entries) != 6 || entries[4].After != "636861696e2d2d32:2" || entries[2].After != "636861696e2d2d31:2" || entries[2].Sequence != 1 || !entries[2].Keyed {
		t.Fatalf("got %d entries, %+v", len(entries), entries[2])
	}
	if e := entries[3]; e.Chain != chain || e.Sequence != sequence || e.Hash != fmt.Sprintf("%x", hash) {
		t.Errorf("the head is %s:%d %x, the line says %+v", chain, sequence, hash, e)
	}
	if err := newLog(t, audit.Options{Sink: audit.NewSink(sink), Random: strings.NewReader("chain--1")}).Rechain(audit.ID{}); err == nil {
		t.Error("Rechain without randomness reports nothing")
	}
}

// Everything that was appended is in the file, once, in one chain, however many
// goroutines append.
func TestConcurrentAppends(t *testing.T) {
	for _, mode := range []audit.Mode{audit.Strict, audit.Async} {
		sink := &memory{}
		l := newLog(t, audit.Options{Sink: audit.NewSink(sink), Mode: mode, GrantBound: generous, BufferSize: 4 << 20})
		var group sync.WaitGroup
		for g := range 8 {
			group.Go(func() {
				for i := range 100 {
					r := grant()
					r.Request = audit.Identify(fmt.Sprintf("r-%d-%d", g, i))
					if i%3 == 0 {
						r.Result, r.Reason = audit.Denied, audit.Replay
					}
					if err := l.Append(r); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		closeLog(t, l)
		seen := map[string]bool{}
		for _, e := range read(t, sink.text(), trail.Options{Closed: true}) {
			seen[e.Request] = true
		}
		if len(seen) != 801 { // 800 and the empty one of opened and closed
			t.Errorf("mode %d: %d requests", mode, len(seen))
		}
	}
}

// A sink that fails and recovers loses nothing that fits the buffer.
func TestFailingSink(t *testing.T) {
	sink := &memory{fail: errDisk}
	l := newLog(t, audit.Options{Sink: audit.NewSink(sink), Mode: audit.Async})
	l.Append(&audit.Record{Event: audit.Alert})
	eventually(t, "an error is counted", func() bool { return l.Stats().SinkErrors > 0 })
	sink.set(func(m *memory) { m.fail = nil })
	closeLog(t, l)
	if n := len(read(t, sink.text(), trail.Options{Closed: true})); n != 3 {
		t.Errorf("%d records", n)
	}
}

func TestOptions(t *testing.T) {
	sink := audit.NewSink(io.Discard)
	check := func(o audit.Options, message string) {
		t.Helper()
		if _, err := audit.New(o); !errors.Is(err, audit.ErrOptions) || !strings.Contains(err.Error(), message) {
			t.Errorf("got %v, want %q", err, message)
		}
	}
	check(audit.Options{}, "no sink")
	check(audit.Options{Sink: sink, Mode: 2}, "unknown mode 2")
	check(audit.Options{Sink: sink, GrantBound: -1}, "a grant bound of -1ns")
	check(audit.Options{Sink: sink, GrantBound: time.Minute + 1}, "a grant bound of 1m0.000000001s")
	check(audit.Options{Sink: sink, BufferSize: 8<<10 - 1}, "a buffer of 8191 bytes")
	check(audit.Options{Sink: sink, FlushSize: -1}, "a negative flush size")
	check(audit.Options{Sink: sink, FlushInterval: -1}, "a negative flush size or interval")
	check(audit.Options{Sink: sink, ChainKey: make([]byte, 31)}, "a chain key of 31 bytes")
	if _, err := audit.New(audit.Options{Sink: sink, Random: strings.NewReader("short")}); err == nil || errors.Is(err, audit.ErrOptions) {
		t.Errorf("got %v", err)
	}
	newLog(t, audit.Options{Sink: sink, GrantBound: time.Minute, BufferSize: 8 << 10, ChainKey: make([]byte, 32)})
}
