package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/results"
)

// progress shows how a run goes: a bar on a terminal, a plain line per finished
// cell elsewhere. It draws only when the runner calls it, which is between
// invocations, and in the runner's own goroutine: a library that redraws on a
// timer would wake up inside a timed invocation.
type progress struct {
	w     io.Writer
	width int // columns of the terminal; 0: not a terminal
	quiet bool
	now   func() time.Time

	began  time.Time
	drawn  bool
	warned map[string]bool
}

func newProgress(w io.Writer, width int, quiet bool, now func() time.Time) *progress {
	return &progress{w: w, width: width, quiet: quiet, now: now, began: now(), warned: map[string]bool{}}
}

func (p *progress) Visited(key results.CellKey, done, total int) {
	if p.width == 0 || p.quiet {
		return
	}
	const bar = 24
	filled := bar * done / total
	eta := time.Duration(float64(p.now().Sub(p.began)) / float64(done) * float64(total-done))
	line := fmt.Sprintf("[%s%s] %3d%%  %s/%s  eta %s", strings.Repeat("=", filled), strings.Repeat(" ", bar-filled),
		100*done/total, key.Scenario, key.Variant, eta.Round(time.Second))
	if len(line) >= p.width {
		line = line[:max(0, p.width-1)]
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", line)
	p.drawn = true
	if done == total {
		p.clear()
	}
}

// clear takes the bar away before another line is written.
func (p *progress) clear() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = false
	}
}

func (p *progress) CellDone(c *results.Cell) {
	name := fmt.Sprintf("%s/%s %s", c.Scenario, c.Variant, c.Start)
	switch {
	case c.Stopped != "":
		p.clear()
		fmt.Fprintf(p.w, "dtbench: %s: stopped with %d samples: %s\n", name, len(c.Samples), c.Stopped)
	case p.width == 0 && !p.quiet:
		fmt.Fprintf(p.w, "dtbench: %s: %d samples\n", name, len(c.Samples))
	}
}

// Dropped tells the first failure of each kind in full; the file counts all.
func (p *progress) Dropped(key results.CellKey, err error) {
	name := fmt.Sprintf("%s/%s %s", key.Scenario, key.Variant, key.Start)
	reason := err.Error()
	var f *platforms.FunctionError
	if errors.As(err, &f) {
		reason = f.Reason()
	}
	if p.warned[name+reason] {
		return
	}
	p.warned[name+reason] = true
	p.clear()
	fmt.Fprintf(p.w, "dtbench: %s: dropped an attempt: %s\n", name, reason)
	if f != nil {
		for _, line := range f.Tail {
			fmt.Fprintf(p.w, "    %s\n", line)
		}
	}
}
