//go:build !race

package audit_test

import (
	"io"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core/audit"
)

func TestAppendDoesNotAllocate(t *testing.T) {
	file, err := audit.OpenFile(t.TempDir() + "/audit.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	check := func(what string, o audit.Options, record *audit.Record) {
		t.Helper()
		o.GrantBound, o.FlushInterval, o.BufferSize = generous, time.Hour, 4<<20
		l := newLog(t, o)
		for range 4000 { // let the buffers grow
			l.Append(record)
		}
		for range 2 {
			if err := l.Flush(generous); err != nil {
				t.Fatal(err)
			}
			for range 2000 {
				l.Append(record)
			}
		}
		l.Flush(generous)
		if n := testing.AllocsPerRun(1000, func() {
			record.Request, record.Source, record.Key = audit.Identify("r-1"), audit.Identify("alice"), audit.NewName("API_KEY")
			if err := l.Append(record); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	}
	check("a strict grant", audit.Options{Sink: file}, grant())
	check("a strict refusal", audit.Options{Sink: file}, refusal(audit.BadMAC))
	check("a grant", audit.Options{Sink: audit.NewSink(io.Discard), Mode: audit.Async}, grant())
	check("a refusal", audit.Options{Sink: audit.NewSink(io.Discard), Mode: audit.Async}, refusal(audit.BadMAC))
}
