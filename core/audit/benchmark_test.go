//go:build unix

package audit_test

import (
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core/audit"
)

func openTemp(b *testing.B) *os.File {
	b.Helper()
	f, err := os.OpenFile(b.TempDir()+"/audit.jsonl", os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	return f
}

// identified is what a guard does per access: it makes the identifiers anew.
func identified(r *audit.Record, request, source, key string) *audit.Record {
	r.Request, r.Source, r.Key = audit.Identify(request), audit.Identify(source), audit.NewName(key)
	return r
}

const (
	benchRequest = "8f14e45f-ceea-467f-a0e6-4b0bdb3d1c2a"
	benchSource  = "arn:aws:iam::123456789012:user/alice"
)

var benchContext = audit.Context{
	Function: audit.Identify("hello"), Version: audit.Identify("$LATEST"), Instance: audit.Identify("3f2b8c1d9e4a5f60718293a4b5c6d7e8"),
	Region: audit.Identify("eu-central-1"), Platform: audit.Identify("local"),
}

// The caller's path. Bound: 2 µs under Async, for a grant and for a refusal.
func BenchmarkAsync(b *testing.B) {
	for name, record := range map[string]*audit.Record{"grant": grant(), "refusal": refusal(audit.BadMAC)} {
		b.Run(name, func(b *testing.B) {
			l := newLog(b, audit.Options{Sink: audit.NewSink(io.Discard), Mode: audit.Async, Context: benchContext, BufferSize: 1 << 20})
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%500 == 499 { // a function is not a loop: the sink keeps up
					b.StopTimer()
					if err := l.Flush(generous); err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
				}
				if err := l.Append(identified(record, benchRequest, benchSource, "API_KEY")); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(l.Stats().Dropped)/float64(b.N), "dropped/op")
		})
	}
}

// A strict grant beside one write(2) of its line, in one run: encoding, hashing
// and the write. What is bounded, at 1.5 writes, is what strict audit adds to an
// access; package core measures that.
func BenchmarkStrict(b *testing.B) {
	for _, kind := range []string{"file", "pipe"} {
		open := func(b *testing.B) *os.File {
			if kind == "file" {
				return openTemp(b)
			}
			r, w, err := os.Pipe()
			if err != nil {
				b.Fatal(err)
			}
			go io.Copy(io.Discard, r)
			b.Cleanup(func() { w.Close() })
			return w
		}
		b.Run("sink="+kind, func(b *testing.B) {
			f := open(b)
			l := newLog(b, audit.Options{Sink: audit.NewSink(f), Context: benchContext, GrantBound: generous})
			raw := audit.NewRawWriter(b, open(b))
			line := make([]byte, lineLength(b)) // as long as a grant's
			record := grant()
			record.Time = time.Now() // the guard has read the clock to verify
			// In turns, so that the machine's moods hit both alike.
			ours, theirs := make([]time.Duration, 0, b.N), make([]time.Duration, 0, b.N)
			for b.Loop() {
				t0 := time.Now()
				if err := l.Append(identified(record, benchRequest, benchSource, "API_KEY")); err != nil {
					b.Fatal(err)
				}
				t1 := time.Now()
				raw(line)
				theirs = append(theirs, time.Since(t1))
				ours = append(ours, t1.Sub(t0))
			}
			slices.Sort(ours)
			slices.Sort(theirs)
			mine, write := ours[len(ours)/2], theirs[len(theirs)/2]
			b.ReportMetric(float64(mine), "strict-p50-ns")
			b.ReportMetric(float64(write), "write-p50-ns")
			b.ReportMetric(float64(mine)/float64(write), "ratio")
		})
	}
}

// lineLength is that of the record of a grant.
func lineLength(b *testing.B) int {
	sink := &memory{}
	l := newLog(b, audit.Options{Sink: audit.NewSink(sink), Context: benchContext, GrantBound: generous})
	l.Append(identified(grant(), benchRequest, benchSource, "API_KEY"))
	return len(sink.text()) - strings.Index(sink.text(), "\n") - 1
}

// p99 of the caller's path under Async, with a sink that takes and one that
// hangs. Bound: 1.5×.
func BenchmarkStalledSink(b *testing.B) {
	p99 := func(b *testing.B, stalled bool) time.Duration {
		sink := &memory{}
		if stalled {
			sink.stall()
			defer sink.goOn()
		}
		var w io.Writer = sink
		if !stalled {
			w = io.Discard
		}
		l := newLog(b, audit.Options{Sink: audit.NewSink(w), Mode: audit.Async, Context: benchContext})
		record := grant()
		took := make([]time.Duration, 20000)
		for i := range took {
			start := time.Now()
			l.Append(identified(record, benchRequest, benchSource, "API_KEY"))
			took[i] = time.Since(start)
		}
		slices.Sort(took)
		return took[len(took)*99/100]
	}
	var with, without []time.Duration
	for b.Loop() {
		without = append(without, p99(b, false))
		with = append(with, p99(b, true))
	}
	slices.Sort(with)
	slices.Sort(without)
	w, wo := with[len(with)/2], without[len(without)/2]
	b.ReportMetric(float64(wo), "p99-ns")
	b.ReportMetric(float64(w), "stalled-p99-ns")
	b.ReportMetric(float64(w)/float64(wo), "ratio")
}

// How long a strict grant waits for a sink that hangs. Bound: 1.2 ms.
func BenchmarkGrantBound(b *testing.B) {
	run := func(name string, open func(*testing.B) io.Writer) {
		b.Run(name, func(b *testing.B) {
			l := newLog(b, audit.Options{Sink: audit.NewSink(open(b)), Context: benchContext})
			for l.Append(grant()) == nil { // until it is full
			}
			var took []time.Duration
			for b.Loop() {
				start := time.Now()
				if l.Append(grant()) == nil {
					b.Fatal("granted")
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
			b.ReportMetric(float64(took[len(took)-1].Microseconds()), "max-µs")
		})
	}
	run("writer", func(b *testing.B) io.Writer {
		sink := &memory{}
		sink.stall()
		b.Cleanup(sink.goOn)
		return sink
	})
	run("pipe", func(b *testing.B) io.Writer {
		r, w, err := os.Pipe()
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { r.Close(); w.Close() })
		return w
	})
}
