// Package html writes a report as one page for browsers: a single file that
// loads nothing, follows its reader's light or dark scheme, prints, and works
// without script; where script runs, tables sort and filter.
//
// The package knows no result file and no statistics: report fills a Page with
// sentences, tables and charts whose positions lie between 0 and 1. Text is
// escaped here, by html/template and in the charts, so that nothing a file
// names becomes markup. The page's own policy (Content-Security-Policy) allows
// the one style sheet and the one script in it by their hashes and nothing
// else, no style attribute included. The same page gives the same bytes.
//
// Every chart is an inline drawing with a title and a description, and the
// table of its figures stands below it.
package html

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"unicode/utf8"
)

// Page is a document of one or more reports.
type Page struct {
	Title   string
	Reports []Report
}

// Report is what one file has to say.
type Report struct {
	Name     string // short, for the links of a page of several; may be empty
	Headline string
	Badge    string   // one word that must be seen, such as the provenance
	Lead     []string // sentences below the headline
	Sections []Section
}

// Section is a part of a report that the table of contents names. ID is a word
// that is unique in its report.
type Section struct {
	ID, Title string
	Blocks    []Block
}

// Block is a run of content; the fields that are set are written in this order.
type Block struct {
	Heading string
	Text    []string // paragraphs
	Notices []string // a list that must be seen
	Points  []Point
	Facts   []Fact
	Code    string // preformatted
	Table   *Table
	Figures []Figure // side by side where there is room
}

// Point is a sentence under a verdict.
type Point struct {
	Mark Mark
	Text string
}

// Mark is the verdict that a point or a table cell is coloured by. Its word is
// always in the text too.
type Mark string

// The marks. Worse and Better are of a difference that was shown, Passed and Failed
// of a check, Alarm of what should not be.
const (
	None   Mark = ""
	Worse  Mark = "worse"
	Better Mark = "better"
	Same   Mark = "same"
	Open   Mark = "open" // inconclusive
	Passed Mark = "passed"
	Failed Mark = "failed"
	Alarm  Mark = "alarm"
)

// Symbol is a shape for the mark, for those who do not tell colours apart.
func (m Mark) Symbol() string {
	return map[Mark]string{Worse: "▲", Better: "▼", Same: "≈", Open: "?", Passed: "✓", Failed: "✗", Alarm: "!"}[m]
}

// Fact is a term and what it is.
type Fact struct{ Term, Value string }

// Table is a table whose first column heads its rows.
type Table struct {
	Caption string
	Groups  []Group // headers above those of the columns, in their order; may be nil
	Columns []Column
	Rows    [][]Cell
	// Tools lets readers sort and filter.
	Tools bool
	// Stacked gives the first two columns a line of their own on a narrow screen, so
	// that the others fit below, and leaves the third out.
	Stacked bool
	// Fold hides the table behind this line until it is asked for.
	Fold string
}

// Group is a header over some columns; without a title it is a gap.
type Group struct {
	Title string
	Span  int
}

// Column is the header of a column.
type Column struct {
	Title  string
	Number bool // set right, and sorted by value
}

// Cell is one field. Sort is the value to sort by where it is not Text.
type Cell struct {
	Text, Sort string
	Mark       Mark
}

// longWord is the length in characters from which a word may break anywhere:
// a digest, or what no table has room for.
const longWord = 25

func (c Cell) long() bool {
	for word := range strings.FieldsSeq(c.Text) {
		if utf8.RuneCountInString(word) >= longWord {
			return true
		}
	}
	return false
}

// class is the class attribute of the cell in a column, empty for none.
func (c Cell) class(column Column) string {
	var names []string
	switch {
	case column.Number:
		names = append(names, "number")
	case c.Mark != None:
		names = append(names, string(c.Mark))
	}
	if c.long() {
		names = append(names, "long")
	}
	return strings.Join(names, " ")
}

// Figure is a chart with what it takes to read it, with eyes or without.
type Figure struct {
	Title       string
	Description string // what the chart shows, for those who cannot see it
	Chart       Chart
	Caption     string
	Data        *Table // the figures behind the chart
}

// Chart is one of Bars, Strip, Stack and Scatter.
type Chart interface {
	draw() *drawing
}

// The parts of the page that are not data.
var (
	//go:embed page.gohtml
	pageTemplate string
	//go:embed style.css
	style string
	//go:embed script.js
	script string
)

// page is parsed once; a template that does not parse is a mistake in this
// package that every test would meet.
var page = template.Must(template.New("page").Funcs(functions(new(int))).Parse(pageTemplate))

// functions are what the template calls. number gives the elements of one page
// names of their own.
func functions(last *int) template.FuncMap {
	return template.FuncMap{
		"number": func() int { *last++; return *last },
		"prefix": func(report int) string {
			if report == 0 {
				return ""
			}
			return fmt.Sprintf("file-%d-", report+1)
		},
		"class": func(c Cell, column Column) string { return c.class(column) },
		"long":  func(c Cell) bool { return c.long() },
		"svg": func(f Figure, id int) template.HTML {
			return f.Chart.draw().svg(fmt.Sprintf("figure-%d", id), f.Title, f.Description)
		},
	}
}

// Write writes the page to w.
func Write(w io.Writer, p Page) error {
	t, err := page.Clone()
	if err != nil {
		return err
	}
	var b bytes.Buffer // all or nothing
	err = t.Funcs(functions(new(int))).Execute(&b, struct {
		Page
		Policy template.HTMLAttr
		Style  template.CSS
		Script template.JS
	}{
		p,
		template.HTMLAttr(`content="default-src 'none'; style-src '` + hash(style) + `'; script-src '` + hash(script) + `'; img-src data:; base-uri 'none'; form-action 'none'"`),
		template.CSS(style), template.JS(script),
	})
	if err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// hash is the source expression that allows an inline element of that content.
func hash(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
