package reproduction

import (
	"fmt"
	"io"
	"strings"

	"github.com/dtbench/dtbench/report/internal/layout"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/reproduction"
)

// Chart is a chart file that the report shows, and what it is.
type Chart struct{ File, Title string }

// Section is a part of the report that another package wrote.
type Section struct {
	Title    string
	Chart    *Chart // nil: none
	Markdown string
}

// Markdown writes the whole report in GitHub's Markdown: what Text says, and the
// methods, limits, what changes with the presets, what the paper does not state,
// the runtimes side by side, and every claim with its explanation. charts stand
// beside the report under their file names. Error: ErrIncomplete, and those of w.
func Markdown(w io.Writer, d *Document, charts []Chart) error {
	if err := d.check(); err != nil {
		return err
	}
	m := &markdown{Document: d}
	m.heading(1, d.headline())
	for _, s := range d.summary() {
		m.paragraph(s)
	}
	m.list(d.Notices)
	m.tables()
	m.charts(charts)
	m.times()
	m.predictions()
	m.sensitivity()
	m.statements()
	m.claims()
	m.sections()
	m.costs()
	m.methods()
	m.unstated()
	m.limits()
	_, err := io.WriteString(w, m.out.String())
	return err
}

// Tables writes Tables 3 to 6 alone, published beside reproduced, in GitHub's
// Markdown. Errors as for Markdown.
func Tables(w io.Writer, d *Document) error {
	if err := d.check(); err != nil {
		return err
	}
	m := &markdown{Document: d}
	m.tables()
	_, err := io.WriteString(w, strings.TrimPrefix(m.out.String(), "\n"))
	return err
}

type markdown struct {
	*Document
	out strings.Builder
}

func (m *markdown) heading(level int, s string) {
	if m.out.Len() > 0 {
		m.out.WriteByte('\n')
	}
	fmt.Fprintf(&m.out, "%s %s\n", strings.Repeat("#", level), layout.Escape(s))
}

func (m *markdown) paragraph(s string) { fmt.Fprintf(&m.out, "\n%s\n", layout.Escape(s)) }

func (m *markdown) list(items []string) {
	if len(items) > 0 {
		m.out.WriteByte('\n')
	}
	for _, s := range items {
		fmt.Fprintf(&m.out, "- %s\n", layout.Escape(s))
	}
}

func (m *markdown) table(header []string, left int, rows [][]string) {
	m.out.WriteByte('\n')
	layout.MarkdownTable(&m.out, header, left, rows)
}

func (m *markdown) tables() {
	for _, t := range m.Published.Tables {
		m.heading(2, m.tableTitle(t))
		m.table(flatHeader, 1, m.tableRows(t, false))
	}
	m.list(m.tableNotes())
}

func (m *markdown) charts(charts []Chart) {
	for _, c := range charts {
		fmt.Fprintf(&m.out, "\n![%s](%s)\n", layout.Escape(c.Title), c.File)
	}
}

// times shows what a measured run measured beside the total of its tables.
func (m *markdown) times() {
	rows := m.timesRows()
	if rows == nil {
		return
	}
	m.heading(2, "Three times of the measured runs beside the published one (measured, ms)")
	m.paragraph("The paper defines a cold start up to the handler, and again up to the response, and reports values as small as a handler's. Means without the extremes, as in the tables.")
	m.table(timesHeader, 2, rows)
}

// sections are parts that other reports wrote.
func (m *markdown) sections() {
	for _, s := range m.Sections {
		m.heading(2, s.Title)
		if s.Chart != nil {
			m.charts([]Chart{*s.Chart})
		}
		fmt.Fprintf(&m.out, "\n%s\n", strings.TrimSpace(s.Markdown))
	}
}

func (m *markdown) predictions() {
	if len(m.Predictions) == 0 {
		return
	}
	m.heading(2, "Predictions for the optimized rows (simulated), by preset")
	m.paragraph(fmt.Sprintf("Each cell of the table: the median of %d repeated experiments, its central 95 %% interval, and p, the two-sided predictive probability of a figure as far from the median as the published one. Times in ms, memory in MB.", m.Draws))
	header := []string{"Table and cell", "Metric", "Profile", "Published"}
	for _, preset := range reproduction.Presets() {
		header = append(header, capital(preset))
	}
	var rows [][]string
	for _, metric := range metrics {
		for _, q := range m.Document.predictions(reproduction.ProfileGo, reproduction.PresetCentral, metric) {
			for _, profile := range reproduction.Profiles() {
				q.Profile = profile
				row := []string{cellName(q), metricWord(metric), profile, layout.Quantity(q.Published)}
				for _, preset := range reproduction.Presets() {
					text := absent
					if p, ok := m.prediction(q, preset); ok {
						text = predictionText(p)
					}
					row = append(row, text)
				}
				rows = append(rows, row)
			}
		}
	}
	m.table(header, 3, rows)
}

func (m *markdown) sensitivity() {
	if len(m.Predictions) == 0 {
		return
	}
	all, flips := m.conclusions(), m.flips()
	m.heading(2, "What changes under the presets low, central and high")
	m.paragraph(fmt.Sprintf("%d conclusions rest on simulated data: whether a published figure is compatible with its prediction (p at least %g), which way the predicted change in time goes (its 95 %% interval above or below zero), and what simulated data say of a claim if one preset alone is believed. %s of them change.", len(all), level, capital(number(len(flips)))))
	if len(flips) == 0 {
		return
	}
	var rows [][]string
	for _, c := range flips {
		rows = append(rows, append([]string{c.about}, c.byPreset[:]...))
	}
	m.table([]string{"Conclusion", "Low", "Central", "High"}, 4, rows)
}

func (m *markdown) statements() {
	m.heading(2, "Percentages in the text, recomputed from the tables")
	var rows [][]string
	for _, s := range m.Document.statements() {
		follows := "yes"
		if !s.Follows {
			follows = "**no**"
		}
		rows = append(rows, []string{fmt.Sprintf("%d %s %s", s.Table, s.Start, metricWord(s.Metric)), s.Text, signedPercent(s.Percent, s.Decimals) + " %", fmt.Sprintf("%+.*f %%", s.Decimals+2, s.Computed), strings.Trim(follows, "*")})
	}
	m.table([]string{"Cell", "Text", "Stated", "From the table", "Follows"}, 2, rows)
}

func (m *markdown) claims() {
	m.heading(2, "Claims: "+m.tally())
	m.paragraph("Published evidence is the paper's own figures and text; it decides where it can, then measured, then simulated data. Nothing simulated or replayed supports a claim. What was computed, and why it decides, stands below the table.")
	var rows [][]string
	for _, c := range m.Claims {
		rows = append(rows, []string{c.ID, string(c.Verdict), string(c.Evidence), c.Claim})
	}
	m.table([]string{"Id", "Verdict", "Evidence", "Claim"}, 4, rows)
	m.heading(3, "Why")
	m.out.WriteByte('\n')
	for _, c := range m.Claims {
		m.why(c)
	}
	if len(m.Facts.NotReported) > 0 {
		m.heading(3, "Data that claims rest on and the paper does not give")
		var missing [][]string
		for _, n := range m.Facts.NotReported {
			missing = append(missing, []string{strings.Join(n.Claims, ", "), capital(n.What)})
		}
		m.table([]string{"Claims", "Not in the paper"}, 2, missing)
	}
}

// why gives the reasons of a verdict, a line each: all of them in one paragraph,
// or in a column of the table, are a wall of text to a reader of the source.
func (m *markdown) why(c reproduction.Claim) {
	fmt.Fprintf(&m.out, "- **%s %s** (%s), %s: %s\n", layout.Escape(c.ID), c.Verdict, c.Evidence, layout.Escape(c.Where), layout.Escape(c.Claim))
	reason := func(s string) { fmt.Fprintf(&m.out, "  - %s\n", layout.Escape(s)) }
	if c.Computed != "" {
		reason("Computed: " + c.Computed)
	}
	reason(c.Explanation)
	for _, f := range c.Also {
		s := fmt.Sprintf("Also %s: %s", f.Evidence, f.Verdict)
		if f.Computed != "" {
			s += "; " + f.Computed
		}
		reason(s)
	}
	if c.Conceded != "" {
		reason("The authors concede: " + c.Conceded)
	}
}

// costs puts what the mechanism costs by itself side by side for the profiles.
func (m *markdown) costs() {
	if len(m.Profiles) == 0 {
		return
	}
	m.heading(2, "The mechanism in Python and in Go, side by side (measured)")
	header, rows := m.profileRows()
	m.table(header, 1, rows)
	m.list(m.profileSources())
}

func (m *markdown) methods() {
	m.heading(2, "Methods")
	m.list(m.methodSentences())
	if len(m.Assumptions) == 0 {
		return
	}
	var rows [][]string
	for _, a := range m.Assumptions {
		rows = append(rows, []string{a.Name, a.Low, a.Central, a.High, a.Source})
	}
	m.table([]string{"Parameter", "Low", "Central", "High", "Source"}, 5, rows)
}

func (m *markdown) unstated() {
	m.heading(2, "Not stated in the paper")
	var rows [][]string
	for _, u := range m.Document.unstated() {
		rows = append(rows, []string{u.what, u.flag, u.ours})
	}
	m.table([]string{"Not stated in the paper", "Flag", "Our value"}, 3, rows)
	if m.Method.Provenance() == results.Replayed {
		m.paragraph("What else the paper leaves open enters no replayed figure.")
	}
}

func (m *markdown) limits() {
	m.heading(2, "Limits")
	m.list(m.limitSentences())
}
