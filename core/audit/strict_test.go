package audit_test

import (
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core/audit"
	"github.com/dtbench/dtbench/core/audit/trail"
)

// Under Strict the record of a grant, and everything before it, is in the sink
// when Append returns. Under Async it need not be.
func TestStrictGrantIsInTheSink(t *testing.T) {
	path := t.TempDir() + "/audit.jsonl"
	file, err := audit.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	l := newLog(t, audit.Options{Sink: file, GrantBound: generous, FlushInterval: time.Hour})
	for i := range 10 {
		l.Append(refusal(audit.BadMAC))
		if err := l.Append(grant()); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(read(t, string(data), trail.Options{})); n != 1+2*(i+1) {
			t.Fatalf("%d records are in the file after grant %d", n, i+1)
		}
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("the mode of the file is %v", info.Mode())
	}
	closeLog(t, l)
	if err := file.Close(); err != nil {
		t.Error(err)
	}

	// A second log goes on behind the first.
	file, err = audit.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	closeLog(t, newLog(t, audit.Options{Sink: file}))
	data, _ := os.ReadFile(path)
	if n := len(read(t, string(data), trail.Options{Closed: true})); n != 24 {
		t.Errorf("%d records", n)
	}
	if _, err := audit.OpenFile(t.TempDir() + "/no/such/folder"); err == nil {
		t.Error("a file in no folder was opened")
	}
}

// A sink that stalls denies, in time, and the log tells what happened.
func TestStalledSinkWithdrawsGrants(t *testing.T) {
	sink := &memory{}
	var alerts sync.WaitGroup
	alerts.Add(3)
	l := newLog(t, audit.Options{Sink: audit.NewSink(sink), GrantBound: 2 * time.Millisecond, OnAlert: func(r audit.Record) {
		if r.Reason != audit.SinkLate {
			t.Errorf("alert for %v", r.Reason)
		}
		alerts.Done()
	}})
	if err := l.Flush(generous); err != nil {
		t.Fatal(err)
	}
	sink.stall()
	for range 3 {
		if err := l.Append(grant()); !errors.Is(err, audit.ErrUnrecorded) {
			t.Fatalf("got %v", err)
		}
	}
	if n := l.Stats().Withdrawn; n != 3 {
		t.Errorf("%d withdrawn", n)
	}
	alerts.Wait()
	sink.goOn()
	closeLog(t, l)

	granted := map[uint64]bool{}
	refused := 0
	for _, e := range read(t, sink.text(), trail.Options{Closed: true}) {
		switch {
		case e.Result == "granted":
			granted[e.Sequence] = true
		case e.Event == "withdrawn":
			if !granted[e.Of] || e.Result != "denied" || e.Reason != "sink_late" || e.Key != "API_KEY" {
				t.Errorf("got %+v", e)
			}
			delete(granted, e.Of)
			refused++
		case e.Result == "denied":
			refused++
		}
	}
	if len(granted) != 0 || refused != 3 {
		t.Errorf("%d grants stand, %d are refused", len(granted), refused)
	}
}

func TestFailingSinkWithdrawsGrants(t *testing.T) {
	for _, sink := range []*memory{{fail: errDisk}, {short: true}} {
		l := newLog(t, audit.Options{Sink: audit.NewSink(sink), GrantBound: generous})
		err := l.Append(grant())
		if !errors.Is(err, audit.ErrUnrecorded) || sink.fail != nil && !errors.Is(err, errDisk) || sink.short && !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("got %v", err)
		}
		if s := l.Stats(); s.Withdrawn != 1 || s.SinkErrors == 0 {
			t.Errorf("got %+v", s)
		}
	}
}

// When there is no room for the record of a grant there is no grant.
func TestFullBufferRefusesGrants(t *testing.T) {
	sink := &memory{}
	sink.stall()
	defer sink.goOn()
	l := newLog(t, audit.Options{Sink: audit.NewSink(sink), BufferSize: 8 << 10, GrantBound: time.Millisecond})
	for range 100 {
		l.Append(refusal(audit.BadMAC))
	}
	if err := l.Append(grant()); !errors.Is(err, audit.ErrUnrecorded) {
		t.Errorf("got %v", err)
	}
}

// A flood of refusals fills the buffer; a grant makes room for itself.
func TestFloodDoesNotCrowdOutGrants(t *testing.T) {
	sink := &memory{}
	l := newLog(t, audit.Options{Sink: audit.NewSink(sink), BufferSize: 8 << 10, GrantBound: generous, FlushSize: 1 << 30, FlushInterval: time.Hour})
	for l.Stats().Dropped < 3 {
		l.Append(refusal(audit.BadMAC))
	}
	if err := l.Append(grant()); err != nil {
		t.Fatal(err)
	}
	entries := read(t, sink.text(), trail.Options{})
	if e := entries[len(entries)-1]; e.Result != "granted" || e.Dropped != 3 {
		t.Errorf("got %+v", e)
	}
	closeLog(t, l)
}

// However many wait, each waits no longer than its own bound. The figure of the
// bound itself is measured by BenchmarkGrantBound; here the machine may be busy.
func TestStalledSinkHoldsUpNobodyLong(t *testing.T) {
	sink := &memory{}
	sink.stall()
	defer sink.goOn()
	l := newLog(t, audit.Options{Sink: audit.NewSink(sink), GrantBound: 5 * time.Millisecond})
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			start := time.Now()
			if err := l.Append(grant()); !errors.Is(err, audit.ErrUnrecorded) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(start); took > 90*time.Millisecond { // in turns it would be 100
				t.Errorf("took %v", took)
			}
		})
	}
	group.Wait()
}

// Whenever the log is closed, a grant that did not get its value has its
// withdrawal in the chain, or no record.
func TestCloseWhileGrantsAreLate(t *testing.T) {
	for range 20 {
		sink := &memory{}
		l := newLog(t, audit.Options{Sink: audit.NewSink(sink), GrantBound: time.Millisecond})
		sink.stall()
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() { l.Append(grant()) })
		}
		time.AfterFunc(time.Millisecond, sink.goOn)
		closeLog(t, l)
		group.Wait()
		eventually(t, "closed", func() bool { return strings.Contains(sink.text(), "closed") })
		read(t, sink.text(), trail.Options{Closed: true})
	}
}

// The error for the guard holds no identifier.
func TestErrorsNameNothing(t *testing.T) {
	l := newLog(t, audit.Options{Sink: audit.NewSink(&memory{fail: errDisk}), GrantBound: generous})
	r := grant()
	r.Request = audit.Identify("request-17")
	if err := l.Append(r); strings.Contains(err.Error(), "request-17") {
		t.Errorf("got %v", err)
	}
}
