// Package survey shows the user survey of Liu et al., PeerJ Computer Science
// 11:e3029, 2025 (section "User convenience survey", Table 7, Fig. 5): every
// percentage of the text with the counts of people that can stand behind it.
//
// Fig. 5 is an image and its numbers are not in the text, so it is drawn again
// from the text alone, and says so.
package survey

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/report/internal/layout"
	"github.com/dtbench/dtbench/results/paper"
)

// Source marks everything that this package shows.
const Source = "figures from the text only"

// Row is one percentage with what can stand behind it.
type Row struct {
	paper.Percentage
	Sizes []int // that the group can have; nil when it cannot be told
	// Counts are the numbers of people out of one of the sizes that round to the
	// percentage as printed, written k/n. None means that there is no such
	// number.
	Counts []string
	// LeastBase and LeastCount are the smallest number of people, up to the
	// respondents, that the percentage is possible for, and the count: 0 when
	// there is none.
	LeastBase, LeastCount int
}

// Rows computes the rows in the order of the data.
func Rows(s paper.Survey) []Row {
	var rows []Row
	for _, p := range s.Percentages {
		r := Row{Percentage: p, Sizes: s.GroupSizes(p.Group)}
		for _, n := range r.Sizes {
			for _, k := range p.Counts(n) {
				r.Counts = append(r.Counts, fmt.Sprintf("%d/%d", k, n))
			}
		}
		r.LeastBase, r.LeastCount = p.LeastBase(s.Respondents)
		rows = append(rows, r)
	}
	return rows
}

// Printed is the percentage as the paper prints it.
func (r Row) Printed() string {
	return fmt.Sprintf("%s%.*f %%", map[bool]string{true: "about ", false: ""}[r.Approximate], r.Decimals, r.Percent)
}

// Possible says in a few words which counts give the percentage.
func (r Row) Possible() string {
	if len(r.Counts) > 0 {
		return strings.Join(r.Counts, " or ")
	}
	var sizes []string
	for _, n := range r.Sizes {
		sizes = append(sizes, fmt.Sprint(n))
	}
	none := "no count of " + strings.Join(sizes, " or ")
	if len(sizes) == 0 {
		none = "the size of the group is unknown"
	}
	if r.LeastBase > 0 {
		none += fmt.Sprintf(" (possible from %d/%d on)", r.LeastCount, r.LeastBase)
	}
	return none
}

// Markdown writes the questions and the percentages as tables.
func Markdown(w io.Writer, s paper.Survey) error {
	var b strings.Builder
	fmt.Fprintf(&b, "The survey (%s): %d respondents. A count is every whole number of people that rounds to the percentage as printed.\n\n", Source, s.Respondents)
	var questions [][]string
	for _, q := range s.Questions {
		questions = append(questions, []string{fmt.Sprint(q.Number), q.Text})
	}
	layout.MarkdownTable(&b, []string{"Question", fmt.Sprintf("Text (Table %d)", s.Table)}, 2, questions)
	b.WriteString("\n")
	var rows [][]string
	for _, r := range Rows(s) {
		question := "–"
		if r.Question > 0 {
			question = fmt.Sprint(r.Question)
		}
		rows = append(rows, []string{question, "of " + r.Group + " users: " + r.Answer, r.Where, r.Printed(), r.Possible()})
	}
	layout.MarkdownTable(&b, []string{"Question", "Statement", "Where", "Printed", "Counts"}, 3, rows)
	_, err := io.WriteString(w, b.String())
	return err
}

// ofTheFigure are the rows that Fig. 5 shows: the answers to the questions in
// their own section, without quotations and without the composition of the
// sample, by question.
func ofTheFigure(s paper.Survey) []Row {
	rows := slices.DeleteFunc(Rows(s), func(r Row) bool { return r.Question == 0 || r.Quotes != "" })
	slices.SortStableFunc(rows, func(a, b Row) int { return a.Question - b.Question })
	return rows
}
