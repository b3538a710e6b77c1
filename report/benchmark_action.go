package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// actionEntry is one data point of github-action-benchmark's
// customSmallerIsBetter.
type actionEntry struct {
	Name  string  `json:"name"`
	Unit  string  `json:"unit"`
	Value float64 `json:"value"`
	Range string  `json:"range"`
	Extra string  `json:"extra"`
}

// writeBenchmarkAction writes the JSON array that github-action-benchmark
// reads as customSmallerIsBetter: for each cell the trimmed mean of time and of
// memory, the half width of its 95 % interval as range. A cell without enough
// samples has no entry, since that tool knows no missing value.
func writeBenchmarkAction(w io.Writer, files []Source, o Options) error {
	entries := []actionEntry{} // an empty array rather than null
	for _, s := range files {
		a, err := s.analyse(o)
		if err != nil {
			return err
		}
		prefix := ""
		if len(files) > 1 {
			prefix = clean(s.Name) + ": "
		}
		entries = append(entries, a.actionEntries(prefix)...)
	}
	data, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(data, '\n'))
	return err
}

func (a *analysis) actionEntries(prefix string) []actionEntry {
	var out []actionEntry
	for _, c := range a.cells {
		name := prefix + a.marked(clean(strings.Join([]string{a.file.Experiment.Platform, c.Scenario, c.Variant, string(c.Start)}, "/")))
		extra := a.origin()
		if s := c.timeMS; s != nil {
			out = append(out, actionEntry{
				name + "/time", "ms", s.TrimmedMean, plusMinus(s.CI95),
				fmt.Sprintf("%s, %s, %d samples, median %s ms", extra, a.metric, len(c.times), quantity(s.Median)),
			})
		}
		if s := c.memoryMB; s != nil {
			out = append(out, actionEntry{
				name + "/memory", "MB", s.TrimmedMean, plusMinus(s.CI95),
				fmt.Sprintf("%s, %s, %d samples, median %s MB", extra, s.Metric, len(c.memory), quantity(s.Median)),
			})
		}
	}
	return out
}

func plusMinus(ci [2]float64) string { return "± " + quantity((ci[1]-ci[0])/2) }
