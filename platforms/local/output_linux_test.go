package local

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/platforms/platformtest"
)

func TestOutputIsCopiedByLinesAndRedacted(t *testing.T) {
	log := &platformtest.Log{}
	o, err := newOutput(log, "f", map[string]string{"KEY": "hunter2hunter2", "NONE": ""})
	if err != nil {
		t.Fatal(err)
	}
	write := func(s string) {
		t.Helper()
		if _, err := o.write.WriteString(s); err != nil {
			t.Fatal(err)
		}
	}
	write("one\r\n\nthe key is hunter2")
	if got := o.linesSoFar(); !slices.Equal(got, []string{"one", ""}) {
		t.Errorf("so far %q", got)
	}
	write("hunter2!\n") // in two writes, read apart
	write(strings.Repeat("x", maxLineBytes) + "yz\nwithout an end")
	o.started() // the last writer is gone
	want := []string{"one", "", "the key is [redacted]!", strings.Repeat("x", maxLineBytes), "yz", "without an end"}
	if got := o.lastLines(); !slices.Equal(got, want) {
		t.Errorf("last lines %q", got)
	}
	o.close()
	if got := log.String(); got != "f | "+strings.Join(want, "\nf | ")+"\n" {
		t.Errorf("the log holds %q", got)
	}
}

// More than the pipe holds, while nobody asks for it: the writer is held up by
// the clock of the copier and nothing is lost.
func TestMuchOutputIsNotLost(t *testing.T) {
	log := &platformtest.Log{}
	o, err := newOutput(log, "f", nil)
	if err != nil {
		t.Fatal(err)
	}
	const lines = 60_000
	for i := range lines {
		if _, err := fmt.Fprintf(o.write, "line %060d\n", i); err != nil {
			t.Fatal(err)
		}
	}
	o.started()
	if got := o.lastLines(); len(got) != tailLines || got[tailLines-1] != fmt.Sprintf("line %060d", lines-1) {
		t.Errorf("last lines %q", got)
	}
	o.close()
	if n := bytes.Count([]byte(log.String()), []byte("\n")); n != lines {
		t.Errorf("%d lines, want %d", n, lines)
	}
}

func TestTheOutputOfALongInvocationAppears(t *testing.T) {
	log := &platformtest.Log{}
	o, err := newOutput(log, "f", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer o.close()
	if _, err := o.write.WriteString("working\n"); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); log.String() == ""; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody reads")
		}
	}
}
