package report

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/dtbench/dtbench/results"
)

// LaTeX is a Reporter for papers: one table environment in the paper's form
// for each scenario, one of the overheads, and the notices as a paragraph. It
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
	latexTable(b, fmt.Sprintf("%s. %s", a.title(scenario), a.samplesSentence(scenario)), label, "lrrrr", []string{
		` & \multicolumn{2}{c}{Cold start} & \multicolumn{2}{c}{Hot start} \\`,
		`\cmidrule(lr){2-3} \cmidrule(lr){4-5}`,
		`Type & Time (ms) & Memory (MB) & Time (ms) & Memory (MB) \\`,
	}, a.paperRows(scenario))
}

func (a *analysis) latexOverheads(b *strings.Builder) {
	var rows [][]string
	for _, o := range a.overheads {
		r := a.overheadRow(o)
		rows = append(rows, []string{r[0], r[1], r[2], r[3], r[5], r[6], r[7], r[8], r[4]})
	}
	e := a.file.Experiment
	latexTable(b, fmt.Sprintf("Overhead over %s on %s (%s), time: %s. %s", Baseline, e.Platform, e.Provenance, a.metric, a.legend(false)),
		"tab:dtbench-overheads", "llllrrrrl", []string{
			`Scenario & Variant & Start & Metric & Difference & Change & 95\,\% interval & $p$ (Holm) & Verdict \\`,
		}, rows)
}

func latexTable(b *strings.Builder, caption, label, columns string, header []string, rows [][]string) {
	fmt.Fprintf(b, "\n\\begin{table}[htbp]\n\\centering\n\\caption{%s}\n\\label{%s}\n\\begin{tabular}{@{}%s@{}}\n\\toprule\n%s\n\\midrule\n",
		latex(caption), label, columns, strings.Join(header, "\n"))
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
