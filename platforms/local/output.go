package local

import (
	"bufio"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	tailLines      = 10
	maxLineBytes   = 64 << 10
	keptOfLongLine = 8 << 10 // well before the end of what was read, where a secret may be cut
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
	values := slices.Collect(maps.Values(secrets))
	// The longest first: one may begin like another.
	slices.SortFunc(values, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, value := range values {
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
	cut := false // the rest of a line that was too long is left out: it could begin in a secret
	for {
		raw, more, err := lines.ReadLine()
		if err != nil {
			return
		}
		if cut {
			cut = more
			continue
		}
		cut = more
		line := o.redact.Replace(string(raw))
		if cut {
			line = line[:min(len(line), keptOfLongLine)] + " [cut]"
		}
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
