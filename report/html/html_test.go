package html

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var colour = regexp.MustCompile(`--([a-z0-9-]+): #([0-9a-f]{6});`)

// luminance is WCAG's relative luminance.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	v, err := strconv.ParseUint(hex, 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	channel := func(c uint64) float64 {
		s := float64(c&0xff) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(v>>16) + 0.7152*channel(v>>8) + 0.0722*channel(v)
}

func contrast(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }

// Text is 4.5 to 1 against every ground it stands on, marks of charts 3 to 1,
// in both schemes (WCAG 2.2, 1.4.3 and 1.4.11).
func TestContrast(t *testing.T) {
	light, dark, ok := strings.Cut(style, "@media screen and (prefers-color-scheme: dark)")
	if !ok {
		t.Fatal("no dark scheme")
	}
	for scheme, css := range map[string]string{"light": light, "dark": dark} {
		colours := map[string]float64{}
		for _, m := range colour.FindAllStringSubmatch(css, -1) {
			colours[m[1]] = luminance(t, m[2])
		}
		if len(colours) != 18 {
			t.Errorf("%s: %d colours", scheme, len(colours))
		}
		check := func(name, ground string, least float64) {
			t.Helper()
			if c := contrast(colours[name], colours[ground]); c < least {
				t.Errorf("%s: --%s on --%s is %.2f to 1, want %v", scheme, name, ground, c, least)
			}
		}
		for _, name := range []string{"ink", "faint", "link", "worse", "better", "same", "open"} {
			check(name, "page", 4.5)
			check(name, "panel", 4.5)
		}
		check("ink", "warn-page", 4.5)
		for _, name := range []string{"c0", "c1", "c2", "c3", "c4", "c5", "warn"} {
			check(name, "page", 3)
		}
	}
}

// As a person without one kind of cone sees it (Viénot, Brettel and Mollon
// 1999), the first two series, which most charts have, stay apart.
func TestColoursStayApartForColourBlindReaders(t *testing.T) {
	linear := func(hex string, shift uint) float64 {
		v, err := strconv.ParseUint(hex, 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		return math.Pow(float64(v>>shift&0xff)/255, 2.2)
	}
	see := func(hex string, protan bool) [2]float64 { // the two dimensions that remain
		r, g, b := linear(hex, 16), linear(hex, 8), linear(hex, 0)
		if protan {
			return [2]float64{0.11238*r + 0.88762*g, 0.00401*r - 0.00401*g + b}
		}
		return [2]float64{0.29275*r + 0.70725*g, -0.02234*r + 0.02234*g + b}
	}
	for _, css := range strings.SplitN(style, "@media screen", 2) {
		hex := map[string]string{}
		for _, m := range colour.FindAllStringSubmatch(css, -1) {
			hex[m[1]] = m[2]
		}
		for _, pair := range [][2]string{{"c0", "c1"}, {"c4", "c5"}} {
			for _, protan := range []bool{true, false} {
				a, b := see(hex[pair[0]], protan), see(hex[pair[1]], protan)
				if d := math.Hypot(a[0]-b[0], a[1]-b[1]); d < 0.25 {
					t.Errorf("%v differ by %.2f only", pair, d)
				}
			}
		}
	}
}

const nasty = `</script><script>x</script>"'<b>&`

func samplePage() Page {
	table := &Table{
		Caption: nasty, Groups: []Group{{Span: 1}, {Title: nasty, Span: 1}}, Columns: []Column{{Title: nasty}, {Title: "n", Number: true}},
		Rows: [][]Cell{{{Text: nasty, Sort: nasty}, {Text: "1", Sort: "1", Mark: Worse}}}, Tools: true, Fold: nasty,
	}
	axis := Axis{Label: nasty, Ticks: []Tick{{0, "0"}, {0.5, nasty}, {0.7, ""}, {1, "1"}}}
	figure := func(c Chart) Figure {
		return Figure{Title: nasty, Description: nasty, Caption: nasty, Chart: c, Data: table}
	}
	return Page{Title: nasty, Reports: []Report{{Headline: nasty, Badge: nasty, Lead: []string{nasty}, Sections: []Section{{
		ID: "a", Title: nasty, Blocks: []Block{{
			Heading: nasty, Text: []string{nasty}, Notices: []string{nasty}, Points: []Point{{Same, nasty}}, Facts: []Fact{{nasty, nasty}}, Code: nasty, Table: table,
			Figures: []Figure{
				figure(Bars{Axis: axis, Zero: 0.5, Shade: [2]float64{0.4, 0.6}, Groups: []BarGroup{{nasty, []Bar{{Name: nasty, At: 0.2, Low: 0.1, High: 0.3, Number: nasty}, {Name: "x", Missing: true}}}}}),
				figure(Strip{Axis: axis, Rows: []StripRow{{Name: nasty, Note: nasty, Series: 7, Kept: []float64{0.1, 0.1, 0.2}, Cut: []float64{1}, HasMean: true, Mean: 0.1, Low: 0, High: 0.2}}}),
				figure(Stack{Axis: axis, Parts: []string{nasty, "b"}, Groups: []StackGroup{{nasty, []StackRow{{nasty, nasty, []float64{0.2, 0.1}}}}}}),
				figure(Scatter{X: axis, Y: axis, Series: []ScatterSeries{{Name: nasty, Series: 3, Kept: [][2]float64{{0, 1}}, Cut: [][2]float64{{1, 0}}, HasMean: true, Mean: 0.5}}}),
			},
		}},
	}}}}}
}

func render(t *testing.T, p Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestNothingInAPageBecomesMarkup(t *testing.T) {
	page := render(t, samplePage())
	if strings.Count(page, "<script>") != 1 || strings.Count(page, "</script>") != 1 || strings.Contains(page, "<b>") {
		t.Error("text became markup")
	}
	if strings.Contains(page, "ZgotmplZ") || strings.Contains(page, "style=") {
		t.Error("the template refused a value, or wrote a style attribute")
	}
	if page != render(t, samplePage()) {
		t.Error("the same page gives other bytes")
	}
}

// The policy names the very bytes of the style and the script in the page.
func TestThePolicyFitsThePage(t *testing.T) {
	page := render(t, samplePage())
	for _, element := range []string{"style", "script"} {
		_, rest, _ := strings.Cut(page, "<"+element+">")
		content, _, _ := strings.Cut(rest, "</"+element+">")
		if len(content) < 500 || !strings.Contains(page, element+"-src '"+hash(content)+"'") {
			t.Errorf("the policy does not allow the page's own %s", element)
		}
	}
	if !strings.Contains(page, `content="default-src 'none';`) {
		t.Error("the policy allows more than it must")
	}
	if regexp.MustCompile(`(?i)(src|href)="(https?:)?//|url\(|@import`).MatchString(page) {
		t.Error("the page loads something")
	}
}

func TestWithoutScriptThePageIsWhole(t *testing.T) {
	page := render(t, samplePage())
	if strings.Contains(page, "<button") || !strings.Contains(page, `class="tools" data-for="table-1" hidden`) {
		t.Error("what needs script shows without it")
	}
}

func TestChartsAreWellFormed(t *testing.T) {
	for _, f := range samplePage().Reports[0].Sections[0].Blocks[0].Figures {
		svg := string(f.Chart.draw().svg("id", f.Title, f.Description))
		names := map[string]int{}
		d := xml.NewDecoder(strings.NewReader(svg))
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%T: %v in %s", f.Chart, err, svg)
			}
			if e, ok := token.(xml.StartElement); ok {
				names[e.Name.Local]++
			}
		}
		if names["svg"] != 1 || names["title"] != 1 || names["desc"] != 1 || names["text"] < 4 || strings.Contains(svg, "NaN") {
			t.Errorf("%T: %v", f.Chart, names)
		}
	}
}

func TestWriteErrorsComeBack(t *testing.T) {
	r, w := io.Pipe()
	full := errors.New("full")
	r.CloseWithError(full)
	if err := Write(w, samplePage()); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
}
