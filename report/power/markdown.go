package power

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/dtbench/dtbench/report/claims"
	"github.com/dtbench/dtbench/report/internal/layout"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
)

// Markdown writes the analysis as three tables: published changes, measured
// cells, and false alarms. A table without rows is left out.
func (a *Analysis) Markdown(w io.Writer) error {
	var b strings.Builder
	a.published(&b)
	a.measured(&b)
	a.falseAlarms(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (a *Analysis) published(b *strings.Builder) {
	if len(a.Cells) == 0 {
		return
	}
	fmt.Fprintf(b, "What %d runs can show of the published changes, and the spread that each change needs to be noise. Detectable: the least change that would be found with %.0f %% power at the 5 %% level under each preset's spread, drift between batches included (simulated; the paper gives no spread). "+
		"CV for noise: the coefficient of variation of single runs at which such a change has p = 0.05 if nothing differs.\n\n", paper.Runs, 100*claims.Power)
	header := []string{"Cell", "Figure", "Published %", "CV for noise"}
	presets := a.presets()
	for _, p := range presets {
		header = append(header, "Detectable %, "+p)
	}
	var rows [][]string
	for _, c := range a.Cells {
		name := c.Name()
		if !c.PlatformNamed {
			name += " (platform not named)"
		}
		row := []string{name, map[string]string{results.MetricTime: "time", results.MetricMemory: "memory"}[c.Metric], layout.Percentage(c.Percent), spreadText(c.NoiseCV)}
		for _, p := range presets {
			text := "–"
			for _, d := range c.Detectable {
				if d.Preset == p {
					text = layout.Magnitude(d.Percent)
				}
			}
			row = append(row, text)
		}
		rows = append(rows, row)
	}
	layout.MarkdownTable(b, header, 2, rows)
}

// presets are those of the cells, in their order.
func (a *Analysis) presets() []string {
	for _, c := range a.Cells {
		if len(c.Detectable) > 0 {
			var names []string
			for _, d := range c.Detectable {
				names = append(names, d.Preset)
			}
			return names
		}
	}
	return nil
}

// spreadText writes a coefficient of variation with as many digits as it bears.
func spreadText(cv float64) string {
	if math.IsInf(cv, 1) {
		return fmt.Sprintf("above %g", MostCV)
	}
	if cv < 0.01 {
		return fmt.Sprintf("%.4f", cv)
	}
	return fmt.Sprintf("%.3f", cv)
}

func (a *Analysis) measured(b *strings.Builder) {
	if len(a.Measured) == 0 {
		return
	}
	b.WriteString("\nThe least detectable change in the cells of measured runs, by their own spread.\n\n")
	var rows [][]string
	for _, m := range a.Measured {
		rows = append(rows, []string{m.Run, fmt.Sprintf("%s %s", m.Scenario, m.Start), fmt.Sprint(m.Runs), layout.Magnitude(m.Percent)})
	}
	layout.MarkdownTable(b, []string{"Run", "Cell", "Runs", "Detectable %"}, 2, rows)
}

func (a *Analysis) falseAlarms(b *strings.Builder) {
	if len(a.Alarms) == 0 {
		return
	}
	fmt.Fprintf(b, "\nHow often the test of this report finds a change at the 5 %% level where there is none (simulated, %d repetitions, standard error up to %.1f points, CV %.2f within a batch). Arms that take turns share the drift and it cancels, so theirs is the rate without any; the test is exact, so that rate is 5 %% but for the noise of the repetitions.\n\n", a.Alarms[0].Repetitions, 100*math.Sqrt(0.25/float64(a.Alarms[0].Repetitions)), WithinCV)
	var rows [][]string
	for _, alarm := range a.Alarms {
		rows = append(rows, []string{fmt.Sprintf("%.0f %%", 100*alarm.Drift), fmt.Sprintf("%.1f %%", 100*alarm.Separate), fmt.Sprintf("%.1f %%", 100*alarm.Interleaved)})
	}
	layout.MarkdownTable(b, []string{"Drift between batches", "Arms one after the other", "Arms interleaved"}, 1, rows)
}
