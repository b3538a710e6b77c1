package local

import (
	"bufio"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	tailLines    = 10
	maxLineBytes = 8 << 10
)

// output copies what one instance writes to the run's log, line by line with
// secrets redacted, and remembers the last lines for error messages.
type output struct {
	read, write *os.File
	log         io.Writer
	prefix      string
	redact      *strings.Replacer
	done        chan struct{}

	mu   sync.Mutex
	tail []string
}

func newOutput(log io.Writer, name string, secrets map[string]string) (*output, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	var pairs []string
	for _, value := range secrets {
		if value != "" {
			pairs = append(pairs, value, "[redacted]")
		}
	}
	o := &output{
		read: r, write: w, log: log, prefix: name + " | ",
		redact: strings.NewReplacer(pairs...), done: make(chan struct{}),
	}
	go o.copy()
	return o, nil
}

func (o *output) copy() {
	defer close(o.done)
	lines := bufio.NewReaderSize(o.read, maxLineBytes)
	for {
		raw, _, err := lines.ReadLine() // a longer line comes in parts
		if err != nil {
			return
		}
		line := o.redact.Replace(string(raw))
		o.mu.Lock()
		o.tail = append(o.tail, line)
		if len(o.tail) > tailLines {
			o.tail = o.tail[1:]
		}
		o.mu.Unlock()
		_, _ = io.WriteString(o.log, o.prefix+line+"\n")
	}
}

// started closes our copy of the end that the function writes to.
func (o *output) started() { _ = o.write.Close() }

// lastLines waits a moment for a dead function's output to arrive in full.
func (o *output) lastLines() []string {
	select {
	case <-o.done:
	case <-time.After(time.Second): // a descendant still holds the pipe
	}
	return o.linesSoFar()
}

func (o *output) linesSoFar() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.tail...)
}

// close ends the copying, even when a descendant still holds the pipe.
func (o *output) close() {
	_ = o.write.Close()
	_ = o.read.SetReadDeadline(time.Now().Add(time.Second))
	<-o.done
	_ = o.read.Close()
}
