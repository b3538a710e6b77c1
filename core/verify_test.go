package core

import (
	"bytes"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core/audit"
)

// meanwhile does something while the record of a grant is written.
type meanwhile struct {
	journal
	do func()
}

func (m *meanwhile) Write(p []byte) (int, error) {
	if do := m.do; do != nil && bytes.Contains(p, []byte(`"granted"`)) {
		m.do = nil
		do()
	}
	return m.journal.Write(p)
}

// guardMeanwhile returns a guard whose own log is written through m.
func guardMeanwhile(t *testing.T) (*Guard, *meanwhile, *audit.Log) {
	t.Helper()
	m := new(meanwhile)
	sink := audit.NewSink(m)
	log, err := audit.New(audit.Options{Sink: sink, GrantBound: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	g := newGuard(t, Config{Policy: &Policy{}, Audit: log})
	s := internals(g)
	s.sink, s.ownsLog = sink, true
	return g, m, log
}

// No value is released once Close has returned, and by then the log says so.
func TestCloseWhileAGrantIsRecorded(t *testing.T) {
	g, m, _ := guardMeanwhile(t)
	s := internals(g)
	done := make(chan []string)
	m.do = func() {
		go func() {
			g.Close()
			m.mu.Lock()
			text := m.text.String()
			m.mu.Unlock()
			done <- linesOf(text)
		}()
		for closed := false; !closed; time.Sleep(time.Millisecond) {
			s.lock.RLock()
			closed = s.closed
			s.lock.RUnlock()
		}
	}
	err := g.Use(requestID, "API_KEY", func([]byte) error { t.Error("a value was released"); return nil })
	if err != ErrClosed {
		t.Error(err)
	}
	lines := <-done
	var last []string
	for _, line := range lines[max(0, len(lines)-3):] {
		for _, what := range []string{`"event":"verify"`, `"event":"withdrawn"`, `"event":"closed"`} {
			if bytes.Contains([]byte(line), []byte(what)) {
				last = append(last, what)
			}
		}
	}
	if len(last) != 3 || last[1] != `"event":"withdrawn"` || !bytes.Contains([]byte(lines[len(lines)-2]), []byte(`"guard_closed"`)) {
		t.Errorf("recorded when Close returned: %q", lines)
	}
	if st := g.Stats(); st.Granted != 0 || st.Denied != 0 {
		t.Errorf("%+v", st)
	}
	sc := s.scratches.Get().(*scratch)
	if rest := sc.value[:cap(sc.value)]; bytes.Contains(rest, []byte(apiKey[:8])) {
		t.Error("the value was not wiped")
	}
}

func linesOf(text string) (lines []string) {
	for line := range bytes.Lines([]byte(text)) {
		lines = append(lines, string(line))
	}
	return lines
}

// A token is void when the instance was restored while its grant was recorded;
// Use has another made.
func TestRestoreWhileAGrantIsRecorded(t *testing.T) {
	g, m, log := guardMeanwhile(t)
	restore := func() {
		s := internals(g)
		s.lock.Lock()
		s.generation++ // what AfterRestore does, but for the log, which is being written
		s.lock.Unlock()
	}
	m.do = restore
	token := issue(t, g, requestID, "API_KEY")
	released := 0
	use := func([]byte) error { released++; return nil }
	if err := g.Open(requestID, "API_KEY", token, use); err != ErrDenied || released != 0 {
		t.Errorf("%v, released %d times", err, released)
	}
	expectRecords(t, &m.journal, log, "opened done", "sealed done", "verify granted", "withdrawn denied snapshot_restored")
	m.do = restore
	if err := g.Use(requestID, "API_KEY", use); err != nil || released != 1 {
		t.Errorf("%v, released %d times", err, released)
	}
	if st := g.Stats(); st.Granted != 1 || st.Denied != 2 {
		t.Errorf("%+v", st)
	}
}
