package attack

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/report/internal/layout"
	base "github.com/dtbench/dtbench/results"
	results "github.com/dtbench/dtbench/results/attack"
)

// reading marks an outcome that rests on our reading of the paper.
const reading = " r"

// deviates marks an outcome that is not the expected one.
const deviates = "!"

// word is the outcome of a cell as the matrix shows it.
func word(c results.Cell) string {
	s := string(c.Outcome)
	switch c.Outcome {
	case results.NotApplicable:
		s = "–"
	case results.CouldNotRun:
		s = "not run"
	}
	if c.Basis == results.OurReading && c.Outcome != results.NotApplicable {
		s += reading
	}
	if !c.AsExpected() && c.Outcome != results.CouldNotRun {
		s = deviates + s
	}
	return s
}

// wordOf is word for a cell that may be missing.
func wordOf(f *results.File, attack, variant string) string {
	c, ok := f.Find(attack, variant)
	if !ok {
		return ""
	}
	return word(c)
}

// headline says how it came out.
func headline(f *results.File) string {
	what := layout.Count(len(f.Attacks), "attack")
	if len(f.Incidents) > 0 {
		what = layout.Count(len(f.Incidents), "incident")
		outside := 0
		for _, i := range f.Incidents {
			if i.OutOfScope != "" {
				outside++
			}
		}
		if outside > 0 {
			what += fmt.Sprintf(" (%d out of scope)", outside)
		}
	}
	s := fmt.Sprintf("%s on %s", what, layout.Count(len(f.Variants), "variant"))
	if len(f.Cells) == 0 {
		return s + ": nothing ran"
	}
	deviations, notRun := len(f.Deviations()), len(f.NotRun())
	s += fmt.Sprintf(": %d of %s as expected", len(f.Cells)-deviations-notRun, layout.Count(len(f.Cells), "cell"))
	if deviations > 0 {
		s += fmt.Sprintf(", %d not", deviations)
	}
	if notRun > 0 {
		s += fmt.Sprintf(", %d could not run", notRun)
	}
	return s
}

// lead is what must be known of every figure below.
func lead(f *results.File) []string {
	ran := fmt.Sprintf("Provenance: %s. Every outcome is of an attack that ran against deployed functions on platform %s, with functions and attackers as %s user%s; seed %d.",
		layout.Clean(string(f.Provenance)), layout.Clean(f.Platform), article(f.User), layout.Clean(asRoot(f)), f.Seed)
	if len(f.Cells) == 0 {
		ran = fmt.Sprintf("Provenance: %s; but nothing ran, so that there is no outcome.", layout.Clean(string(f.Provenance)))
	}
	lines := []string{ran}
	if f.Status != base.Complete {
		lines = append(lines, fmt.Sprintf("The run is %s: cells are missing.", layout.Clean(string(f.Status))))
	}
	if len(f.Incidents) == 0 { // which time nothing
		for _, w := range f.Warnings {
			lines = append(lines, "Warning: "+layout.Clean(w))
		}
	}
	return append(lines, strings.Join(results.Limits, " "))
}

// asRoot says what was attacked as root besides; empty for nothing.
func asRoot(f *results.File) string {
	var names []string
	for _, a := range f.Attacks {
		if a.AsRoot {
			names = append(names, a.ID)
		}
	}
	for _, i := range f.Incidents {
		if i.AsRoot {
			names = append(names, i.Name)
		}
	}
	if f.Harness != results.Root || f.User == results.Root || len(names) == 0 {
		return ""
	}
	last := len(names) - 1
	list := names[last]
	if last > 0 {
		list = strings.Join(names[:last], ", ") + " and " + list
	}
	return ", and with functions of root besides in " + list
}

func article(user string) string {
	if user == results.Ordinary {
		return "an ordinary"
	}
	return "the " + layout.Clean(user)
}

const legend = "leak: a protected value got out. broken: a guarantee did not hold. hold: the attack ran and gained nothing protected. denied: it was turned away, or given no more than what is declared, within its budget. –: the variant has nothing of the kind. not run: nothing is known, and it never counts as held. r: rests on our reading where the paper is silent. !: not as expected."

// adversaries are those that occur, with who they are.
func adversaries(f *results.File) []string {
	var lines []string
	for _, a := range results.Adversaries() {
		if a == results.A4 || slices.ContainsFunc(f.Attacks, func(d results.Description) bool { return d.Adversary == a }) {
			lines = append(lines, string(a)+" "+a.Text())
		}
	}
	return lines
}

// under are the attacks whose first dimension is d.
func under(f *results.File, d results.Dimension) []results.Description {
	var some []results.Description
	for _, a := range f.Attacks {
		if len(a.Dimensions) > 0 && a.Dimensions[0] == d {
			some = append(some, a)
		}
	}
	return some
}

// properties lists those of an attack.
func properties(a results.Description) string {
	var words []string
	for _, p := range a.Properties {
		words = append(words, string(p))
	}
	return strings.Join(words, ", ")
}

// matrixHeader and matrixRows are the matrix of some attacks.
func matrixHeader(f *results.File) []string {
	return append([]string{"#", "Attack", "By"}, f.Variants...)
}

func matrixRows(f *results.File, attacks []results.Description) [][]string {
	var rows [][]string
	for _, a := range attacks {
		row := []string{a.ID, a.Title, string(a.Adversary)}
		for _, v := range f.Variants {
			row = append(row, wordOf(f, a.ID, v))
		}
		rows = append(rows, row)
	}
	return rows
}

// tally is a line of the summary by dimension or property: for each variant what
// got through of the attacks that are about it.
type tally struct {
	kind, name string
	cells      []throughs
}

// throughs are the attacks of a tally on one variant.
type throughs struct {
	tried            int
	through, unknown []string // ids
}

// count is how many got through of how many.
func (c throughs) count() string {
	if c.tried == 0 {
		return "–"
	}
	return fmt.Sprintf("%d of %d", len(c.through), c.tried)
}

// which names those that got through and those of which nothing is known.
func (c throughs) which() string {
	var parts []string
	if len(c.through) > 0 {
		parts = append(parts, strings.Join(c.through, " "))
	}
	if len(c.unknown) > 0 {
		parts = append(parts, "not run: "+strings.Join(c.unknown, " "))
	}
	return strings.Join(parts, ", ")
}

// texts are the cells of a tally for a table with room.
func (t tally) texts() []string {
	var all []string
	for _, c := range t.cells {
		text := c.count()
		if which := c.which(); which != "" {
			text += ": " + which
		}
		all = append(all, text)
	}
	return all
}

// tallies leaves out what no attack of f is about: there is nothing to count.
func tallies(f *results.File) []tally {
	var all []tally
	add := func(kind, name string, about func(results.Description) bool) {
		if slices.ContainsFunc(f.Attacks, about) {
			all = append(all, tallyOf(f, kind, name, about))
		}
	}
	for _, d := range results.Dimensions() {
		add("dimension", string(d), func(a results.Description) bool { return slices.Contains(a.Dimensions, d) })
	}
	for _, p := range results.Properties() {
		add("property", string(p), func(a results.Description) bool { return slices.Contains(a.Properties, p) })
	}
	return all
}

func tallyOf(f *results.File, kind, name string, about func(results.Description) bool) tally {
	line := tally{kind: kind, name: name}
	for _, v := range f.Variants {
		var t throughs
		for _, a := range f.Attacks {
			c, ok := f.Find(a.ID, v)
			if !ok || !about(a) {
				continue
			}
			switch c.Outcome {
			case results.NotApplicable:
				continue
			case results.CouldNotRun:
				t.unknown = append(t.unknown, a.ID)
				continue
			case results.Leak, results.Broken:
				t.through = append(t.through, a.ID)
			}
			t.tried++
		}
		line.cells = append(line.cells, t)
	}
	return line
}

const tallyTitle = "What got through, by the paper's dimensions and properties"

const tallyNote = "N of M: N got through, of M with an outcome (neither – nor not run). An attack counts in every dimension and property that it is about; the matrix has it once, under its first dimension."

// quantity is one row of the quantities: a figure for each variant.
type quantity struct {
	title, unit, source string
	cells               []string
	details             []string
}

// quantities puts the figures of one kind into one row.
func quantities(f *results.File) []quantity {
	var ids []string
	for _, q := range f.Quantities {
		if !slices.Contains(ids, q.ID) {
			ids = append(ids, q.ID)
		}
	}
	var all []quantity
	for _, id := range ids {
		row := quantity{cells: make([]string, len(f.Variants))}
		for i, v := range f.Variants {
			row.cells[i] = noFigure(f, id, v)
		}
		for _, q := range f.Quantities {
			i := slices.Index(f.Variants, q.Variant)
			if q.ID != id || i < 0 {
				continue
			}
			row.title, row.unit = q.Title, q.Unit
			if !strings.Contains(row.source, q.Source) {
				row.source = strings.TrimPrefix(row.source+", "+q.Source, ", ")
			}
			row.cells[i] = figure(q)
			if detail := q.Variant + ": " + q.Detail; q.Detail != "" {
				row.details = append(row.details, detail)
			}
		}
		all = append(all, row)
	}
	return all
}

// noFigure is what stands where a quantity has no figure for a variant: the word of
// the cell that would have given it, but "not measured" where the attack ran.
func noFigure(f *results.File, id, variant string) string {
	i := slices.IndexFunc(f.Quantities, func(q results.Quantity) bool { return q.ID == id })
	c, ok := f.Find(f.Quantities[i].Attack, variant)
	switch {
	case !ok:
		return ""
	case c.Outcome == results.NotApplicable:
		return "–"
	case c.Outcome == results.CouldNotRun:
		return "not run"
	}
	return "not measured"
}

func figure(q results.Quantity) string {
	switch {
	case q.Unbounded:
		return "no limit"
	case q.Value == float64(int64(q.Value)):
		return fmt.Sprint(int64(q.Value))
	}
	return layout.Quantity(q.Value)
}

// risks are the rows of the OWASP mapping, or nil where f lacks an attack that it
// names: a reader would take the row for covered.
func risks(f *results.File) [][]string {
	var rows [][]string
	for _, r := range results.Risks() {
		for _, id := range r.Attacks {
			if !slices.ContainsFunc(f.Attacks, func(a results.Description) bool { return a.ID == id }) {
				return nil
			}
		}
		var here []string
		if len(r.Attacks) > 0 {
			here = append(here, strings.Join(r.Attacks, " "))
		}
		switch len(r.Incidents) {
		case 0:
		case 1:
			here = append(here, "incident "+r.Incidents[0])
		default:
			here = append(here, "incidents "+strings.Join(r.Incidents, ", "))
		}
		rows = append(rows, []string{r.ID, r.Title, r.Paper, strings.Join(here, "; ")})
	}
	return rows
}

var riskHeader = []string{"Risk", "OWASP Serverless Top 10 (2018)", "The paper's mapping", "Attacks here, and incidents (--incident NAME)"}

// whereEvidence tells readers of a text without details where those are.
const whereEvidence = "What happened in each cell, with the evidence, is in the other formats (--format html, markdown or json), and in this one for attacks that are named (--attack T7)."

// detailHeader and detailRow are what is told of each cell of an attack, beside its
// evidence.
var detailHeader = []string{"Variant", "Outcome", "Expected", "What happened"}

func detailRow(c results.Cell) []string {
	return []string{c.Variant, word(c), expectation(c), c.Detail}
}

// expectation is the expected outcome of a cell, and what the matrix of this
// repository notes about it.
func expectation(c results.Cell) string {
	s := string(c.Expected)
	if m, err := results.Expected(); err == nil { // embedded, and tested
		if e, ok := m.Find(c.Attack, c.Variant); ok && e.Outcome == c.Expected && e.Note != "" {
			s += ": " + e.Note
		}
	}
	return s
}

// deviation says what was expected and what happened.
func deviation(c results.Cell) string {
	return fmt.Sprintf("%s on %s: %s, expected %s: %s", c.Attack, c.Variant, c.Outcome, c.Expected, c.Detail)
}

func notRun(c results.Cell) string {
	return fmt.Sprintf("%s on %s: %s", c.Attack, c.Variant, c.Detail)
}

// environment is what ran where.
func environment(f *results.File) [][2]string {
	e := f.Environment
	took := e.Finished.Sub(e.Started).Seconds()
	facts := [][2]string{
		{"Tool", strings.TrimSpace(f.Tool.Name + " " + f.Tool.Version + " " + f.Tool.Commit)},
		{"Toolchain", f.Tool.Go},
		{"System", strings.TrimSpace(e.OS + "/" + e.Arch + " " + e.Kernel)},
		{"Processor", fmt.Sprintf("%s, %d", e.CPU, e.CPUs)},
		{"Started", e.Started.UTC().Format("2006-01-02 15:04:05 UTC")},
		{"Took", fmt.Sprintf("%.0f s", took)},
		{"Functions and attackers", f.User + " user"},
	}
	for i := range facts {
		facts[i][1] = layout.Clean(facts[i][1])
	}
	return facts
}

// byWhom says who attacks, and how.
func byWhom(a results.Description) string {
	return fmt.Sprintf("%s, %s. It %s.", a.Adversary, a.Adversary.Text(), strings.TrimSuffix(a.Tries, "."))
}
