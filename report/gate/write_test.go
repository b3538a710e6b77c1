package gate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"github.com/dtbench/dtbench/internal/golden"
	"github.com/dtbench/dtbench/results"
)

func render(t *testing.T, c *Comparison, format string, width int) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Write(&b, format, width); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// example has a regression, open cells, an exception and a notice.
func example(t *testing.T) *Comparison {
	t.Helper()
	noise := craft{seed: 21, scenarios: []string{"hello", "storage"}, noise: lognormal(0.13)}
	base := noise.file()
	noise.seed, noise.times = 22, only("storage", "optimized", results.Hot, 1.6)
	head := noise.file()
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for _, f := range []*results.File{base, head} {
		f.Environment.Started, f.Environment.Finished = at, at.Add(time.Minute)
		f.Tool.Commit = strings.Repeat("0123456789", 4)
	}
	head.Tool.Dirty = true
	return compare(t, base, head, Options{Exceptions: []Exception{{Scenario: "hello", Start: results.Cold, Metric: results.MetricTime, Threshold: 0.4, Reason: "start-up is being rewritten, see #41"}}})
}

func TestGolden(t *testing.T) {
	c := example(t)
	for _, g := range []struct {
		file, format string
		width        int
	}{
		{"wide.txt", "text", 120}, {"narrow.txt", "text", 80}, {"comment.md", "markdown", 0},
	} {
		golden.Check(t, filepath.Join("testdata", g.file), []byte(render(t, c, g.format, g.width)))
	}
}

func TestNoLineIsLongerThanTheWidth(t *testing.T) {
	incomplete := compare(t, craft{seed: 1}.file(), drop(craft{seed: 2}.file(), "network", "optimized", results.Hot), Options{})
	for _, c := range []*Comparison{example(t), incomplete} {
		for _, width := range []int{40, 60, 80, 100, 120, 200} {
			for line := range strings.Lines(render(t, c, "text", width)) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
					t.Errorf("%d columns at width %d: %s", n, width, line)
				}
			}
		}
	}
	// The runs needed, which 80 columns have no room for, stand in the summary.
	flat := strings.Join(strings.Fields(render(t, example(t), "text", 80)), " ")
	if runs := example(t).RunsNeeded(); strings.Contains(flat, "Runs") || !strings.Contains(flat, fmt.Sprintf("about %d runs a side", runs)) {
		t.Errorf("80 columns do not say how many runs it takes:\n%s", flat)
	}
	if narrow := render(t, example(t), "text", 80); !strings.Contains(narrow, "able %") {
		t.Errorf("80 columns do not show the minimum detectable change:\n%s", narrow)
	}
}

// What a pipe, a narrow terminal and a comment show are the same figures.
func TestEveryFormHoldsEveryCell(t *testing.T) {
	c := example(t)
	for _, form := range []string{render(t, c, "text", 0), render(t, c, "text", 80), render(t, c, "text", 40), render(t, c, "markdown", 0)} {
		flat := strings.Join(strings.Fields(form), " ")
		if !strings.Contains(strings.ReplaceAll(flat, `\<`, "<"), c.Summary()) {
			t.Errorf("no summary in:\n%s", form)
		}
		for _, cell := range c.Cells {
			f := cell.fields()
			for _, i := range []int{1, 2, 3, 5, 6, 7} {
				if !strings.Contains(strings.ReplaceAll(flat, `\<`, "<"), f[i]) {
					t.Errorf("%s of %s is not in:\n%s", f[i], cell.name(), form)
				}
			}
		}
	}
}

func TestMarkdownIsOneTableThatParses(t *testing.T) {
	c := example(t)
	var html bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert([]byte(render(t, c, "markdown", 0)), &html); err != nil {
		t.Fatal(err)
	}
	page := html.String()
	for what, n := range map[string]int{"<table>": 1, "<th": 12 + 1, "<td": 12 * len(c.Cells), "<h1": 1, "<h2": 1, "<strong>": 1} {
		if got := strings.Count(page, what); got != n {
			t.Errorf("%d %s, want %d", got, what, n)
		}
	}
	if regression := strings.Index(page, ">regression<"); regression < 0 || regression > strings.Index(page, ">ok<") {
		t.Error("the regression does not stand first")
	}
}

func TestJSONHasTheDocumentedKeys(t *testing.T) {
	missing := compare(t, craft{seed: 1}.file(), drop(craft{seed: 2}.file(), "network", "optimized", results.Hot), Options{})
	for _, c := range []*Comparison{example(t), missing} {
		var doc struct {
			Verdict   Verdict
			Summary   string
			Obstacles []string
			Runs      *int `json:"runs_needed"`
			Cells     []map[string]any
		}
		text := render(t, c, "json", 0)
		if err := json.Unmarshal([]byte(text), &doc); err != nil {
			t.Fatal(err)
		}
		if doc.Verdict != c.Verdict || doc.Summary != c.Summary() || len(doc.Obstacles) != len(c.Obstacles) || len(doc.Cells) != len(c.Cells) {
			t.Errorf("%+v", doc)
		}
		if runs := c.RunsNeeded(); (doc.Runs == nil) != (runs == 0) || doc.Runs != nil && *doc.Runs != runs {
			t.Errorf("runs needed %v, want %d", doc.Runs, runs)
		}
		figures := []string{
			"base", "head", "ratio", "ci95", "permutation_p", "mann_whitney_p", "hodges_lehmann", "cliffs_delta",
			"yuen_p", "yuen_log_p", "tost_p", "p_holm", "minimum_detectable_percent", "runs_needed",
		}
		for _, cell := range doc.Cells {
			for _, key := range append([]string{"scenario", "variant", "start", "metric", "verdict"}, figures...) {
				value, ok := cell[key]
				if null := cell["verdict"] == "not-comparable" && slices.Contains(figures, key) && key != "base"; !ok || (value == nil) != null {
					t.Errorf("%s is %v in %v", key, value, cell)
				}
			}
		}
	}
}

func TestNamesFromFilesAreHarmless(t *testing.T) {
	hostile := "a\x1b[31m|`<b>\n# x"
	base, head := craft{seed: 1, scenarios: []string{hostile}}.file(), craft{seed: 2, scenarios: []string{hostile}}.file()
	base.Warnings, head.Experiment.Region = []string{hostile}, hostile
	base.Status = results.Partial
	for _, o := range []Options{{}, {Force: true}} {
		c, err := Compare(Side{hostile, base}, Side{hostile, head}, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range []string{"text", "markdown"} {
			for _, width := range []int{0, 40} {
				out := render(t, c, format, width)
				if strings.ContainsAny(out, "\x1b") || strings.Contains(out, "\n# x") {
					t.Errorf("%s lets control characters through:\n%q", format, out)
				}
				if format == "markdown" && (strings.Contains(strings.ReplaceAll(out, `\<b`, ""), "<b") || !strings.Contains(out, `\|`)) {
					t.Errorf("Markdown is not literal:\n%s", out)
				}
			}
		}
	}
}

func TestUnknownFormatIsRefused(t *testing.T) {
	if err := example(t).Write(new(bytes.Buffer), "pigeon", 0); !errors.Is(err, ErrFormat) || !strings.Contains(fmt.Sprint(err), "choose text, markdown, json") {
		t.Errorf("%v", err)
	}
}
