package audit_test

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dtbench/dtbench/core/audit"
	"github.com/dtbench/dtbench/core/audit/trail"
)

// blockingPipe is a pipe in blocking mode, as a parent process hands it over.
func blockingPipe(t testing.TB) (r, w *os.File) {
	t.Helper()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	r, w = os.NewFile(uintptr(fds[0]), "r"), os.NewFile(uintptr(fds[1]), "w")
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

func blockingSockets(t testing.TB) (r, w *os.File) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	r, w = os.NewFile(uintptr(fds[0]), "r"), os.NewFile(uintptr(fds[1]), "w")
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

func nonBlockingPipe(t testing.TB) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

func nonBlocking(t testing.TB, f *os.File) bool {
	t.Helper()
	raw, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	flags := 0
	raw.Control(func(fd uintptr) { flags, err = unix.FcntlInt(fd, unix.F_GETFL, 0) })
	if err != nil {
		t.Fatal(err)
	}
	return flags&unix.O_NONBLOCK != 0
}

// Every kind of descriptor that standard output can be: grants are in it, its
// mode stays as it was, and when nobody reads it grants are denied in time and
// go on when somebody does.
func TestDescriptors(t *testing.T) {
	for name, open := range map[string]func(testing.TB) (r, w *os.File){
		"pipe": blockingPipe, "socket": blockingSockets, "non-blocking pipe": nonBlockingPipe,
	} {
		t.Run(name, func(t *testing.T) {
			r, w := open(t)
			before := nonBlocking(t, w)
			sink := audit.NewSink(w)
			l := newLog(t, audit.Options{Sink: sink, GrantBound: 2 * time.Millisecond, BufferSize: 1 << 20})
			var late error
			granted := 0
			for range 100_000 {
				start := time.Now()
				if late = l.Append(grant()); late != nil {
					if took := time.Since(start); took > 100*time.Millisecond {
						t.Errorf("took %v", took)
					}
					break
				}
				granted++
			}
			if !errors.Is(late, audit.ErrUnrecorded) || granted < 100 {
				t.Fatalf("after %d grants got %v", granted, late)
			}
			if nonBlocking(t, w) != before {
				t.Error("the mode of the descriptor was changed")
			}

			done := make(chan string)
			go func() {
				data, _ := io.ReadAll(bufio.NewReader(r))
				done <- string(data)
			}()
			closeLog(t, l)
			if err := sink.Close(); err != nil {
				t.Error(err)
			}
			w.Close()
			withdrawn := 0
			entries := read(t, <-done, trail.Options{Closed: true})
			for _, e := range entries {
				if e.Event == "withdrawn" {
					withdrawn++
				}
			}
			if withdrawn != 1 {
				t.Errorf("%d withdrawn of %d", withdrawn, len(entries))
			}
		})
	}
}

// A pipe that takes a part of what waits gets the rest later.
func TestAPipeThatTakesAPart(t *testing.T) {
	r, w := nonBlockingPipe(t)
	raw, err := w.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	room := 0
	if e := raw.Control(func(fd uintptr) { room, err = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, os.Getpagesize()) }); e != nil || err != nil {
		t.Fatal(e, err)
	}
	l := newLog(t, audit.Options{Sink: audit.NewSink(w), Mode: audit.Async, FlushInterval: time.Hour, BufferSize: 1 << 20})
	const records = 200
	for range records {
		if err := l.Append(grant()); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan string)
	go func() {
		data, _ := io.ReadAll(bufio.NewReaderSize(r, 1000))
		done <- string(data)
	}()
	closeLog(t, l)
	w.Close()
	text := <-done
	if len(text) < 2*room {
		t.Fatalf("%d bytes fit in a pipe of %d", len(text), room)
	}
	if entries := read(t, text, trail.Options{Closed: true}); len(entries) != records+2 {
		t.Errorf("%d entries", len(entries))
	}
}

func TestDevices(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	sink := audit.NewSink(null)
	l := newLog(t, audit.Options{Sink: sink, GrantBound: generous})
	if err := l.Append(grant()); err != nil {
		t.Error(err)
	}
	closeLog(t, l)
	if err := sink.Close(); err != nil {
		t.Error(err)
	}
}

// A reader that is gone is an error, not a signal and not a wait.
func TestReaderGone(t *testing.T) {
	for name, open := range map[string]func(testing.TB) (r, w *os.File){"pipe": blockingPipe, "socket": blockingSockets} {
		r, w := open(t)
		l := newLog(t, audit.Options{Sink: audit.NewSink(w), GrantBound: generous})
		r.Close()
		if err := l.Append(grant()); !errors.Is(err, unix.EPIPE) || !errors.Is(err, audit.ErrUnrecorded) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// What is no open file becomes an ordinary writer, whose error shows.
func TestClosedFile(t *testing.T) {
	_, w := blockingPipe(t)
	w.Close()
	sink := audit.NewSink(w)
	l := newLog(t, audit.Options{Sink: sink, GrantBound: generous})
	if err := l.Append(grant()); !errors.Is(err, os.ErrClosed) || !strings.Contains(err.Error(), "grant not recorded") {
		t.Errorf("got %v", err)
	}
}
