package audit_test

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core/audit"
	"github.com/dtbench/dtbench/core/audit/trail"
)

// memory is a sink in memory that can be made to stall or fail.
type memory struct {
	lock    sync.Mutex
	data    bytes.Buffer
	fail    error
	short   bool
	stalled chan struct{} // closed to go on
}

func (m *memory) Write(p []byte) (int, error) {
	m.lock.Lock()
	stalled := m.stalled
	m.lock.Unlock()
	if stalled != nil {
		<-stalled
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.fail != nil {
		return 0, m.fail
	}
	if m.short {
		return len(p) - 1, nil
	}
	return m.data.Write(p)
}

func (m *memory) stall() {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.stalled = make(chan struct{})
}

func (m *memory) goOn() {
	m.lock.Lock()
	defer m.lock.Unlock()
	close(m.stalled)
	m.stalled = nil
}

func (m *memory) set(f func(*memory)) {
	m.lock.Lock()
	defer m.lock.Unlock()
	f(m)
}

func (m *memory) text() string {
	m.lock.Lock()
	defer m.lock.Unlock()
	return m.data.String()
}

// generous bounds are for tests of something else than time.
const generous = 10 * time.Second

func newLog(t testing.TB, o audit.Options) *audit.Log {
	t.Helper()
	l, err := audit.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(time.Millisecond) })
	return l
}

func grant() *audit.Record {
	return &audit.Record{
		Event: audit.Verify, Result: audit.Granted, Request: audit.Identify("r-1"), Source: audit.Identify("alice"), Key: audit.NewName("API_KEY"),
		Scheme: audit.Hardened, Algorithm: audit.NewName("hmac_sha256"), Sensitivity: audit.High,
		Window: 10 * time.Second, Age: 12 * time.Millisecond, Elapsed: 900 * time.Nanosecond,
		Factors: audit.Factors{CallChain: audit.FactorHeld, Behaviour: audit.FactorObserved},
		State:   audit.State{Granted: 1, Refused: 2, Nonces: 3, Sources: 4, Blocked: 5, Protected: 6, Uptime: 7 * time.Millisecond},
	}
}

func refusal(why audit.Reason) *audit.Record {
	r := grant()
	r.Result, r.Reason = audit.Denied, why
	return r
}

// read verifies a text and returns its entries.
func read(t testing.TB, text string, o trail.Options) []*trail.Entry {
	t.Helper()
	var entries []*trail.Entry
	report, err := trail.Verify(strings.NewReader(text), o, func(e *trail.Entry) error {
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if report.Break != nil {
		t.Fatalf("line %d: %s in\n%s", report.Break.Line, report.Break.Message, text)
	}
	return entries
}

func closeLog(t testing.TB, l *audit.Log) {
	t.Helper()
	if err := l.Close(generous); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for what a background goroutine does.
func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(generous); !f(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

var errDisk = errors.New("disk is gone")
