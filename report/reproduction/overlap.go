package reproduction

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dtbench/dtbench/report/internal/layout"
	"github.com/dtbench/dtbench/results/profiles"
)

// OverlapTable writes, in Markdown, how much of the mechanism's import is left to
// pay in a Python process that has loaded something already, and where that was
// measured: the test of the overlap in the model on real processes. The samples
// must be valid and of the Python stand-in. Errors are those of w.
func OverlapTable(w io.Writer, s *profiles.Samples) error {
	loaded := map[string]string{
		profiles.Bare: "nothing", profiles.Runtime: "the frame of a function", profiles.HTTP: "http.client",
		"hello": "benchmark function hello", "storage": "benchmark function storage", "network": "benchmark function network",
	}
	builds := map[string]string{profiles.Cached: "source and compiled", profiles.Binary: "compiled only"}
	var rows [][]string
	n := 0
	for _, r := range profiles.Overlaps(s) {
		n = r.ImportMS.N
		row := []string{
			builds[r.Build], loaded[r.Context], fmt.Sprintf("%.2f", r.ProcessBytes.Median/1e6), fmt.Sprintf("%.2f", r.ImportMS.Median),
			fmt.Sprintf("%.2f to %.2f", r.ImportMS.Q1, r.ImportMS.Q3), fmt.Sprintf("%.2f", r.ImportBytes.Median/1e6),
		}
		for _, w := range []profiles.Share{r.Time, r.Memory} {
			if r.Context == profiles.Bare {
				row = append(row, "0", "")
				continue
			}
			row = append(row, fmt.Sprintf("%.3f", w.Value), fmt.Sprintf("%.3f to %.3f", w.Interval[0], w.Interval[1]))
		}
		rows = append(rows, row)
	}
	var b strings.Builder
	layout.MarkdownTable(&b, []string{
		"Build", "Loaded before", "Process (MB)", "Import (CPU-ms)", "Quartiles", "Import (MB)", "ω, time", "95 % interval", "ω, memory", "95 % interval",
	}, 2, rows)
	e := s.Environment
	text := fmt.Sprintf("Medians of %d processes each, measured by %s at commit %.12s on %s, %d processors, Linux %s, %s, %s.",
		n, s.Command, s.Tool.Commit, e.CPU, e.CPUs, e.Kernel, s.Tool.Python, e.Started.UTC().Format(time.DateOnly))
	for _, warning := range s.Warnings {
		text += " Warning: " + warning + "."
	}
	fmt.Fprintf(&b, "\n%s\n", layout.Escape(text))
	_, err := io.WriteString(w, b.String())
	return err
}
