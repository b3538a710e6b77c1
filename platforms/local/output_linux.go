package local

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dtbench/dtbench/platforms"
)

const (
	tailLines    = 10
	maxLineBytes = 8 << 10
	// pipeBytes is what a function may write before it waits for us; without the
	// right to so much it is the 64 KiB of pipe(7).
	pipeBytes = 1 << 20
	// readEvery is how long its output may lie in the pipe while it works.
	readEvery = 10 * time.Millisecond
	// lastWords is how long the output of a dead function is waited for, when a
	// descendant of it still holds the pipe.
	lastWords = time.Second
)

// output copies what one instance writes to the run's log, line by line with
// secrets redacted, and remembers the last lines for error messages.
//
// Nobody waits at the pipe. A reader that did would be woken by every write of
// the function, inside the invocation that is being timed: on two processors
// that is ten times what the write itself costs. The pipe is emptied after each
// invocation, and every 10 ms during a long one. Its reading end is a plain
// descriptor, since an os.File is watched by the runtime even when nobody reads.
type output struct {
	write  *os.File
	log    io.Writer
	prefix string
	redact *strings.Replacer
	finish func()        // the process has ended: read the rest
	ending chan struct{} // closed by finish
	done   chan struct{} // all was read

	mu      sync.Mutex
	read    int
	buffer  []byte
	partial []byte // of the last line
	tail    []string
}

func newOutput(log io.Writer, name string, secrets map[string]string) (*output, error) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("pipe2", err)
	}
	if err := unix.SetNonblock(ends[0], true); err != nil {
		return nil, errors.Join(os.NewSyscallError("fcntl", err), unix.Close(ends[0]), unix.Close(ends[1]))
	}
	_, _ = unix.FcntlInt(uintptr(ends[0]), unix.F_SETPIPE_SZ, pipeBytes)
	o := &output{
		read: ends[0], write: os.NewFile(uintptr(ends[1]), "output"), log: log, prefix: name + " | ",
		redact: platforms.Redactor(secrets), ending: make(chan struct{}), done: make(chan struct{}),
		buffer: make([]byte, 32<<10),
	}
	o.finish = sync.OnceFunc(func() { close(o.ending) })
	go o.copy()
	return o, nil
}

func (o *output) copy() {
	defer close(o.done)
	tick := time.NewTicker(readEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			o.drain()
		case <-o.ending:
			o.rest()
			return
		}
	}
}

// drain reads what is in the pipe, and tells whether it has ended.
func (o *output) drain() (ended bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		n, err := unix.Read(o.read, o.buffer)
		switch {
		case n > 0:
			o.partial = append(o.partial, o.buffer[:n]...)
			o.lines()
		case errors.Is(err, unix.EINTR):
		default:
			return !errors.Is(err, unix.EAGAIN)
		}
	}
}

// rest reads up to the end, or for lastWords.
func (o *output) rest() {
	for end := time.Now().Add(lastWords); !o.drain(); {
		left := time.Until(end)
		if left <= 0 {
			break
		}
		_, _ = unix.Poll([]unix.PollFd{{Fd: int32(o.read), Events: unix.POLLIN}}, int(left.Milliseconds())+1)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.partial) > 0 {
		o.line(o.partial)
		o.partial = nil
	}
}

// lines takes the whole lines out of partial; a longer one comes in parts.
func (o *output) lines() {
	for {
		n := bytes.IndexByte(o.partial, '\n')
		switch {
		case n >= 0 && n <= maxLineBytes:
			o.line(bytes.TrimSuffix(o.partial[:n], []byte{'\r'}))
			o.partial = o.partial[n+1:]
		case len(o.partial) > maxLineBytes:
			o.line(o.partial[:maxLineBytes])
			o.partial = o.partial[maxLineBytes:]
		default:
			return
		}
	}
}

func (o *output) line(raw []byte) {
	line := o.redact.Replace(string(raw))
	o.tail = append(o.tail, line)
	if len(o.tail) > tailLines {
		o.tail = o.tail[1:]
	}
	_, _ = io.WriteString(o.log, o.prefix+line+"\n")
}

// started closes our copy of the end that the function writes to.
func (o *output) started() { _ = o.write.Close() }

// lastLines waits a moment for a dead function's output to arrive in full.
func (o *output) lastLines() []string {
	o.finish()
	<-o.done
	return o.linesSoFar()
}

func (o *output) linesSoFar() []string {
	o.drain()
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.tail...)
}

// close ends the copying, even when a descendant still holds the pipe.
func (o *output) close() {
	_ = o.write.Close()
	o.finish()
	<-o.done
	_ = unix.Close(o.read)
}
