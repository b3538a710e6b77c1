package audit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
)

// Sink is where lines go. Make one with [NewSink] or [OpenFile]; one log may use
// it at a time.
type Sink struct {
	device device
	file   *os.File // opened by us
}

// A device takes bytes. One goroutine calls it at a time.
type device interface {
	// write offers p within the limit. It returns how many bytes the device
	// has taken or will take whatever comes, and errLate if they are not all
	// known to be written by then.
	write(p []byte, limit limit) (int, error)

	// settle waits until what the device has taken is written.
	settle(limit limit) error

	close() error
}

var errLate = errors.New("audit: the sink did not take the record in time")

// NewSink makes a sink of a writer.
//
// On Linux, a pipe, socket, terminal or regular file given as an [*os.File],
// such as standard output, is written to without blocking, on the caller's thread,
// by one write(2) per line; its own blocking mode is not changed. Call NewSink
// before the process becomes non-dumpable, because it opens /proc/self/fd. A
// write to a regular file cannot be told not to wait: it goes to the page cache,
// and a file on a stalled network file system stalls; wrap the file in a type of
// your own there.
//
// Any other writer gets a goroutine, so that one which stalls never holds up the
// caller; that costs some microseconds more a line. A write that is late is
// still under way: the sink waits for its end before it starts another.
func NewSink(w io.Writer) *Sink {
	if f, ok := w.(*os.File); ok {
		if d := fileDevice(f); d != nil {
			return &Sink{device: d}
		}
	}
	return &Sink{device: newHandoff(w)}
}

// OpenFile makes a sink of a file, which it creates with mode 0600 if it is not
// there, and appends to. A file may hold several chains.
func OpenFile(path string) (*Sink, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("audit: open the sink: %w", err)
	}
	s := NewSink(f)
	s.file = f
	return s, nil
}

// Close releases what the sink opened itself. The writer of NewSink stays open.
func (s *Sink) Close() error {
	err := s.device.close()
	if s.file != nil {
		err = errors.Join(err, s.file.Close())
	}
	return err
}

// handoff writes from a goroutine of its own. It owns what it has taken until the
// writer has: a write that fails is tried again by the next.
type handoff struct {
	work    chan []byte
	done    chan outcome
	buffer  []byte
	left    []byte // of buffer: what the writer has not taken
	started bool   // a write of left is under way
}

type outcome struct {
	n   int
	err error
}

func newHandoff(w io.Writer) *handoff {
	h := &handoff{work: make(chan []byte), done: make(chan outcome, 1)}
	go func() {
		for p := range h.work {
			n, err := w.Write(p)
			n = min(max(n, 0), len(p))
			if err == nil && n < len(p) {
				err = io.ErrShortWrite
			}
			h.done <- outcome{n, err}
		}
	}()
	return h
}

func (h *handoff) write(p []byte, limit limit) (int, error) {
	if err := h.settle(limit); err != nil {
		return 0, err
	}
	h.buffer = append(h.buffer[:0], p...)
	h.left = h.buffer
	return len(p), h.settle(limit)
}

func (h *handoff) settle(limit limit) error {
	for len(h.left) > 0 {
		if !h.started {
			h.work <- h.left // received at once: no write is under way
			h.started = true
		}
		o, ok := h.wait(&limit)
		if !ok {
			return errLate
		}
		h.started = false
		h.left = h.left[o.n:]
		if o.err != nil {
			return o.err
		}
	}
	return nil
}

// wait waits for the write that is under way, and reports false when it is late.
func (h *handoff) wait(limit *limit) (outcome, bool) {
	for range 4 { // a fast writer is done before the clock is read
		select {
		case o := <-h.done:
			return o, true
		default:
			runtime.Gosched()
		}
	}
	return receive(h.done, limit)
}

// close ends the goroutine, once the write that is under way has ended.
func (h *handoff) close() error {
	close(h.work)
	return nil
}
