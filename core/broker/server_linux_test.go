package broker

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/dtbench/dtbench/core"
)

const testValue = "0123456789abcdef0123456789abcdef"

// pair is a broker without a process of its own, and the function's end of its
// connection.
type pair struct {
	*server
	t      *testing.T
	fd     int
	buffer []byte
}

// newPair returns one that has sealed KEY. The goroutine stays on its thread until the
// test ends, so that the signals of that thread can be looked at.
func newPair(t *testing.T) *pair {
	t.Helper()
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fds[0]) })
	if err := unix.SetsockoptInt(fds[1], unix.SOL_SOCKET, unix.SO_PASSCRED, 1); err != nil {
		t.Fatal(err)
	}
	s := newServer(nil, fds[1])
	if s.conn, err = newConnection(fds[1]); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.conn.file.Close() })
	p := &pair{server: s, t: t, fd: fds[0], buffer: make([]byte, maxPacket)}
	p.peer.pid = int32(unix.Getpid())
	t.Cleanup(p.finish)
	// Without records, which would have to go somewhere.
	if err := p.env.addAll([]byte("KEY=" + testValue + "\x00" + core.KeysVariable + "=KEY\x00" +
		core.PolicyVariable + `={"policy": "dtbench/policy/v1", "audit": {"mode": "off"}}` + "\x00")); err != nil {
		t.Fatal(err)
	}
	if err := p.seal(0); err != nil {
		t.Fatal(err)
	}
	for m := p.read(); m.kind != ready; m = p.read() {
		if m.kind == failed {
			t.Fatalf("%s", m.fields[0])
		}
	}
	return p
}

func (p *pair) read() message {
	n, err := unix.Read(p.fd, p.buffer)
	if err != nil {
		p.t.Fatal(err)
	}
	m, err := parse(p.buffer[:n])
	if err != nil {
		p.t.Fatal(err)
	}
	return m
}

// When an answer is out the broker holds nothing that would tell the value: neither
// itself nor what its mask follows from.
func TestWhatAnAnswerLeavesBehind(t *testing.T) {
	p := newPair(t)
	seed := bytes.Repeat([]byte{0xa5}, seedSize)
	packet := appendMessage(nil, use, 7, []byte("r"), []byte("r"), []byte("KEY"), seed, nil)
	m, err := parse(packet)
	if err != nil {
		t.Fatal(err)
	}
	// Before the packet is wiped as a whole, which is after the answer.
	if err := p.handle(m); err != nil {
		t.Fatal(err)
	}
	answer := p.read()
	if answer.kind != granted || answer.sequence != 7 {
		t.Fatalf("the answer is %d to %d", answer.kind, answer.sequence)
	}
	for what, b := range map[string][]byte{"question": packet, "masked answer": p.masked[:cap(p.masked)]} {
		if bytes.Contains(b, seed[:8]) || bytes.Contains(b, []byte(testValue[:8])) {
			t.Errorf("the %s tells", what)
		}
	}
	if p.server.mask != (mask{}) {
		t.Error("something of the mask is left")
	}
	if zeros(p.answer) != len(p.answer) {
		t.Error("the answer is left")
	}
	var own mask
	if own.apply(answer.fields[0], seed); string(answer.fields[0]) != testValue {
		t.Error("the function cannot read it")
	}
	packet = appendMessage(nil, use, 8, []byte("r"), []byte("r"), []byte("KEY"), seed, nil)
	before := heldSignals(t)
	if err := p.handleQuietly(packet); err != nil {
		t.Fatal(err)
	}
	if zeros(packet) != len(packet) {
		t.Error("the question is left")
	}
	if heldSignals(t) != before {
		t.Error("signals are still held back")
	}
}

func zeros(b []byte) int { return bytes.Count(b, []byte{0}) }

func heldSignals(t *testing.T) (held unix.Sigset_t) {
	t.Helper()
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, nil, &held); err != nil {
		t.Fatal(err)
	}
	return held
}

// Each question asks for a mask of its own.
func TestNoSeedTwice(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fds[0])
	defer unix.Close(fds[1])
	c := &Client{fd: fds[0], longest: maxPacket}
	seeds := map[string]bool{string(make([]byte, seedSize)): true}
	for range 3 {
		// The answer is there before the question.
		if err := unix.Sendto(fds[1], appendMessage(nil, denied, c.sequence+1), 0, nil); err != nil {
			t.Fatal(err)
		}
		if err := c.Use("r", "KEY", nil); !errors.Is(err, core.ErrDenied) {
			t.Fatal(err)
		}
		packet := make([]byte, maxPacket)
		n, err := unix.Read(fds[1], packet)
		if err != nil {
			t.Fatal(err)
		}
		m, err := parse(packet[:n])
		if err != nil || m.kind != use {
			t.Fatalf("no question: %d, %v", m.kind, err)
		}
		if len(m.fields[3]) != seedSize || seeds[string(m.fields[3])] {
			t.Errorf("the seed is %d bytes, or not new", len(m.fields[3]))
		}
		seeds[string(m.fields[3])] = true
	}
}

// The kernel gives credentials with every message, and nothing else. What looks
// otherwise is no message of the function's.
func TestWhoSent(t *testing.T) {
	p := peer{pid: 4711}
	credentials := func(pid int32) []byte { return unix.UnixCredentials(&unix.Ucred{Pid: pid, Uid: 1, Gid: 1}) }
	altered := func(alter func(*unix.Cmsghdr)) []byte {
		b := credentials(4711)
		alter((*unix.Cmsghdr)(unsafe.Pointer(&b[0])))
		return b
	}
	check := func(what string, control []byte, want bool) {
		t.Helper()
		if got := p.sent(control); got != want {
			t.Errorf("%s: %v", what, got)
		}
	}
	check("the function's", credentials(4711), true)
	check("another's", credentials(4712), false)
	check("nobody's", credentials(0), false)
	check("none", nil, false)
	check("a byte", make([]byte, 1), false)
	check("zeros", make([]byte, unix.CmsgSpace(unix.SizeofUcred)), false)
	check("a header", credentials(4711)[:unix.CmsgLen(0)], false)
	check("half of it", credentials(4711)[:unix.CmsgLen(0)+4], false)
	for what, n := range map[string]int{"nothing": unix.CmsgLen(0), "less": unix.CmsgLen(unix.SizeofUcred) - 1, "more": unix.CmsgLen(unix.SizeofUcred) + 1, "too much": 200} {
		check("the header says "+what, altered(func(h *unix.Cmsghdr) { h.SetLen(n) }), false)
	}
	check("another level", altered(func(h *unix.Cmsghdr) { h.Level++ }), false)
	check("another type", altered(func(h *unix.Cmsghdr) { h.Type = unix.SCM_RIGHTS }), false)
	check("descriptors", unix.UnixRights(1, 2, 3), false)
	check("two", slices.Concat(credentials(4711), credentials(4711)), false)
}

// Signals are held back from one thread, which is the one that sees the value, however
// much it waits for others meanwhile.
func TestAValueStaysOnOneThread(t *testing.T) {
	p := newPair(t)
	moved, count := 0, 0
	p.operations["KEY"] = map[string]Operation{"wait": {Prepare: func([]byte) (func([]byte) ([]byte, error), error) {
		return func([]byte) ([]byte, error) {
			before := unix.Gettid()
			for range 20 {
				runtime.Gosched()
			}
			if unix.Gettid() != before {
				moved++
			}
			count++
			return nil, nil
		}, nil
	}}}
	stop := make(chan struct{})
	defer close(stop)
	for range 2 * runtime.GOMAXPROCS(0) {
		go func() {
			for {
				select {
				case <-stop:
					return
				default:
					runtime.Gosched()
				}
			}
		}()
	}
	const times = 200
	done := make(chan error)
	go func() { // which no test has locked to its thread
		for i := range times {
			request := []byte(fmt.Sprint("r", i))
			packet := appendMessage(nil, run, uint32(i), request, request, []byte("KEY"), make([]byte, seedSize), nil, []byte("wait"), nil)
			if err := p.handleQuietly(packet); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for range times {
		p.read()
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if count != times || moved > 0 {
		t.Errorf("%d of %d values moved to another thread, %d expected", moved, count, times)
	}
}
