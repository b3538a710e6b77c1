package audit

import (
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// half takes a few bytes and is then late, once.
type half struct {
	late bool
	text strings.Builder
}

func (h *half) write(p []byte, _ limit) (int, error) {
	if h.late {
		h.late = false
		n, _ := h.text.Write(p[:10])
		return n, errLate
	}
	return h.text.Write(p)
}

func (h *half) settle(limit) error { return nil }
func (h *half) close() error       { return nil }

// What a late sink left comes before the next grant, and the grant is in the
// sink when Append returns. The background flush is held up, or it would do it.
func TestGrantWritesWhatWasLeft(t *testing.T) {
	device := &half{}
	l, err := New(Options{Sink: &Sink{device: device}, GrantBound: time.Minute, FlushInterval: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	close(l.stop)
	grant := &Record{Event: Verify, Result: Granted, Key: NewName("FIRST")}
	device.late = true
	if err := l.Append(grant); !errors.Is(err, ErrUnrecorded) {
		t.Fatal(err)
	}
	grant.Key = NewName("SECOND")
	if err := l.Append(grant); err != nil {
		t.Fatal(err)
	}
	text := device.text.String()
	if strings.Count(text, "\n") != 4 || !strings.Contains(text, "SECOND") || !strings.HasPrefix(text, `{"v":1,"chain"`) {
		t.Errorf("got %s", text)
	}
	h := NewHasher(nil)
	for line := range strings.Lines(text) {
		body, hash, ok := SplitLine([]byte(line))
		if !ok || string(hash) != hex.EncodeToString(h.Next(body)) {
			t.Errorf("the chain breaks at %s", line)
		}
	}
}

// flooded takes everything, and while it does, refusals fill the buffer.
type flooded struct {
	half
	log *Log
}

func (f *flooded) write(p []byte, l limit) (int, error) {
	if f.log != nil {
		log := f.log
		f.log = nil
		for log.Stats().Dropped == 0 {
			_ = log.Append(&Record{Event: Verify, Result: Denied, Reason: BadMAC})
		}
	}
	return f.half.write(p, l)
}

// A grant for which there is no room although the sink has just taken all that
// waited is refused, and recorded as that.
func TestGrantWithoutRoom(t *testing.T) {
	device := new(flooded)
	l, err := New(Options{Sink: &Sink{device: device}, GrantBound: time.Minute, FlushInterval: time.Hour, BufferSize: minBufferSize})
	if err != nil {
		t.Fatal(err)
	}
	close(l.stop) // no background flush
	for l.Stats().Pending+grantRoom <= minBufferSize/2 {
		if err := l.Append(&Record{Event: Verify, Result: Denied, Reason: BadMAC}); err != nil {
			t.Fatal(err)
		}
	}
	device.log = l
	if err := l.Append(&Record{Event: Verify, Result: Granted, Key: NewName("K")}); !errors.Is(err, ErrUnrecorded) {
		t.Fatalf("got %v", err)
	}
	if s := l.Stats(); s.Withdrawn != 1 || s.SinkErrors != 0 {
		t.Errorf("got %+v", s)
	}
	if err := l.Flush(time.Minute); err != nil {
		t.Fatal(err)
	}
	text := device.text.String()
	if strings.Contains(text, "granted") || strings.Contains(text, "withdrawn") || strings.Count(text, `"result":"denied","reason":"sink_late","key":"K"`) != 1 {
		t.Errorf("got %s", text)
	}
}

// The parameters of one key never stand in the record of another.
func TestParametersAreThoseOfTheRecord(t *testing.T) {
	e := newEncoder(Context{}, nil)
	line := func(r Record) string { return string(e.append(nil, &r, DetailStandard, 1, time.Time{}, extra{})) }
	one := Record{Scheme: Hardened, Algorithm: NewName("hmac_sha256"), Sensitivity: Standard, Window: 10 * time.Second}
	const want = `"scheme":"hardened","algorithm":"hmac_sha256","sensitivity":"standard","window_ms":10000`
	check := func(change func(*Record), old, new string) {
		t.Helper()
		other := one
		change(&other)
		for _, want := range []string{want, strings.Replace(want, old, new, 1), want} {
			r := one
			if !strings.Contains(want, old) {
				r = other
			}
			if got := line(r); !strings.Contains(got, want) {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	}
	check(func(r *Record) { r.Scheme = Literal }, `"hardened"`, `"literal"`)
	check(func(r *Record) { r.Algorithm = NewName("hmac_sha512") }, `"hmac_sha256"`, `"hmac_sha512"`)
	check(func(r *Record) { r.Sensitivity = High }, `"standard"`, `"high"`)
	check(func(r *Record) { r.Window = 2 * time.Second }, `:10000`, `:2000`)
	if got := line(Record{}); strings.Contains(got, "scheme") || strings.Contains(got, "window") {
		t.Errorf("got %s", got)
	}
}

func TestAppendHex(t *testing.T) {
	for i := range 256 {
		p := []byte{byte(i), byte(i * 7), byte(255 - i), byte(i >> 1), 0xf0, 0x9a, 0xa9, byte(i)}
		if got, want := appendHex([]byte("x"), p), "x"+hex.EncodeToString(p); string(got) != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	}
}

// A late waiter gives up, and leaves the lock usable.
func TestPatientLock(t *testing.T) {
	lock := newPatientLock()
	if !lock.acquire(&limit{}) {
		t.Fatal("a free lock is not taken")
	}
	if lock.acquire(&limit{within: time.Millisecond}) {
		t.Fatal("a held lock is taken")
	}
	got := make(chan bool)
	for range 3 {
		go func() {
			ok := lock.acquire(&limit{within: time.Minute})
			lock.release()
			got <- ok
		}()
	}
	for lock.waiting.Load() < 3 {
		time.Sleep(time.Microsecond)
	}
	lock.release()
	for range 3 {
		if !<-got {
			t.Error("a freed lock is not taken")
		}
	}
}

// A writer that says it wrote less than nothing, or more than all, breaks nothing.
type lying int

func (n lying) Write([]byte) (int, error) { return int(n), nil }

func TestLyingWriters(t *testing.T) {
	check := func(n int, want error) {
		t.Helper()
		h := newHandoff(lying(n))
		defer h.close()
		if _, err := h.write([]byte("line"), limit{within: time.Minute}); !errors.Is(err, want) {
			t.Errorf("%d: got %v", n, err)
		}
	}
	check(-1, io.ErrShortWrite)
	check(3, io.ErrShortWrite)
	check(4, nil)
	check(5, nil)
}
