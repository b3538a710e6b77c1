package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/dtbench/dtbench/results"
)

// GoBench is a Reporter in the Go benchmark format
// (https://go.dev/design/14313-benchmark-format), one line per sample, which
// benchstat and other tools read unchanged:
//
//	BenchmarkInvoke/scenario=hello/variant=optimized/start=cold 1 5257393 ns/op 6881280 peak-RSS-bytes
//
// The time is the report's metric; the memory is reported-bytes where the
// platform says it. A sample without the metric has no line. benchstat -col
// /variant compares the variants; it trims nothing, so its medians are those
// of all samples.
func GoBench(w io.Writer, f *results.File, o Options) error {
	a, err := analyse(f, o)
	if err != nil {
		return err
	}
	var b strings.Builder
	set := func(key, value string) {
		if value = clean(value); strings.TrimSpace(value) != "" {
			fmt.Fprintf(&b, "%s: %s\n", key, value)
		}
	}
	e := f.Experiment
	if a.observed() { // no processor is in the times of a model
		set("goos", f.Environment.OS)
		set("goarch", f.Environment.Arch)
		set("cpu", f.Environment.CPU)
	}
	set("platform", e.Platform)
	set("provenance", string(e.Provenance))
	set("status", string(f.Status))
	set("time", string(a.metric))
	set("commit", f.Tool.Commit)
	memory := "reported-bytes"
	if e.Provenance == results.Measured {
		memory = "peak-RSS-bytes"
	}
	for i := range a.cells {
		c := &a.cells[i]
		name := "BenchmarkInvoke/scenario=" + word(c.Scenario) + "/variant=" + word(c.Variant) + "/start=" + string(c.Start)
		for _, s := range a.observations(c) {
			if !s.timed {
				continue
			}
			fmt.Fprintf(&b, "%s 1 %s ns/op", name, nanoseconds(s.time))
			if s.MemoryBytes > 0 {
				fmt.Fprintf(&b, " %d %s", s.MemoryBytes, memory)
			}
			b.WriteByte('\n')
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// nanoseconds moves the decimal point of a time in ms by six digits, which
// loses nothing that a multiplication would round away.
func nanoseconds(ms float64) string {
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(ms, 'e', -1, 64), "e")
	e, err := strconv.Atoi(exponent)
	if err != nil { // not finite, which no reader lets through
		return "0"
	}
	v, err := strconv.ParseFloat(mantissa+"e"+strconv.Itoa(e+6), 64)
	if err != nil {
		return "0"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// word makes s one part of a benchmark's name: blanks and slashes end it.
func word(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '/' {
			return '_'
		}
		return r
	}, clean(s))
}
