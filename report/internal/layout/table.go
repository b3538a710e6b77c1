package layout

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// Table is a rendered table without borders.
type Table struct {
	Lines []string // no trailing spaces, no line breaks
}

// NewTable renders rows below a header line and, above that, a line of
// groups: neighbours with the same group share one centred title. groups may be
// nil. The first column and those whose header is Verdict or Variant are set
// left, all others right.
func NewTable(groups, header []string, rows [][]string) Table {
	aligns := make([]tw.Align, len(header))
	for i, h := range header {
		aligns[i] = tw.AlignRight
		if i == 0 || h == "Verdict" || h == "Variant" {
			aligns[i] = tw.AlignLeft
		}
	}
	heads := slices.Clone(aligns)
	for i := range groups {
		if i > 0 && groups[i] == groups[i-1] || i+1 < len(groups) && groups[i] == groups[i+1] {
			heads[i] = tw.AlignCenter
		}
	}
	section := func(align tw.CellAlignment, merge int) tw.CellConfig {
		return tw.CellConfig{
			Formatting: tw.CellFormatting{AutoFormat: tw.Off, AutoWrap: tw.WrapNone},
			Merging:    tw.CellMerging{Mode: merge},
			Alignment:  align,
			Padding:    tw.CellPadding{Global: tw.Padding{Right: "  ", Overwrite: true}},
		}
	}
	var b strings.Builder
	table := tablewriter.NewTable(&b,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Symbols:  tw.NewSymbols(tw.StyleASCII),
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
		})),
		tablewriter.WithConfig(tablewriter.Config{
			Header:   section(tw.CellAlignment{PerColumn: heads}, tw.MergeHorizontal),
			Row:      section(tw.CellAlignment{PerColumn: aligns}, tw.MergeNone),
			Behavior: tw.Behavior{TrimSpace: tw.Off, AutoHide: tw.Off},
		}))
	// tablewriter keeps one header row only, so the field names are its first
	// body row, and the rule below them is drawn here.
	if groups != nil {
		table.Header(groups)
	}
	// Errors of a strings.Builder and of strings as cells do not occur.
	_ = table.Append(header)
	for _, r := range rows {
		_ = table.Append(r)
	}
	_ = table.Render()

	var t Table
	for line := range strings.Lines(b.String()) {
		t.Lines = append(t.Lines, strings.TrimRight(line, " \n"))
	}
	above := 1
	if groups != nil {
		above = 2
	}
	t.Lines = slices.Insert(t.Lines, above, strings.Repeat("-", t.Width()))
	return t
}

// Width is the length of the longest line in characters.
func (t Table) Width() int {
	w := 0
	for _, l := range t.Lines {
		w = max(w, utf8.RuneCountInString(l))
	}
	return w
}

// Wrap breaks s at spaces into lines of at most width characters; a longer
// word is cut. unlimited leaves it on one line.
func Wrap(s string, width int, unlimited bool) []string {
	words := strings.Fields(s)
	if unlimited || len(words) == 0 {
		return []string{strings.Join(words, " ")}
	}
	var lines []string
	var line []rune
	for _, word := range words {
		rest := []rune(word)
		if len(line) > 0 && len(line)+1+len(rest) <= width {
			line = append(append(line, ' '), rest...)
			continue
		}
		if len(line) > 0 {
			lines = append(lines, string(line))
		}
		for len(rest) > width {
			lines = append(lines, string(rest[:width]))
			rest = rest[width:]
		}
		line = rest
	}
	return append(lines, string(line))
}
