package gate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/dtbench/dtbench/report/stats"
	"github.com/dtbench/dtbench/results"
)

// ErrFormat: a format that this package does not write; the text names the
// choices.
var ErrFormat = errors.New("unknown format")

// Formats returns the names of the formats that Write knows.
func Formats() []string { return []string{"text", "markdown", "json"} }

// Write writes the comparison to w as text, markdown or json. width is the
// greatest line length of text in columns; 0 is unlimited, and 40 is the least
// that is honoured. It returns ErrFormat and what w returns.
func (c *Comparison) Write(w io.Writer, format string, width int) error {
	switch format {
	case "text":
		_, err := io.WriteString(w, c.text(width))
		return err
	case "markdown":
		return c.Markdown(w)
	case "json":
		return c.writeJSON(w)
	}
	return fmt.Errorf("%w %q: choose %s", ErrFormat, format, strings.Join(Formats(), ", "))
}

// cellJSON is a cell as scripts read it; a figure that does not exist is null.
type cellJSON struct {
	Scenario        string        `json:"scenario"`
	Variant         string        `json:"variant"`
	Start           results.Start `json:"start"`
	Metric          string        `json:"metric"`
	Base            *float64      `json:"base"`
	Head            *float64      `json:"head"`
	Ratio           *float64      `json:"ratio"`
	CI95            *[2]float64   `json:"ci95"`
	PermutationP    *float64      `json:"permutation_p"`
	MannWhitneyP    *float64      `json:"mann_whitney_p"`
	HodgesLehmann   *float64      `json:"hodges_lehmann"`
	CliffsDelta     *float64      `json:"cliffs_delta"`
	YuenP           *float64      `json:"yuen_p"`
	YuenLogP        *float64      `json:"yuen_log_p"`
	TOSTP           *float64      `json:"tost_p"`
	PHolm           *float64      `json:"p_holm"`
	Verdict         Verdict       `json:"verdict"`
	MDE             *float64      `json:"minimum_detectable_percent"`
	RunsNeeded      *int          `json:"runs_needed"`
	Threshold       float64       `json:"threshold_percent"`
	ThresholdReason string        `json:"threshold_reason,omitempty"`
	Obstacle        string        `json:"obstacle,omitempty"`
}

// countable is nil for no runs and for more than anyone can count.
func countable(runs int) *int {
	if runs == 0 || runs == stats.MostRuns {
		return nil
	}
	return &runs
}

func (c *Comparison) writeJSON(w io.Writer) error {
	out := struct {
		Verdict   Verdict    `json:"verdict"`
		Summary   string     `json:"summary"`
		Forced    bool       `json:"forced"`
		Obstacles []string   `json:"obstacles"`
		Notices   []string   `json:"notices"`
		Alpha     float64    `json:"alpha"`
		Threshold float64    `json:"threshold_percent"`
		Time      string     `json:"time"`
		Runs      *int       `json:"runs_needed"` // of the open cells; null for none, and beyond count
		Cells     []cellJSON `json:"cells"`
	}{
		c.Verdict, c.Summary(), c.Forced, append([]string{}, c.Obstacles...), append([]string{}, c.Notices...),
		c.Alpha, percent(c.Threshold), string(c.Metric), countable(c.RunsNeeded()),
		[]cellJSON{},
	}
	for _, cell := range c.Cells {
		j := cellJSON{
			Scenario: cell.Scenario, Variant: cell.Variant, Start: cell.Start, Metric: cell.Metric, Base: cell.Base.Mean, Head: cell.Head.Mean,
			Verdict: cell.Verdict, Threshold: percent(cell.Threshold), ThresholdReason: cell.Reason, Obstacle: cell.Obstacle,
		}
		if f := cell.Figures; f != nil {
			mde := 100 * f.MinimumDetectable
			j.Ratio, j.CI95, j.PermutationP, j.MannWhitneyP = &f.Ratio, &f.CI95, &f.PermutationP, &f.MannWhitneyP
			j.HodgesLehmann, j.CliffsDelta, j.YuenP, j.YuenLogP = &f.HodgesLehmann, &f.CliffsDelta, &f.YuenP, f.YuenLogP
			j.TOSTP, j.PHolm, j.MDE, j.RunsNeeded = &f.TOSTP, &f.PHolm, &mde, countable(f.RunsNeeded)
		}
		out.Cells = append(out.Cells, j)
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	return encoder.Encode(out)
}
