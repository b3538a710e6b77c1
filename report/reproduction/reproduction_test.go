package reproduction

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dtbench/dtbench/internal/golden"
	"github.com/dtbench/dtbench/report/internal/layout"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/reproduction"
)

// written is what write makes, held against testdata/name.
func written(t *testing.T, name string, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	golden.Check(t, filepath.Join("testdata", name), b.Bytes())
	return b.String()
}

func documents(t *testing.T) map[string]*Document {
	return map[string]*Document{"calibrated": calibrated(t), "measured": measured(t), "replayed": replayed(t)}
}

func TestText(t *testing.T) {
	for name, d := range documents(t) {
		for _, width := range []int{80, 120} {
			text := written(t, fmt.Sprintf("%s.%d.txt", name, width), func(w io.Writer) error { return Text(w, d, width) })
			for line := range strings.Lines(text) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
					t.Errorf("%s: %d columns, %d allowed: %s", name, n, width, line)
				}
			}
		}
		for _, width := range []int{1, 40, 60, 0} { // as narrow as may be, and unlimited
			if err := Text(io.Discard, d, width); err != nil {
				t.Errorf("%s, width %d: %v", name, width, err)
			}
		}
	}
}

func TestMarkdown(t *testing.T) {
	for name, d := range documents(t) {
		text := written(t, name+".md", func(w io.Writer) error { return Markdown(w, d, []Chart{{"fig4.svg", "Fig. 4"}}) })
		if rows := tableRowsOf(t, text); rows < 30 {
			t.Errorf("%s: %d rows of tables", name, rows)
		}
		for _, want := range []string{"](fig4.svg)", "Not stated in the paper", "Limits", string(d.Method.Provenance())} {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q", name, want)
			}
		}
		// What is about functions that run is not in a replay.
		replayed := d.Method.Provenance() == results.Replayed
		if strings.Contains(text, "size of the written object") == replayed || strings.Contains(text, "enters no replayed figure") != replayed {
			t.Errorf("%s: what the paper does not state is not that of %s figures", name, d.Method.Provenance())
		}
		var tables bytes.Buffer
		if err := Tables(&tables, d); err != nil || !strings.Contains(text, tables.String()) {
			t.Errorf("%s: the tables alone are not those of the report (%v)", name, err)
		}
	}
}

// Each claim has one row of the table, which holds no more than fits there, and
// all its reasons below.
func TestMarkdownGivesTheReasonsOfEveryClaim(t *testing.T) {
	for name, d := range documents(t) {
		var b strings.Builder
		if err := Markdown(&b, d, nil); err != nil {
			t.Fatal(err)
		}
		_, section, _ := strings.Cut(b.String(), "\n## Claims: ")
		section, _, _ = strings.Cut(section, "\n## ")
		table, reasons, ok := strings.Cut(section, "\n### Why\n")
		if !ok {
			t.Fatalf("%s has no reasons", name)
		}
		for _, c := range d.Claims {
			id := layout.Escape(c.ID)
			rows := regexp.MustCompile(`(?m)^\| `+regexp.QuoteMeta(id)+` .*$`).FindAllString(table, -1)
			if len(rows) != 1 || !strings.Contains(rows[0], layout.Escape(c.Claim)) || !strings.Contains(rows[0], string(c.Verdict)) ||
				len(rows[0]) > max(120, len(layout.Escape(c.Claim))+60) {
				t.Errorf("%s, %s: rows %q", name, c.ID, rows)
			}
			_, why, _ := strings.Cut(reasons, "\n- **"+id+" "+string(c.Verdict)+"** ("+string(c.Evidence)+"), ")
			why, _, _ = strings.Cut(why, "\n- **")
			want := []string{c.Where, c.Claim, c.Computed, c.Explanation, c.Conceded}
			for _, also := range c.Also {
				want = append(want, also.Computed, "Also "+string(also.Evidence)+": "+string(also.Verdict))
			}
			for _, w := range want {
				if why == "" || !strings.Contains(why, layout.Escape(w)) {
					t.Errorf("%s, %s: the reasons lack %q:\n%s", name, c.ID, w, why)
				}
			}
		}
	}
}

// tableRowsOf counts the rows of all tables, and fails where one has not as many
// cells as its header.
func tableRowsOf(t *testing.T, markdown string) (rows int) {
	t.Helper()
	cells := 0
	for line := range strings.Lines(markdown) {
		if !strings.HasPrefix(line, "|") {
			cells = 0
			continue
		}
		n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		if cells == 0 {
			cells = n
		}
		if n != cells {
			t.Errorf("%d cells under %d headers: %s", n-1, cells-1, line)
		}
		rows++
	}
	return rows
}

func TestEveryTitleNamesTheProvenance(t *testing.T) {
	for name, d := range documents(t) {
		for _, table := range d.Published.Tables {
			if title := d.tableTitle(table); !strings.Contains(title, string(d.Method.Provenance())) {
				t.Errorf("%s: %s", name, title)
			}
		}
	}
	table, _ := calibrated(t).Published.Table(6)
	if title := calibrated(t).tableTitle(table); !strings.Contains(title, "the paper names no platform") {
		t.Error(title)
	}
}

// The regenerated tables read like the published ones, to the last digit.
func TestPinnedRowsEqualThePublishedOnes(t *testing.T) {
	d := replayed(t)
	for _, table := range d.Published.Tables {
		rows := d.tableRows(table, false)
		if len(rows) != 4 {
			t.Fatalf("table %d has %d rows", table.Number, len(rows))
		}
		for i := 0; i < len(rows); i += 2 {
			if !slices.Equal(rows[i][1:], rows[i+1][1:]) {
				t.Errorf("table %d: %q and %q", table.Number, rows[i], rows[i+1])
			}
		}
	}
}

func TestStatementsThatDoNotFollow(t *testing.T) {
	d := load(t, Calibrated)
	check := func(want ...string) {
		t.Helper()
		var got []string
		for _, s := range d.statements() {
			if !s.Follows {
				got = append(got, fmt.Sprintf("%d %s %s", s.Table, s.Start, s.Metric))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q do not follow, want %q", got, want)
		}
	}
	check("3 cold time_ms") // 69.67 / 2.01 is +3366 %, the text says 3367
	d.Published.Stated[1].Percent = 33
	check("3 cold time_ms", "4 cold time_ms")
	d.Published.Stated = append(d.Published.Stated, d.Published.Stated[1])
	d.Published.Stated[11].Table = 9
	check("3 cold time_ms", "4 cold time_ms", "9 cold time_ms")
}

func TestConclusionsThatFlip(t *testing.T) {
	var got []string
	for _, c := range calibrated(t).flips() {
		got = append(got, fmt.Sprintf("%s: %s, %s, %s", c.about, c.byPreset[0], c.byPreset[1], c.byPreset[2]))
	}
	check := func(want string) {
		t.Helper()
		if !slices.Contains(got, want) {
			t.Errorf("%q is not among\n%s", want, strings.Join(got, "\n"))
		}
	}
	check("5 aliyun/storage hot: published time against the prediction of go: compatible, compatible, incompatible")
	check("6 aliyun/network hot: direction of the change in time predicted for go: slower, either way, either way")
	check(`claim P17: "relatively fixed overhead": contradicted, not shown, not shown`)
	for _, line := range got {
		if strings.HasPrefix(line, "claim P02") || strings.HasPrefix(line, "3 aliyun/hello cold: published") {
			t.Errorf("%s does not flip", line)
		}
	}
}

func TestFigure4(t *testing.T) {
	texts := func(d *Document) []string {
		t.Helper()
		var b bytes.Buffer
		if err := SVG(&b, d); err != nil {
			t.Fatal(err)
		}
		var list []string
		decoder := xml.NewDecoder(&b)
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				return list
			}
			if err != nil {
				t.Fatal(err)
			}
			if chars, ok := token.(xml.CharData); ok {
				list = append(list, string(chars))
			}
		}
	}
	check := func(d *Document, wants ...string) {
		t.Helper()
		got := texts(d)
		for _, want := range wants {
			if !slices.Contains(got, want) {
				t.Errorf("no %q among %q", want, got)
			}
		}
	}
	check(calibrated(t), "+3366%", "+1683%", "-31.9%", "-15.9%", "published (paper, Fig. 4)", "predicted, cost profile go", "predicted, cost profile paper-python",
		"optimized over benchmark; published beside simulated (calibrated on the benchmark rows, preset central)", "hello, tencent", "network, platform not named", "Cold start, change (%)", "Hot start, change (%)")
	check(measured(t), "+3366%", "+5.00%", "measured, functions in go", "optimized over benchmark; published beside measured (local machine, not the paper's platform)")
	missing := calibrated(t)
	missing.Changes = slices.DeleteFunc(missing.Changes, func(c reproduction.Change) bool { return c.Table == 4 && c.Start == results.Hot })
	check(missing, "no data")

	var b bytes.Buffer
	if err := PNG(&b, calibrated(t)); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil || img.Bounds().Dx() < 800 {
		t.Errorf("%v, %v", img, err)
	}
	if err := SVG(io.Discard, replayed(t)); !errors.Is(err, ErrIncomplete) {
		t.Errorf("without changes: %v", err)
	}
}

func TestIncompleteDocuments(t *testing.T) {
	check := func(want string, spoil func(*Document)) {
		t.Helper()
		d := calibrated(t)
		spoil(d)
		for _, err := range []error{Text(io.Discard, d, 80), Markdown(io.Discard, d, nil), Tables(io.Discard, d)} {
			if !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %q", err, want)
			}
		}
	}
	check("no benchmark row for table 3", func(d *Document) { d.Rows = nil })
	check("no predictions", func(d *Document) { d.Predictions = nil })
	check("no claims", func(d *Document) { d.Claims = nil })
}

// Text of a data file cannot break a table or a terminal.
func TestHostileText(t *testing.T) {
	d := calibrated(t)
	d.Claims[0].Claim, d.Claims[0].Computed = "a | b\x1b[31m", "<script>"
	d.Notices = []string{"line\nbreak\x07"}
	var text, md bytes.Buffer
	if err := errors.Join(Text(&text, d, 80), Markdown(&md, d, nil)); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(text.String(), "\x1b\x07") || strings.Contains(md.String(), "<script>") && !strings.Contains(md.String(), `\<script`) {
		t.Error("control characters or markup got through")
	}
	tableRowsOf(t, md.String())
}
