package report

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/dtbench/dtbench/results"
)

// LaTeX is a Reporter for papers: one table environment in the paper's form
// for each scenario, one of the overheads in time and one of those in memory,
// and the notices as a paragraph. It
// is a fragment for \input and needs \usepackage{booktabs}; names outside
// Latin script need a Unicode engine.
func LaTeX(w io.Writer, f *results.File, o Options) error {
	a, err := analyse(f, o)
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("% Needs \\usepackage{booktabs}.\n")
	for _, line := range append([]string{a.headline()}, a.preamble()...) {
		// clean leaves no line break that would end the comment.
		fmt.Fprintf(&b, "%% %s\n", clean(line))
	}
	for i, scenario := range a.scenarios {
		a.latexPaperTable(&b, scenario, fmt.Sprintf("tab:dtbench-%d", i+1))
	}
	if len(a.overheads) > 0 {
		a.latexOverheads(&b)
	}
	if notices := a.notices(); len(notices) > 0 {
		b.WriteString("\n\\noindent\\textbf{Notices.}\n")
		for _, n := range notices {
			b.WriteString(latex(n) + "\n")
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}

func (a *analysis) latexPaperTable(b *strings.Builder, scenario, label string) {
	latexTable(b, fmt.Sprintf("%s. %s", a.title(scenario), a.samplesSentence(scenario)), label, "", "lrrrr", []string{
		` & \multicolumn{2}{c}{Cold start} & \multicolumn{2}{c}{Hot start} \\`,
		`\cmidrule(lr){2-3} \cmidrule(lr){4-5}`,
		`Type & Time (ms) & Memory (MB) & Time (ms) & Memory (MB) \\`,
	}, a.paperRows(scenario))
}

// latexOverheads writes a table for time and one for memory. Units stand in the
// headers and the type is small, so that the tables fit the 345 pt of article.
func (a *analysis) latexOverheads(b *strings.Builder) {
	e := a.file.Experiment
	legend := " " + a.legend(false)
	for _, m := range []struct{ name, label, unit string }{
		{results.MetricTime, "tab:dtbench-overheads-time", "ms"}, {results.MetricMemory, "tab:dtbench-overheads-memory", "MB"},
	} {
		var rows [][]string
		for _, o := range a.of(m.name) {
			rows = append(rows, []string{
				clean(o.Scenario), clean(o.Variant), string(o.Start), signed(o.Difference), percentage(o.Percent), interval(o.CI95), probability(o.PHolm), verdict(o),
			})
		}
		if len(rows) == 0 {
			continue
		}
		caption := fmt.Sprintf("Overhead in %s over %s on %s (%s).", a.metricName(m.name), Baseline, e.Platform, e.Provenance)
		if m.name == results.MetricTime {
			caption = fmt.Sprintf("Overhead in time (%s) over %s on %s (%s).", a.metric, Baseline, e.Platform, e.Provenance)
		}
		latexTable(b, caption+legend, m.label, `\footnotesize\setlength{\tabcolsep}{3pt}`, "lllrrrrl", []string{
			` & & & Difference & Change & 95\,\% interval & $p$ & \\`,
			`Scenario & Variant & Start & (` + m.unit + `) & (\%) & (\%) & (Holm) & Verdict \\`,
		}, rows)
		legend = "" // once is enough
	}
}

// latexTable writes a table environment; size is set before the tabular.
func latexTable(b *strings.Builder, caption, label, size, columns string, header []string, rows [][]string) {
	fmt.Fprintf(b, "\n\\begin{table}[htbp]\n\\centering\n\\caption{%s}\n\\label{%s}\n", latex(caption), label)
	if size != "" {
		b.WriteString(size + "\n")
	}
	fmt.Fprintf(b, "\\begin{tabular}{@{}%s@{}}\n\\toprule\n%s\n\\midrule\n", columns, strings.Join(header, "\n"))
	for _, row := range rows {
		for i, text := range row {
			if i > 0 {
				b.WriteString(" & ")
			}
			b.WriteString(latexCell(text))
		}
		b.WriteString(" \\\\\n")
	}
	b.WriteString("\\bottomrule\n\\end{tabular}\n\\end{table}\n")
}

// latexCell sets the signs of numbers as such: a hyphen is not a minus.
func latexCell(s string) string {
	words := strings.Split(s, " ")
	for i, w := range words {
		sign := ""
		if len(w) > 1 && strings.ContainsRune("+-<", rune(w[0])) && unicode.IsDigit(rune(w[1])) {
			sign, w = "$"+w[:1]+"$", w[1:]
		}
		words[i] = sign + latex(w)
	}
	return strings.Join(words, " ")
}

// latexEscapes are the characters that mean something to LaTeX. Brackets and
// the asterisk would be taken for an argument of the \\ before a row.
var latexEscapes = map[rune]string{
	'\\': `\textbackslash{}`, '{': `\{`, '}': `\}`, '$': `\$`, '&': `\&`, '#': `\#`, '%': `\%`, '_': `\_`,
	'^': `\textasciicircum{}`, '~': `\textasciitilde{}`, '<': `\textless{}`, '>': `\textgreater{}`, '|': `\textbar{}`,
	'`': `\textasciigrave{}`, '"': `''`, '[': `{[}`, ']': `{]}`, '*': `{*}`, '-': `{-}`, '\'': `{'}`, '±': `$\pm$`,
}

// latex makes s literal text on one line. Hyphens and apostrophes stand in
// braces only where two meet, which would make a dash or a quotation mark.
func latex(s string) string {
	var b strings.Builder
	var before rune
	for _, r := range clean(s) {
		escaped, ok := latexEscapes[r]
		if !ok || (r == '-' || r == '\'') && before != r {
			escaped = string(r)
		}
		b.WriteString(escaped)
		before = r
	}
	return b.String()
}
