package report

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/results"
)

var (
	latexCommand = regexp.MustCompile(`\\([a-zA-Z]+|.)`)
	latexBegin   = regexp.MustCompile(`\\(begin|end)\{([a-z]+)\}`)
)

// The commands that the format uses; all are LaTeX's own or booktabs'.
var latexKnown = strings.Fields(`begin end centering caption label toprule midrule bottomrule cmidrule multicolumn noindent textbf
	pm footnotesize setlength tabcolsep textbackslash textasciicircum textasciitilde textless textgreater textbar textasciigrave \ { } $ & # % _ ,`)

// checkLaTeX is a parser of what the format writes, not TeX: braces and environments nest, every
// command is known, nothing special stands bare, and every row of a table has
// as many cells as the table has columns.
func checkLaTeX(t *testing.T, source string) (rows int) {
	t.Helper()
	var environments []string
	depth := 0
	columns := 0
	for line := range strings.Lines(source) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "%") {
			continue
		}
		for _, m := range latexCommand.FindAllStringSubmatch(line, -1) {
			if !slices.Contains(latexKnown, m[1]) {
				t.Errorf("unknown command %s in %s", m[0], line)
			}
		}
		for _, m := range latexBegin.FindAllStringSubmatch(line, -1) {
			if m[1] == "begin" {
				environments = append(environments, m[2])
			} else if n := len(environments); n == 0 || environments[n-1] != m[2] {
				t.Errorf("\\end{%s} inside %v", m[2], environments)
			} else {
				environments = environments[:n-1]
			}
		}
		bare := latexCommand.ReplaceAllString(line, "")
		if cut, ok := strings.CutPrefix(line, `\begin{tabular}{@{}`); ok {
			columns = len(strings.TrimSuffix(cut, "@{}}"))
		} else if strings.HasSuffix(line, `\\`) && len(environments) > 1 && !strings.Contains(line, "multicolumn") {
			rows++
			if got := strings.Count(bare, "&") + 1; got != columns {
				t.Errorf("%d cells in a table of %d columns: %s", got, columns, line)
			}
		} else if strings.Contains(bare, "&") && !strings.Contains(line, "multicolumn") {
			t.Errorf("& outside a table: %s", line)
		}
		if strings.ContainsAny(bare, "#_^~%\x1b") || strings.Count(bare, "$")%2 != 0 {
			t.Errorf("special characters bare in %s", line)
		}
		depth += strings.Count(bare, "{") - strings.Count(bare, "}")
		if depth != 0 {
			t.Errorf("braces do not nest in %s", line)
			depth = 0
		}
	}
	if len(environments) != 0 {
		t.Errorf("%v is not ended", environments)
	}
	return rows
}

func TestLaTeXNests(t *testing.T) {
	t.Parallel()
	if rows := checkLaTeX(t, string(document(t, "latex", Options{}, Source{"r.json", normal(t)}))); rows != 3*3+2*(2+6) {
		t.Errorf("%d rows", rows)
	}
	checkLaTeX(t, string(document(t, "latex", Options{}, Source{"a", interrupted(t)}, Source{"b", extreme(t)})))
	nasty := "[a]*\\input{/etc/passwd}%$x_y^z~#&{--}\n\x1b`<|>\"'' \\end{table}"
	source := string(document(t, "latex", Options{}, Source{"r", hostile(normal(t), nasty)}))
	checkLaTeX(t, source)
	source = regexp.MustCompile(`(?m)^%.*$`).ReplaceAllString(source, "")
	if strings.Contains(source, `\input{`) || strings.Contains(source, "\\\\\n[") {
		t.Errorf("%s", source)
	}
}

// textWidth is that of article with its default 10 pt type, in points.
const textWidth = 345

// An estimate of the set width, on the safe side: 4.25 pt for a character at
// \footnotesize, where pdflatex takes 4.0 for such tables.
func TestLaTeXOverheadsFitAPage(t *testing.T) {
	t.Parallel()
	markup := regexp.MustCompile(`\\[a-zA-Z,]+|[\\${}]`)
	for name, f := range map[string]*results.File{"normal": normal(t), "extreme": extreme(t), "several": several(t), "interrupted": interrupted(t)} {
		source := string(document(t, "latex", Options{}, Source{"r.json", f}))
		tables := strings.Split(source, `\label{tab:dtbench-overheads-`)[1:]
		if len(tables) != 2 {
			t.Errorf("%s: %d tables of overheads, want one of time and one of memory", name, len(tables))
		}
		for _, table := range tables {
			table, _, _ = strings.Cut(table, `\bottomrule`)
			if !strings.Contains(table, "\\footnotesize\\setlength{\\tabcolsep}{3pt}\n") {
				t.Errorf("%s: an overhead table in the size of the text", name)
			}
			var widest []int
			for line := range strings.Lines(table) {
				row, ok := strings.CutSuffix(strings.TrimSpace(line), `\\`)
				if !ok {
					continue
				}
				for i, cell := range strings.Split(row, "&") {
					if i == len(widest) {
						widest = append(widest, 0)
					}
					widest[i] = max(widest[i], len(strings.TrimSpace(markup.ReplaceAllString(cell, ""))))
				}
			}
			width := float64(2 * 3 * (len(widest) - 1))
			for _, n := range widest {
				width += 4.25 * float64(n)
			}
			if width > textWidth {
				t.Errorf("%s: a table of overheads is about %.0f pt wide, a page has %d: %v", name, width, textWidth, widest)
			}
		}
	}
}

// TeX itself as the judge: DTBENCH_LATEX=1 go test -run LaTeX ./report, with
// pdflatex and booktabs (texlive-latex-base). CI does not install TeX and does
// not run this; it checks the same sources with the parser above, and their
// width with an estimate.
func TestLaTeXRuns(t *testing.T) {
	if os.Getenv("DTBENCH_LATEX") == "" {
		t.Skip("runs TeX only where DTBENCH_LATEX=1 asks for it")
	}
	nasty := "[a]*\\input{/etc/passwd}%$x_y^z~#&{--}`<|>\"'' \\end{table}"
	for name, f := range map[string]*results.File{
		"normal": normal(t), "extreme": extreme(t), "several": several(t), "interrupted": interrupted(t), "hostile": hostile(normal(t), nasty),
	} {
		dir := t.TempDir()
		source := "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\n" +
			string(document(t, "latex", Options{}, Source{"r.json", f})) + "\\end{document}\n"
		if err := os.WriteFile(filepath.Join(dir, "r.tex"), []byte(source), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("pdflatex", "-interaction=nonstopmode", "-halt-on-error", "r.tex")
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("Output written on r.pdf")) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		// No name of this length can fit.
		if name != "hostile" && bytes.Contains(out, []byte("Overfull")) {
			t.Errorf("%s: wider than a page of article\n%s", name, out)
		}
	}
}

func TestLaTeXNumbers(t *testing.T) {
	check := func(in, want string) {
		t.Helper()
		if got := latexCell(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	check("-1.53 to +2.0", "$-$1.53 to $+$2.0")
	check("<0.001", "$<$0.001")
	check("-", "-")
	check("same-region", "same-region")
	check("a--b", "a-{-}b")
	check("50 %", `50 \%`)
	check("[x]*", "{[}x{]}{*}")
}
