package reproduction

import (
	"fmt"
	"io"
	"strings"

	"github.com/dtbench/dtbench/report/internal/layout"
	"github.com/dtbench/dtbench/results/reproduction"
)

// Text writes the reproduction for a terminal: Tables 3 to 6, the predictions,
// the percentages of the text that do not follow from the tables, and a line for
// each claim. No line is longer than width columns, 0 being unlimited; tables
// that would be become sentences. Error: ErrIncomplete, and those of w.
func Text(w io.Writer, d *Document, width int) error {
	if err := d.check(); err != nil {
		return err
	}
	t := &textReport{d, layout.NewText(width)}
	t.Paragraph(d.headline())
	for _, s := range d.summary() {
		t.Paragraph(s)
	}
	for _, n := range d.Notices {
		t.Hanging("- ", layout.Clean(n))
	}
	t.tables()
	if rows := t.timesRows(); rows != nil {
		t.heading("Three times of the measured runs beside the published one (measured, ms)")
		t.table([]string{"", "", "", "Trigger to", "Trigger to", ""}, []string{"Table and cell", "Functions", "Published", "handler", "response", "Handler"}, rows)
	}
	t.predictions()
	t.statements()
	t.claims()
	_, err := io.WriteString(w, t.String())
	return err
}

type textReport struct {
	*Document
	*layout.Text
}

func (t *textReport) heading(s string) {
	t.Blank()
	t.Paragraph(s)
	t.Blank()
}

// table writes a table, or a line for each row where it does not fit.
func (t *textReport) table(groups, header []string, rows [][]string) {
	if table := layout.NewTable(groups, header, rows); t.Fits(table) {
		t.Table(table)
		return
	}
	for _, r := range rows {
		var parts []string
		for i, cell := range r[1:] {
			name := header[i+1]
			if groups != nil && groups[i+1] != "" {
				name = groups[i+1] + " " + name
			}
			parts = append(parts, name+" "+cell)
		}
		t.Hanging("- ", strings.TrimSpace(r[0])+": "+strings.Join(parts, ", "))
	}
}

func (t *textReport) tables() {
	for _, p := range t.Published.Tables {
		t.heading(t.tableTitle(p))
		t.table(paperGroups, paperHeader, t.tableRows(p, true))
	}
	for _, note := range t.tableNotes() {
		t.Blank()
		t.Paragraph(note)
	}
}

func (t *textReport) predictions() {
	for _, profile := range reproduction.Profiles() {
		var rows [][]string
		for _, metric := range metrics {
			for _, q := range t.Document.predictions(profile, t.Preset, metric) {
				rows = append(rows, []string{
					cellName(q) + " " + metricWord(metric) + ", " + unit(metric), layout.Quantity(q.Published), layout.Quantity(q.Predicted.Median),
					layout.Quantity(q.Predicted.Low95) + " to " + layout.Quantity(q.Predicted.High95), layout.Probability(q.P),
				})
			}
		}
		if rows == nil {
			continue
		}
		t.heading(fmt.Sprintf("Predicted for the optimized rows (simulated, cost profile %s, preset %s)", profile, t.Preset))
		t.table(nil, []string{"Table and cell", "Published", "Median", "95 % interval", "p"}, rows)
	}
	if len(t.Predictions) > 0 {
		flips := len(t.flips())
		t.Blank()
		t.Paragraph(fmt.Sprintf("p is the two-sided predictive probability of a figure as far from the median as the published one. %s of %d conclusions from simulated data change between the presets low, central and high; the report names them.",
			capital(number(flips)), len(t.conclusions())))
	}
}

func (t *textReport) statements() {
	t.heading("Percentages in the text, recomputed from the tables")
	for _, s := range t.Document.statements() {
		if !s.Follows {
			t.Hanging("- ", "does not follow: "+layout.Clean(s.sentence()))
		}
	}
	t.Paragraph(fmt.Sprintf("%d of %d follow from the tables.", t.follow(), len(t.Published.Stated)))
}

func (t *textReport) claims() {
	t.heading("Claims of the paper: " + t.tally())
	for _, c := range t.Claims {
		t.Hanging(fmt.Sprintf("%-5s ", c.ID), layout.Clean(claimLine(c)))
	}
	if len(t.Facts.NotReported) > 0 {
		t.heading("Data that claims rest on and the paper does not give")
	}
	for _, n := range t.Facts.NotReported {
		t.Hanging("- ", fmt.Sprintf("%s: %s", n.What, strings.Join(n.Claims, ", ")))
	}
}

// claimLine is a claim with its verdict and the numbers that decide.
func claimLine(c reproduction.Claim) string {
	s := fmt.Sprintf("%s (%s): %s", strings.ToUpper(string(c.Verdict)), c.Evidence, c.Claim)
	if c.Computed != "" {
		s += ": " + c.Computed
	}
	for _, f := range c.Also {
		s += fmt.Sprintf("; also %s: %s", f.Evidence, f.Verdict)
		if f.Computed != "" {
			s += " (" + f.Computed + ")"
		}
	}
	if c.Conceded != "" {
		s += fmt.Sprintf("; the authors concede: %s", c.Conceded)
	}
	return s
}

// tally counts the verdicts.
func (d *Document) tally() string {
	counts := map[reproduction.Verdict]int{}
	for _, c := range d.Claims {
		counts[c.Verdict]++
	}
	var parts []string
	for _, v := range reproduction.Verdicts() {
		parts = append(parts, fmt.Sprintf("%d %s", counts[v], v))
	}
	return strings.Join(parts, ", ") + fmt.Sprintf(" (of %d)", len(d.Claims))
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// number writes a count; none for 0.
func number(n int) string {
	if n == 0 {
		return "none"
	}
	return fmt.Sprint(n)
}
