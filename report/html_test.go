package report

import (
	"fmt"
	"html"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/internal/browser"
	"github.com/dtbench/dtbench/results"
)

// Set to a folder to look at the pages of the tests with one's own eyes.
const keepPages = "DTBENCH_KEEP_PAGES"

// few is a file whose cells hold next to nothing, and one zero.
func few(tb testing.TB) *results.File {
	f := single(tb)
	f.Status = results.Interrupted
	for i := range f.Cells {
		f.Cells[i].Samples = f.Cells[i].Samples[:i]
	}
	f.Cells[1].Samples[0].HandlerMS, f.Cells[1].Samples[0].SecretsMS = 0, 0
	return f
}

// many has more samples than the page lists. Most are of a variant without a
// benchmark to be compared with, as comparing thousands takes seconds.
func many(tb testing.TB) *results.File {
	at := map[string]level{
		"hello/benchmark": {3.91, 7.74}, "hello/optimized": {4.42, 9.22}, "storage/benchmark": {11, 15}, "storage/optimized": {12, 17},
	}
	f := build(tb, plan{
		platform: "local", provenance: results.Measured, runs: 1500, spread: 0.5,
		scenarios: []string{"hello", "storage"}, variants: []string{"benchmark", "optimized"}, cold: at, hot: at,
	})
	f.Status = results.Interrupted
	f.Cells = slices.DeleteFunc(f.Cells, func(c results.Cell) bool { return c.Scenario == "storage" && c.Variant == "benchmark" })
	for i := range f.Cells {
		if f.Cells[i].Scenario == "hello" {
			f.Cells[i].Samples = f.Cells[i].Samples[:30]
		}
	}
	f.Cells[0].Samples[17].TotalMS = 900
	return f
}

// Every kind of file makes a page that holds in a browser: no overlap, no
// overflow, no console message, on a phone, on a desktop and on paper.
func TestPagesInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	t.Parallel()
	var pages []browser.Page
	for name, build := range map[string]func(testing.TB) *results.File{
		"normal": normal, "extreme": extreme, "several": several, "interrupted": interrupted, "few": few, "many": many,
	} {
		page := document(t, "html", Options{}, Source{name + ".json", build(t)})
		if dir := os.Getenv(keepPages); dir != "" {
			if err := os.WriteFile(filepath.Join(dir, name+".html"), page, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		pages = append(pages, browser.Page{Name: name, HTML: page})
	}
	if !strings.Contains(string(pages[slices.IndexFunc(pages, func(p browser.Page) bool { return p.Name == "many" })].HTML), "are too many to list here") {
		t.Error("the page lists many samples")
	}
	const both = "two files"
	pages = append(pages, browser.Page{Name: both, HTML: document(t, "html", Options{}, Source{"a.json", single(t)}, Source{"b.json", interrupted(t)})})
	found := browser.Look(t, pages, 360, 1280)
	if len(found) != 3*len(pages) {
		t.Errorf("%d findings", len(found))
	}
	for _, f := range found {
		for _, p := range f.Problems {
			t.Errorf("%s: %s", f, p)
		}
		if f.Tables == 0 || f.Charts == 0 || !f.Print && f.Headings < 8 || f.Page == both && !f.Print && f.Filtered != 4 {
			t.Errorf("%s: %+v", f, f)
		}
	}
}

// Each file has sections of its own, and links to them under its name.
func TestPageOfSeveralFiles(t *testing.T) {
	page := string(document(t, "html", Options{}, Source{"runs/a.json", single(t)}, Source{"", interrupted(t)}))
	for _, want := range []string{
		`href="#file-2-summary"`, `<h2 id="file-2-summary">`,
		`<p class="file"><a href="#headline">runs/a.json</a></p>`, `<p class="file"><a href="#file-2-headline">dtbench report: local</a></p>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if page := string(document(t, "html", Options{}, Source{"a.json", single(t)})); strings.Contains(page, `<p class="file">`) {
		t.Error("one file needs no name above its links")
	}
}

var marksIn = regexp.MustCompile(`<path class="(dots|cut) [fs](\d)" d="([^"]*)"/>`)

// All samples are in the drawings, those that the mean drops as crosses.
func TestEverySampleIsDrawn(t *testing.T) {
	page := string(document(t, "html", Options{}, Source{"r.json", normal(t)}))
	dots, crosses := 0, 0
	for _, m := range marksIn.FindAllStringSubmatch(page, -1) {
		n := strings.Count(m[3], "M")
		if m[1] == "dots" {
			dots += n
		} else {
			crosses += n
		}
	}
	// 12 cells of 15, in the distributions and again in the drift.
	if dots != 2*12*13 || crosses != 2*12*2 {
		t.Errorf("%d dots and %d crosses", dots, crosses)
	}
}

func TestPageSaysWhatTheOthersSay(t *testing.T) {
	f := interrupted(t)
	text := func(f *results.File) string {
		return html.UnescapeString(string(document(t, "html", Options{}, Source{"my run.json", f})))
	}
	page := text(f)
	a, err := analyse(f, Options{})
	if err != nil {
		t.Fatal(err)
	}
	contains := func(s string) {
		t.Helper()
		if !strings.Contains(page, s) {
			t.Errorf("the page lacks %q", s)
		}
	}
	for _, n := range a.notices() {
		contains("<li>" + n + "</li>")
	}
	for _, o := range a.overheads {
		contains(interval(o.CI95))
	}
	contains(`<span class="badge">measured, interrupted</span>`)
	contains("git checkout 0123456789abcdef0123456789abcdef01234567")
	contains("The tool was built from a tree with uncommitted changes")
	contains("dtbench report 'my run.json' --format html --time total --out report.html")
	contains("hello, hot start: optimized is slower than benchmark: +28.6 %")
	contains("network benchmark hot has 3 of 15 samples")
	page = text(normal(t))
	contains("In time, 6 comparisons with benchmark: 3 slower, 0 faster, 2 equivalent (shown to lie within ±10 %), 1 inconclusive.")
	contains("storage, hot start: optimized against benchmark is inconclusive in time: +6.03 % (+0.0797 ms, 95 % interval +0.89 to +11.4 %). These runs would find 7.28 % or more.")
	contains("network, hot start: optimized and benchmark are equivalent in time: +1.55 %")
}

func TestCommandsAreQuotedForAShell(t *testing.T) {
	check := func(in, want string) {
		t.Helper()
		if got := quote(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	check("hello,storage", "hello,storage")
	check("same-region", "same-region")
	check("init+handler", "init+handler")
	check("$(rm -rf ~)", "'$(rm -rf ~)'")
	check("a'b", `'a'\''b'`)
	check("a\nb", "'a b'")
	check("", "''")
	check("--force", "'./--force'")
	check("é", "'é'")
}

func TestAxesAreHonest(t *testing.T) {
	linear := newTimeScale([]float64{3, 5, 4})
	if linear.log || linear.at(0) != 0 || linear.at(5) > 1 || linear.at(5) < 0.9 {
		t.Errorf("%+v does not start at zero", linear)
	}
	if a := linear.axis("Time (ms)"); a.Label != "Time (ms)" || a.Ticks[0].Label != "0" || a.Ticks[0].At != 0 {
		t.Errorf("%+v", a)
	}
	log := newTimeScale([]float64{0.2, 0.3, 90})
	a := log.axis("Time (ms)")
	if !log.log || a.Label != "Time (ms), logarithmic scale" {
		t.Errorf("%+v %q", log, a.Label)
	}
	// A decade is as long everywhere.
	if d := log.at(10) - log.at(1) - (log.at(100) - log.at(10)); math.Abs(d) > 1e-9 {
		t.Errorf("decades differ by %v", d)
	}
	labels := 0
	for _, tick := range a.Ticks {
		if tick.Label != "" {
			labels++
		}
	}
	if labels < 2 {
		t.Errorf("%d labels on a logarithmic axis", labels)
	}
	if zero := newTimeScale([]float64{0, 0}); zero.at(0) != 0 || math.IsNaN(zero.at(1)) {
		t.Errorf("%+v", zero)
	}
	if mixed := newTimeScale([]float64{0, 100}); mixed.log {
		t.Error("a zero on a logarithmic axis")
	}
}

// The parts of a split add up to its total, fine or coarse.
func TestPartsAddUp(t *testing.T) {
	f := normal(t)
	check := func(wantFine bool) {
		t.Helper()
		a, err := analyse(f, Options{Time: Total})
		if err != nil {
			t.Fatal(err)
		}
		for _, start := range starts {
			splits, fine := a.splits(start)
			if fine != wantFine {
				t.Errorf("%s: fine %v", start, fine)
			}
			for scenario, list := range splits {
				for _, s := range list {
					sum := 0.0
					for _, v := range s.means {
						sum += v
					}
					if c := a.find(scenario, s.variant, start); !near(sum, c.timeMS.TrimmedMean) || s.samples != 13 {
						t.Errorf("%s %s %s: parts add up to %v, the trimmed mean is %v", scenario, s.variant, start, sum, c.timeMS.TrimmedMean)
					}
				}
			}
		}
	}
	check(true)
	for i := range f.Cells {
		for j := range f.Cells[i].Samples {
			f.Cells[i].Samples[j].StartMS, f.Cells[i].Samples[j].ToHandlerMS = nil, nil
		}
	}
	check(false)
}

func TestPagesNeverShowNaN(t *testing.T) {
	for _, f := range []*results.File{few(t), interrupted(t), extreme(t)} {
		page, _, _ := strings.Cut(string(document(t, "html", Options{}, Source{"r.json", f})), "<script>")
		_, page, _ = strings.Cut(page, "</style>")
		for _, bad := range []string{"NaN", "Inf<", "+Inf", "ZgotmplZ", "%!"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s on the page of %s", bad, fmt.Sprint(f.Status))
			}
		}
	}
	empty := single(t)
	empty.Cells, empty.Arms = nil, nil
	if page := string(document(t, "html", Options{}, Source{"r.json", empty})); !strings.Contains(page, "There is no overhead to judge") {
		t.Error("a file without cells has no summary")
	}
}
