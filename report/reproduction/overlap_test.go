package reproduction

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/results/profiles"
)

// Each context and build has its row, with the figures of profiles.Overlaps, and
// the source stands below.
func TestTheTableOfOverlapsSaysWhatWasMeasuredAndWhere(t *testing.T) {
	s, err := profiles.LoadSamples(profiles.PaperPython)
	if err != nil {
		t.Fatal(err)
	}
	s.Warnings = []string{"somebody else was busy"}
	var md bytes.Buffer
	if err := OverlapTable(&md, s); err != nil {
		t.Fatal(err)
	}
	table, source, ok := strings.Cut(md.String(), "\n\n")
	if !ok {
		t.Fatal(md.String())
	}
	rows := strings.Split(table, "\n")[2:]
	want := profiles.Overlaps(s)
	if len(rows) != len(want) {
		t.Fatalf("%d rows, want %d", len(rows), len(want))
	}
	for i, r := range want {
		figures := []string{fmt.Sprintf(" %.2f |", r.ImportMS.Median), fmt.Sprintf(" %.2f |", r.ImportBytes.Median/1e6)}
		if r.Context != profiles.Bare {
			figures = append(figures, fmt.Sprintf(" %.3f |", r.Time.Value), fmt.Sprintf(" %.3f to %.3f |", r.Memory.Interval[0], r.Memory.Interval[1]))
		}
		for _, f := range figures {
			if !strings.Contains(rows[i], f) {
				t.Errorf("%s (%s): the row lacks %s: %s", r.Context, r.Build, f, rows[i])
			}
		}
	}
	for _, part := range []string{s.Command, s.Tool.Python, s.Environment.CPU, s.Tool.Commit[:12], "Warning: somebody else was busy."} {
		if !strings.Contains(source, part) {
			t.Errorf("the source lacks %q: %s", part, source)
		}
	}
	full := errors.New("full")
	if err := OverlapTable(writer(func([]byte) (int, error) { return 0, full }), s); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
