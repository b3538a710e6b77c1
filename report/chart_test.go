package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/report/internal/figure"
	"github.com/dtbench/dtbench/results"
)

// svgTexts parses an SVG and returns its texts.
func svgTexts(t *testing.T, svg []byte) []string {
	t.Helper()
	var texts []string
	d := xml.NewDecoder(bytes.NewReader(svg))
	inText := false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return texts
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			inText = token.Name.Local == "text" || token.Name.Local == "title"
		case xml.CharData:
			if inText {
				texts = append(texts, string(token))
			}
		case xml.EndElement:
			inText = false
		}
	}
}

func TestChartSaysWhatItShows(t *testing.T) {
	t.Parallel()
	check := func(f *results.File, wants ...string) {
		t.Helper()
		texts := svgTexts(t, render(t, SVG, f, Options{}))
		for _, want := range wants {
			if !slices.Contains(texts, want) {
				t.Errorf("no %q among %q", want, texts)
			}
		}
	}
	check(normal(t), "Change in time by scenario: optimized over benchmark", "local, measured", "cold start", "hot start",
		"hello", "storage", "network", "+59.6%", "+1.55%", "Change in time (% of benchmark)",
		"Data: measured on local, 2025-03-01, commit 0123456789ab.", "Mean of 13 of 15, 1 dropped at each end.",
		"Time: total, from just before fork (cold) or send (hot) to the answer read in full.",
		"Error bars: 95 % intervals of the ratio of trimmed means.")
	check(pinned(t, "aliyun", 3, 5, 6), "aliyun, replayed", "+3366%", "+4.68%", "-1.53%", "-31.9%", "+7.01%", "1000", "100", "10", "0", "-10",
		"Change in time (%), symmetric log scale",
		"Vertical scale: linear within ±10 % (shaded), logarithmic beyond.")
	check(several(t), "Change in time by scenario: variants over benchmark", "literal", "optimized", "jwt", "kms")
	check(interrupted(t), "local, measured (interrupted)", "no data", "The arms were not interleaved: drift between them counts as change.")
}

func TestChartOfHostileNames(t *testing.T) {
	t.Parallel()
	f := single(t)
	f.Experiment.Platform = "<b>&\x1b local"
	name := strings.Repeat("a very long scenario name ", 6) + "<&>"
	f.Experiment.Scenarios[0] = name
	for i := range f.Cells {
		f.Cells[i].Scenario = name
	}
	texts := svgTexts(t, render(t, SVG, f, Options{}))
	if !slices.Contains(texts, "<b>&  local, measured") {
		t.Errorf("%q", texts)
	}
	if slices.Contains(texts, name) || !slices.ContainsFunc(texts, func(s string) bool { return strings.HasSuffix(s, "…") }) {
		t.Errorf("the long name was not cut: %q", texts)
	}
	for _, r := range []Reporter{PNG, PDF} {
		render(t, r, f, Options{})
	}
}

// Every text says how wide it was laid out, so that a reader without the font
// squeezes another one into that width and nothing runs over its neighbour.
func TestTextsOfAnSVGKeepTheirWidth(t *testing.T) {
	svg := string(render(t, SVG, normal(t), Options{}))
	texts := strings.Count(svg, "<text ")
	if texts < 20 || strings.Count(svg, ` lengthAdjust="spacingAndGlyphs"`) != texts {
		t.Errorf("%d of %d texts have a length", strings.Count(svg, "lengthAdjust"), texts)
	}
	want := fmt.Sprintf(`textLength="%.2f"`, figure.Style(10.5, figure.Ink, 0, 0).Width("storage").Points())
	if i := strings.Index(svg, ">storage</text>"); i < 0 || !strings.Contains(svg[strings.LastIndex(svg[:i], "<text"):i], want) {
		t.Errorf("storage has no %s", want)
	}
}

func TestPDFIsDatedWhenTheRunFinished(t *testing.T) {
	dates := regexp.MustCompile(`\(D:\d{14}\)`).FindAllString(string(render(t, PDF, single(t), Options{})), -1)
	if len(dates) == 0 {
		t.Fatal("the PDF has no date")
	}
	for _, d := range dates {
		if d != "(D:20250301093405)" {
			t.Errorf("dated %s", d)
		}
	}
}

func TestNothingToDraw(t *testing.T) {
	f := single(t)
	f.Cells = f.Cells[:2] // benchmark only
	f.Experiment.Variants = f.Experiment.Variants[:1]
	for _, r := range []Reporter{SVG, PNG, PDF} {
		var b bytes.Buffer
		if err := r(&b, f, Options{}); !errors.Is(err, ErrNoChart) || b.Len() > 0 {
			t.Errorf("%v after %d bytes", err, b.Len())
		}
	}
}

func TestPNGSize(t *testing.T) {
	c, err := newChart(normal(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(render(t, PNG, normal(t), Options{})))
	if err != nil {
		t.Fatal(err)
	}
	want := int(math.Round(c.width.Points() * figure.DotsPerInch / 72))
	if got := img.Bounds().Dx(); got < want-1 || got > want+1 {
		t.Errorf("%d dots wide, want %d", got, want)
	}
	// Bars of both colours are there.
	seen := map[string]bool{}
	for x := range img.Bounds().Dx() {
		for y := range img.Bounds().Dy() {
			r, g, b, _ := img.At(x, y).RGBA()
			switch [3]uint32{r >> 8, g >> 8, b >> 8} {
			case [3]uint32{0x00, 0x72, 0xB2}:
				seen["cold"] = true
			case [3]uint32{0xE6, 0x9F, 0x00}:
				seen["hot"] = true
			}
		}
	}
	if !seen["cold"] || !seen["hot"] {
		t.Errorf("colours seen: %v", seen)
	}
}

func TestScaleIsChosenByTheData(t *testing.T) {
	check := func(name string, f *results.File, symmetricLog bool) {
		t.Helper()
		c, err := newChart(f, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if c.scale.SymmetricLog != symmetricLog {
			t.Errorf("%s: symmetric log %v", name, c.scale.SymmetricLog)
		}
	}
	check("overheads up to 60 %", normal(t), false)
	check("one bar of 3366 %", pinned(t, "aliyun", 3, 5, 6), true)
	check("+34 % and -16 %", pinned(t, "tencent", 4), false)
}

func TestAxisOfZerosAndOfWildIntervals(t *testing.T) {
	f := single(t)
	for i := range f.Cells {
		for j := range f.Cells[i].Samples {
			f.Cells[i].Samples[j].TotalMS = 5
		}
	}
	if texts := svgTexts(t, render(t, SVG, f, Options{})); !slices.Contains(texts, "0.00%") {
		t.Errorf("%q", texts)
	}
	f = single(t)
	for i := range f.Cells {
		f.Cells[i].Samples = f.Cells[i].Samples[:4]
		for j := range f.Cells[i].Samples {
			f.Cells[i].Samples[j].TotalMS = math.Pow(50, float64(j*i))
		}
	}
	svg := string(render(t, SVG, f, Options{}))
	if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
		t.Error("a coordinate is not finite")
	}
}

func BenchmarkReports(b *testing.B) {
	f := normal(b)
	for name, r := range map[string]Reporter{"text": Text, "markdown": Markdown, "svg": SVG, "png": PNG} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := r(io.Discard, f, Options{Width: 80}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
