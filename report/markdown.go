package report

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/dtbench/dtbench/results"
)

// Markdown is a Reporter in GitHub's Markdown: the same content as Text, with
// flat table headers (merged ones do not exist there) and one overhead table.
// Options.Width has no effect.
func Markdown(w io.Writer, f *results.File, o Options) error {
	a, err := analyse(f, o)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n", escape(a.headline()), escape(strings.Join(a.preamble(), " ")))
	for _, scenario := range a.scenarios {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", escape(a.title(scenario)), escape(a.samplesSentence(scenario)))
		markdownTable(&b, []string{"Type", "Cold start: Time (ms)", "Cold start: Memory (MB)", "Hot start: Time (ms)", "Hot start: Memory (MB)"}, 1, a.paperRows(scenario))
	}
	if len(a.overheads) > 0 {
		fmt.Fprintf(&b, "\n## Overhead over %s\n\n", Baseline)
		var rows [][]string
		for _, o := range a.overheads {
			unit := "ms"
			if o.Metric == results.MetricMemory {
				unit = "MB"
			}
			rows = append(rows, []string{
				clean(o.Scenario), clean(o.Variant), string(o.Start), a.metricName(o.Metric), verdict(o),
				signed(o.Difference) + " " + unit, percentage(o.Percent) + " %", interval(o.CI95) + " %", probability(o.PHolm),
				magnitude(o.MinimumDetectablePercent) + " %", fmt.Sprint(o.RunsNeeded),
			})
		}
		markdownTable(&b, []string{"Scenario", "Variant", "Start", "Metric", "Verdict", "Difference", "Percent", "95 % interval", "p (Holm)", "Detectable", "Runs"}, 5, rows)
		fmt.Fprintf(&b, "\n%s\n", escape(a.legend(true)))
	}
	if rows, held := a.throttleRows(); held {
		header := []string{"Cell"}
		for _, v := range a.variants {
			header = append(header, label(v))
		}
		b.WriteString("\n## Throttled share of the total time (samples held back)\n\n")
		markdownTable(&b, header, 1, rows)
	} else if rows != nil {
		b.WriteString("\nThrottled share: 0 % in every cell; the CPU quota held no invocation back.\n")
	}
	if notices := a.notices(); len(notices) > 0 {
		b.WriteString("\n## Notices\n\n")
		for _, n := range notices {
			fmt.Fprintf(&b, "- %s\n", escape(n))
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// markdownTable writes a table whose first left columns are set left and the
// others right, padded so that its source reads as a table too.
func markdownTable(b *strings.Builder, header []string, left int, rows [][]string) {
	all := [][]string{header}
	all = append(all, rows...)
	widths := make([]int, len(header))
	cells := make([][]string, len(all))
	for i, row := range all {
		for j, text := range row {
			cells[i] = append(cells[i], escape(text))
			widths[j] = max(widths[j], 3, len([]rune(cells[i][j])))
		}
	}
	line := func(row []string) {
		for j, text := range row {
			pad := strings.Repeat(" ", widths[j]-len([]rune(text)))
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

// escape makes s literal Markdown text on one line, safe in a table cell, a
// heading, a list item and a paragraph. An underscore inside a word stays as it
// is, since it means nothing there.
func escape(s string) string {
	runes := []rune(clean(s))
	word := func(i int) bool {
		return i >= 0 && i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsDigit(runes[i]))
	}
	var b strings.Builder
	for i, r := range runes {
		switch r {
		case '\\', '|', '`', '*', '>', '[', ']', '&', '#', '~':
			b.WriteByte('\\')
		case '<':
			// Before a digit it opens neither a tag nor a link.
			if i+1 < len(runes) && !unicode.IsDigit(runes[i+1]) {
				b.WriteByte('\\')
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
