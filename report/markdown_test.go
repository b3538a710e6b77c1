package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
)

var gfm = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))

// parse returns the tables of a Markdown document as text, row by row, and the
// number of its other blocks by kind.
func parse(t *testing.T, source []byte) (tables [][][]string, blocks map[string]int) {
	t.Helper()
	blocks = map[string]int{}
	err := ast.Walk(gfm.Parser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n.Kind() {
		case east.KindTable:
			var table [][]string
			for row := n.FirstChild(); row != nil; row = row.NextSibling() {
				var cells []string
				for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
					cells = append(cells, plain(cell, source))
				}
				table = append(table, cells)
			}
			tables = append(tables, table)
			return ast.WalkSkipChildren, nil
		default:
			blocks[n.Kind().String()]++
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tables, blocks
}

func plain(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if leaf, ok := n.(*ast.Text); ok && entering {
			b.Write(leaf.Value(source))
		}
		return ast.WalkContinue, nil
	})
	// A parser keeps the backslash in the source; a renderer drops it.
	return unescape(b.String())
}

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.ContainsRune(`\|`+"`"+`*_<>[]&#~-+`, rune(s[i+1])) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func TestMarkdownTablesParse(t *testing.T) {
	tables, blocks := parse(t, render(t, Markdown, normal(t), Options{}))
	if len(tables) != 4 {
		t.Fatalf("%d tables, want one per scenario and the overheads", len(tables))
	}
	for _, table := range tables[:3] {
		if len(table) != 3 || len(table[0]) != 5 || table[0][3] != "Hot start: Time (ms)" || table[1][0] != "Benchmark" || table[2][0] != "Optimized" {
			t.Errorf("%q", table)
		}
	}
	overheads := tables[3]
	if len(overheads) != 13 || strings.Join(overheads[0], ",") != "Scenario,Variant,Start,Metric,Verdict,Difference,Percent,95 % interval,p (Holm),Detectable,Runs" {
		t.Errorf("%d rows, header %q", len(overheads), overheads[0])
	}
	if got := strings.Join(overheads[1], ","); got != "hello,optimized,cold,time,slower,+2.30 ms,+59.6 %,+51.3 to +68.4 %,<0.001,7.87 %,12" {
		t.Errorf("first row %s", got)
	}
	if blocks["Heading"] != 5 || blocks["List"] != 0 {
		t.Errorf("%v", blocks)
	}
}

func TestMarkdownIsLiteral(t *testing.T) {
	const nasty = `a|b\|*c* _d_ <script>alert(1)</script> [x](http://y) ` + "`z`" + ` &amp; ~~s~~ e_f #1`
	f := interrupted(t)
	for i := range f.Cells {
		if f.Cells[i].Scenario == "hello" {
			f.Cells[i].Scenario = nasty
		}
	}
	f.Experiment.Scenarios[0] = nasty
	f.Experiment.Variants[1] = "x|y"
	for i := range f.Cells {
		if f.Cells[i].Variant == "optimized" {
			f.Cells[i].Variant = "x|y"
		}
	}
	f.Warnings = []string{"- one\n\n# two | three\n\n| a | b |\n|---|---|\n| 1 | 2 |", "1. first"}
	source := render(t, Markdown, f, Options{})
	tables, blocks := parse(t, source)
	if len(tables) != 5 {
		t.Fatalf("%d tables, want three scenarios, overheads and throttling", len(tables))
	}
	for _, table := range tables {
		for _, row := range table {
			if len(row) != len(table[0]) {
				t.Errorf("a row of %d cells under a header of %d: %q", len(row), len(table[0]), row)
			}
		}
	}
	if got := tables[3][1][:2]; got[0] != nasty || got[1] != "x|y" {
		t.Errorf("scenario and variant %q", got)
	}
	for _, kind := range []string{"RawHTML", "HTMLBlock", "Link", "Emphasis", "CodeSpan", "Strikethrough"} {
		if blocks[kind] > 0 {
			t.Errorf("%d of %s in literal text", blocks[kind], kind)
		}
	}
	if blocks["List"] != 1 || blocks["Heading"] != 7 {
		t.Errorf("%d lists, %d headings", blocks["List"], blocks["Heading"])
	}
	var page bytes.Buffer
	if err := gfm.Convert(source, &page); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(page.String(), "<script") || !strings.Contains(page.String(), "a|b\\|*c* _d_ &lt;script&gt;") {
		t.Error("the rendered page does not show the name as it is")
	}
}
