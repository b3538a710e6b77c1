package reproduction

import (
	"fmt"
	"math"
	"strings"

	"github.com/dtbench/dtbench/report/internal/layout"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
	"github.com/dtbench/dtbench/results/reproduction"
)

// absent stands in a table where there is no figure.
const absent = "-"

// Headers of the paper's tables: Markdown has no merged ones.
var (
	paperGroups = []string{"", "Cold start", "Cold start", "Hot start", "Hot start"}
	paperHeader = []string{"Type", "Time (ms)", "Memory (MB)", "Time (ms)", "Memory (MB)"}
	flatHeader  = []string{"Type", "Cold start: Time (ms)", "Cold start: Memory (MB)", "Hot start: Time (ms)", "Hot start: Memory (MB)"}
)

// tableTitle names a table, where its figures come from, and what the paper
// leaves open about it.
func (d *Document) tableTitle(t paper.Table) string {
	return fmt.Sprintf("Table %d: %s, published beside %s", t.Number, d.place(t), d.provenance())
}

// place is the scenario and the platform of a table.
func (d *Document) place(t paper.Table) string {
	if t.PlatformNamed {
		return t.Scenario + " on " + t.Platform
	}
	as := "run"
	if d.Method == Measured {
		as = "listed"
	}
	return fmt.Sprintf("%s (the paper names no platform; %s as %s)", t.Scenario, as, t.Platform)
}

// provenance says what the reproduced figures are, in a few words.
func (d *Document) provenance() string {
	switch d.Method {
	case Measured:
		return "measured (local machine, not the paper's platform)"
	case ReplayFree:
		return "replayed (drawn from laws fitted to all published cells)"
	case ReplayPinned:
		return "replayed (drawn from the published cells and rescaled to them)"
	}
	return fmt.Sprintf("simulated (calibrated on the benchmark rows, preset %s)", d.Preset)
}

// tableRows are the rows of a table in the paper's form: of each variant the
// published row, then the reproduced ones. short leaves out the variant of these,
// and sets them in.
func (d *Document) tableRows(t paper.Table, short bool) (rows [][]string) {
	for _, variant := range variants {
		cold, _ := t.Cell(variant, results.Cold)
		hot, _ := t.Cell(variant, results.Hot)
		rows = append(rows, tableRow(reproduction.Row{
			Variant: variant, Basis: reproduction.BasisPublished,
			Cold: reproduction.Figures{TimeMS: cold.TimeMS, MemoryMB: cold.MemoryMB}, Hot: reproduction.Figures{TimeMS: hot.TimeMS, MemoryMB: hot.MemoryMB},
		}))
		for _, r := range d.rows(t.Number, variant) {
			row := tableRow(r)
			if _, label, ok := strings.Cut(row[0], ", "); ok && short {
				row[0] = "  " + label
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func tableRow(r reproduction.Row) []string {
	label := strings.ToUpper(r.Variant[:1]) + r.Variant[1:] + ", " + string(r.Basis)
	if r.Profile != "" {
		label += ", " + r.Profile
	}
	return []string{label, figureText(r.Cold.TimeMS), figureText(r.Cold.MemoryMB), figureText(r.Hot.TimeMS), figureText(r.Hot.MemoryMB)}
}

// figureText is a figure with the paper's two decimals, or with three digits
// where it is small.
func figureText(v float64) string {
	if v == 0 {
		return absent
	}
	return layout.Quantity(v)
}

// predictionText is "median (low to high), p 0.012".
func predictionText(q reproduction.Prediction) string {
	return fmt.Sprintf("%s (%s to %s), p %s", layout.Quantity(q.Predicted.Median), layout.Quantity(q.Predicted.Low95), layout.Quantity(q.Predicted.High95), layout.Probability(q.P))
}

// cellName is "Table 3, hello on aliyun, cold".
func cellName(q reproduction.Prediction) string {
	return fmt.Sprintf("%d %s/%s %s", q.Table, q.Platform, q.Scenario, q.Start)
}

// predictions returns those of a profile and preset for a metric, in the order
// of the paper's tables.
func (d *Document) predictions(profile, preset, metric string) (list []reproduction.Prediction) {
	for _, q := range d.Predictions {
		if q.Profile == profile && q.Preset == preset && q.Metric == metric {
			list = append(list, q)
		}
	}
	return list
}

// prediction returns the one for the same cell under another preset.
func (d *Document) prediction(like reproduction.Prediction, preset string) (reproduction.Prediction, bool) {
	like.Preset = preset
	for _, q := range d.Predictions {
		if q.Table == like.Table && q.Start == like.Start && q.Metric == like.Metric && q.Profile == like.Profile && q.Preset == preset {
			return q, true
		}
	}
	return reproduction.Prediction{}, false
}

func metricWord(metric string) string {
	if metric == results.MetricMemory {
		return "memory"
	}
	return "time"
}

func unit(metric string) string {
	if metric == results.MetricMemory {
		return "MB"
	}
	return "ms"
}

// statement is a percentage of the text beside what its table gives.
type statement struct {
	paper.Stated
	Computed float64 // from the table, unrounded
	Follows  bool    // rounded as printed, it is the stated one
}

// statements holds every percentage of the text against its table. A percentage
// without a table does not follow.
func (d *Document) statements() (list []statement) {
	for _, s := range d.Published.Stated {
		st := statement{Stated: s, Computed: math.NaN()}
		if t, ok := d.Published.Table(s.Table); ok {
			if percent, ok := t.Percent(s.Start, s.Metric); ok {
				scale := math.Pow10(s.Decimals)
				st.Computed, st.Follows = percent, math.Round(percent*scale)/scale == s.Percent
			}
		}
		list = append(list, st)
	}
	return list
}

func (s statement) sentence() string {
	return fmt.Sprintf("Table %d, %s start, %s: the text says %s %% (%q), the table gives %.*f %%.",
		s.Table, s.Start, metricWord(s.Metric), signedPercent(s.Percent, s.Decimals), s.Text, s.Decimals+2, s.Computed)
}

func signedPercent(v float64, decimals int) string { return fmt.Sprintf("%+.*f", decimals, v) }
