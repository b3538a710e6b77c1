package layout

import (
	"strings"
	"unicode"
)

// widest is the length of a line from which padding its end would only make it
// wrap in a terminal.
const widest = 120

// MarkdownTable writes a table whose first left columns are set left and the
// others right, padded so that its source reads as a table too. A last column
// that is set left is padded only as far as lines stay within widest, so that one
// long cell does not make every line long.
func MarkdownTable(b *strings.Builder, header []string, left int, rows [][]string) {
	all := [][]string{header}
	all = append(all, rows...)
	widths := make([]int, len(header))
	cells := make([][]string, len(all))
	for i, row := range all {
		for j, text := range row {
			cells[i] = append(cells[i], Escape(text))
			widths[j] = max(widths[j], 3, len([]rune(cells[i][j])))
		}
	}
	if last := len(widths) - 1; last < left {
		before := 0
		for _, w := range widths[:last] {
			before += w + len("|  ")
		}
		widths[last] = min(widths[last], max(3, widest-before-len("|  |")))
	}
	line := func(row []string) {
		for j, text := range row {
			pad := strings.Repeat(" ", max(0, widths[j]-len([]rune(text))))
			if j < left {
				text += pad
			} else {
				text = pad + text
			}
			b.WriteString("| " + text + " ")
		}
		b.WriteString("|\n")
	}
	line(cells[0])
	for j, w := range widths {
		if j < left {
			b.WriteString("| " + strings.Repeat("-", w) + " ")
		} else {
			b.WriteString("| " + strings.Repeat("-", w-1) + ": ")
		}
	}
	b.WriteString("|\n")
	for _, row := range cells[1:] {
		line(row)
	}
}

// Escape makes s literal Markdown text on one line, safe in a table cell, a
// heading, a list item and a paragraph. An underscore inside a word stays as it
// is, since it means nothing there.
func Escape(s string) string {
	runes := []rune(Clean(s))
	word := func(i int) bool {
		return i >= 0 && i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsDigit(runes[i]))
	}
	var b strings.Builder
	begun := false
	for i, r := range runes {
		switch r {
		case '\\', '|', '`', '*', '[', ']', '&', '#', '~':
			b.WriteByte('\\')
		case '>':
			// At the start of a line it quotes; elsewhere it ends what < has begun.
			if begun || strings.TrimSpace(string(runes[:i])) == "" {
				b.WriteByte('\\')
			}
		case '<':
			// Before a digit or a space it begins no tag.
			if i+1 < len(runes) && !unicode.IsDigit(runes[i+1]) && runes[i+1] != ' ' {
				b.WriteByte('\\')
			} else {
				begun = true
			}
		case '_':
			if !word(i-1) || !word(i+1) {
				b.WriteByte('\\')
			}
		case '-', '+':
			// At the start of a line a sign and a space open a list.
			if i == 0 && len(runes) > 1 && runes[1] == ' ' {
				b.WriteByte('\\')
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}
