package html

import (
	"fmt"
	"html"
	"html/template"
	"strconv"
	"strings"
)

// Charts are drawn for a width of 360 units, which is that of a phone: there a
// unit is about a pixel and the text of 12 units is read without zooming.
const (
	chartWidth = 360.0
	lineHeight = 16.0
	colours    = 6
)

// drawing collects the elements of an SVG. All text goes through text, which
// escapes it; colours are classes of the page's style sheet, so that they
// follow its scheme.
type drawing struct {
	b      strings.Builder
	height float64
}

// num writes a coordinate with at most two decimals.
func num(v float64) string {
	s := strconv.FormatFloat(v, 'f', 2, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

func (d *drawing) text(x, y float64, class, s string) {
	fmt.Fprintf(&d.b, `<text x="%s" y="%s" class="%s">%s</text>`, num(x), num(y), class, html.EscapeString(s))
}

func (d *drawing) line(x1, y1, x2, y2 float64, class string) {
	d.path(class, "M"+num(x1)+" "+num(y1)+"L"+num(x2)+" "+num(y2))
}

func (d *drawing) path(class, data string) {
	if data != "" {
		fmt.Fprintf(&d.b, `<path class="%s" d="%s"/>`, class, data)
	}
}

func (d *drawing) rect(x, y, width, height float64, class string) {
	fmt.Fprintf(&d.b, `<rect x="%s" y="%s" width="%s" height="%s" class="%s"/>`, num(x), num(y), num(max(0, width)), num(height), class)
}

// whisker draws an interval with caps at the height y.
func (d *drawing) whisker(x1, x2, y float64, class string) {
	d.path(class, fmt.Sprintf("M%s %sv8m0-4H%sm0-4v8", num(x1), num(y-4), num(x2)))
}

// axis draws a horizontal axis with its grid above: from the left for a width,
// the grid from top to y. It returns where the drawing goes on below.
func (d *drawing) axis(a Axis, left, width, top, y float64) float64 {
	d.line(left, y, left+width, y, "axis")
	for _, t := range a.Ticks {
		x := left + t.At*width
		d.line(x, y, x, y+4, "axis")
		if t.Label == "" {
			continue
		}
		d.line(x, top, x, y, "grid")
		d.text(x, y+lineHeight, anchor(x, t.Label), t.Label)
	}
	d.text(left+width/2, y+2*lineHeight, "middle faint", a.Label)
	return y + 2*lineHeight + 6
}

// anchor keeps the label of a tick near an edge inside the drawing.
func anchor(x float64, label string) string {
	half := 4 * float64(len(label))
	switch {
	case x+half > chartWidth:
		return "end"
	case x-half < 0:
		return ""
	}
	return "middle"
}

// marker is the outline of a mark around the current point, by series.
func marker(series int, r float64) string {
	f := func(v float64) string { return num(v * r) }
	switch series % colours {
	case 0: // circle
		return "m" + f(-1) + " 0a" + f(1) + " " + f(1) + " 0 1 0 " + f(2) + " 0a" + f(1) + " " + f(1) + " 0 1 0 " + f(-2) + " 0"
	case 1: // diamond
		return "m0 " + f(-1.3) + "l" + f(1.3) + " " + f(1.3) + " " + f(-1.3) + " " + f(1.3) + " " + f(-1.3) + " " + f(-1.3) + "z"
	case 2: // square
		return "m" + f(-0.9) + " " + f(-0.9) + "h" + f(1.8) + "v" + f(1.8) + "h" + f(-1.8) + "z"
	case 3: // triangle
		return "m0 " + f(-1.2) + "l" + f(1.2) + " " + f(2.1) + "h" + f(-2.4) + "z"
	case 4: // triangle on its tip
		return "m0 " + f(1.2) + "l" + f(1.2) + " " + f(-2.1) + "h" + f(-2.4) + "z"
	}
	// plus, filled
	return "m" + f(-0.4) + " " + f(-1.2) + "h" + f(0.8) + "v" + f(0.8) + "h" + f(0.8) + "v" + f(0.8) + "h" + f(-0.8) + "v" + f(0.8) + "h" + f(-0.8) + "v" + f(-0.8) + "h" + f(-0.8) + "v" + f(-0.8) + "h" + f(0.8) + "z"
}

// cross marks a sample that was dropped.
func cross(r float64) string {
	return fmt.Sprintf("m%s %sl%s %sm0 %sl%s %s", num(-r), num(-r), num(2*r), num(2*r), num(-2*r), num(-2*r), num(2*r))
}

// shorten cuts s to about the width in units, with an ellipsis: 8 units per
// character are enough for bold text, except for one of nothing but capitals.
func shorten(s string, width float64) string {
	r := []rune(s)
	if most := int(width / 8); len(r) > most {
		return strings.TrimRight(string(r[:max(0, most-1)]), " ") + "…"
	}
	return s
}

// svg is the drawing as an element with a name and a description.
func (d *drawing) svg(id, title, description string) template.HTML {
	return template.HTML(fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" role="img" aria-labelledby="%s-title %s-desc"><title id="%s-title">%s</title><desc id="%s-desc">%s</desc>%s</svg>`,
		num(chartWidth), num(d.height), id, id, id, html.EscapeString(title), id, html.EscapeString(description), d.b.String()))
}
