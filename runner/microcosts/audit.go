package microcosts

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/core/audit"
	"github.com/dtbench/dtbench/results"
)

const (
	schemeLiteral   = results.SchemeLiteral
	schemeOptimized = results.SchemeOptimized
)

// measureAudit times accesses one by one: without a record, with a sink that is
// read from as a platform reads standard output, and with a stalled sink.
func measureAudit(o Options, m *results.Microcosts) error {
	for _, kind := range []struct {
		scheme   string
		mode     audit.Mode
		name     string
		accesses int
	}{
		{schemeLiteral, audit.Async, "async", o.Accesses},
		{schemeOptimized, audit.Async, "async", o.Accesses},
		{schemeOptimized, audit.Strict, "strict", max(1, o.Accesses/20)},
	} {
		cost, err := auditCost(kind.scheme, kind.mode, kind.accesses)
		if err != nil {
			return err
		}
		cost.Scheme, cost.Mode = kind.scheme, kind.name
		m.Audit = append(m.Audit, cost)
	}
	return nil
}

func auditCost(scheme string, mode audit.Mode, accesses int) (cost results.AuditCost, err error) {
	off, err := newScheme(scheme, nil)
	if err != nil {
		return cost, err
	}
	defer off.Close()

	reader, writer, err := os.Pipe()
	if err != nil {
		return cost, err
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(io.Discard, reader) // ends when the pipe is closed
	}()
	defer func() {
		writer.Close()
		<-read
		reader.Close()
	}()
	on, closeOn, err := recorded(scheme, mode, writer, patience)
	if err != nil {
		return cost, err
	}
	defer closeOn()

	hold := make(chan struct{})
	stalled, closeStalled, err := recorded(scheme, mode, blocked(hold), 0)
	if err != nil {
		return cost, err
	}
	defer closeStalled() // after the sink is let go
	defer close(hold)
	if err := fill(stalled, mode); err != nil {
		return cost, err
	}

	refusals := 0
	times, err := takeTurns(accesses, 1, wall,
		use(off), use(on),
		operation{run: func(int) error {
			err := stalled.Use(requestID, dataKey, discard)
			if errors.Is(err, core.ErrDenied) {
				refusals++
				return nil
			}
			return err
		}})
	if err != nil {
		return cost, err
	}
	cost.Off, cost.On, cost.Stalled = summarise("ns", 1, times[0]), summarise("ns", 1, times[1]), summarise("ns", 1, times[2])
	cost.Added = summarise("ns", 1, each(times[1], times[0], func(on, off float64) float64 { return on - off }))
	cost.StalledRefused = min(refusals, accesses) // without those of the warm-up
	return cost, nil
}

func use(s core.Scheme) operation {
	return operation{run: func(int) error { return s.Use(requestID, dataKey, discard) }}
}

// patience is the bound of a grant whose sink takes every record: on a busy machine
// the default would turn some into refusals, and those are not what is measured.
const patience = time.Second

// recorded makes a scheme whose records go to w, and whose grants wait for it no
// longer than bound; zero is the default.
func recorded(scheme string, mode audit.Mode, w io.Writer, bound time.Duration) (core.Scheme, func(), error) {
	sink := audit.NewSink(w)
	log, err := audit.New(audit.Options{Mode: mode, Sink: sink, GrantBound: bound})
	if err != nil {
		return nil, nil, errors.Join(err, sink.Close())
	}
	end := func() {
		_ = log.Close(time.Second)
		_ = sink.Close()
	}
	s, err := newScheme(scheme, log)
	if err != nil {
		end()
		return nil, nil, err
	}
	return s, func() { s.Close(); end() }, nil
}

// blocked is a writer that takes nothing until it is closed.
type blocked chan struct{}

func (b blocked) Write(p []byte) (int, error) { <-b; return len(p), nil }

// fill makes accesses until the buffer of an asynchronous log has no more room,
// the state in which a stalled sink leaves it for good. A strict log buffers no
// grant.
func fill(s core.Scheme, mode audit.Mode) error {
	if mode == audit.Strict {
		return nil
	}
	// A record takes more than 64 bytes; the default buffer holds 256 KiB.
	for range (256 << 10) / 64 {
		if err := s.Use(requestID, dataKey, discard); err != nil {
			return err
		}
	}
	return nil
}
