package layout

import "strings"

// LeastWidth is the narrowest layout that a text attempts, in columns.
const LeastWidth = 40

// Text collects the lines of a text report.
type Text struct {
	width int // 0: unlimited
	out   strings.Builder
}

// NewText returns an empty text of at most width columns, LeastWidth at the
// least, or of unlimited width when width is 0.
func NewText(width int) *Text {
	if width > 0 {
		width = max(width, LeastWidth)
	}
	return &Text{width: width}
}

// String returns the lines so far, each with its end.
func (t *Text) String() string { return t.out.String() }

// Blank ends a paragraph.
func (t *Text) Blank() { t.out.WriteByte('\n') }

// Paragraph writes s wrapped.
func (t *Text) Paragraph(s string) { t.Hanging("", s) }

// Hanging writes s behind a mark, wrapped, further lines indented below it.
func (t *Text) Hanging(mark, s string) {
	for i, line := range Wrap(s, t.width-len(mark), t.width == 0) {
		if i > 0 {
			mark = strings.Repeat(" ", len(mark))
		}
		t.out.WriteString(strings.TrimRight(mark+line, " ") + "\n")
	}
}

// Fits says whether no line of the table is too long.
func (t *Text) Fits(table Table) bool {
	return t.width == 0 || table.Width() <= t.width
}

// Table writes a table as it is.
func (t *Text) Table(table Table) {
	for _, line := range table.Lines {
		t.out.WriteString(line + "\n")
	}
}
