// Package figure holds what every chart file is drawn with: colours, texts, the
// scale of percentages, and the encoding as SVG, PNG and PDF. It knows nothing
// of what a chart shows.
package figure

import (
	"image/color"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// Colours of Okabe and Ito's palette, which people with any colour vision tell
// apart; these two also differ in lightness, so a chart survives a grey print.
var (
	Cold    = color.RGBA{R: 0x00, G: 0x72, B: 0xB2, A: 0xFF}
	Hot     = color.RGBA{R: 0xE6, G: 0x9F, B: 0x00, A: 0xFF}
	HotEdge = color.RGBA{R: 0x8A, G: 0x5A, B: 0x00, A: 0xFF} // orange alone is 2.2 to 1 on white
	Ink     = color.RGBA{R: 0x22, G: 0x22, B: 0x22, A: 0xFF}
	Faint   = color.RGBA{R: 0x5A, G: 0x5A, B: 0x5A, A: 0xFF}
	Grid    = color.RGBA{R: 0xDD, G: 0xDD, B: 0xDD, A: 0xFF}
	Band    = color.RGBA{R: 0xF3, G: 0xF3, B: 0xF3, A: 0xFF}
)

// Style is a text of size points in the font that all charts use.
func Style(size float64, colour color.Color, x text.XAlignment, y text.YAlignment) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans"}
	return text.Style{Color: colour, Font: font.From(f, vg.Points(size)), XAlign: x, YAlign: y, Handler: plot.DefaultTextHandler}
}

// Caption is the style of the lines below a chart.
func Caption() text.Style { return Style(8, Faint, text.XLeft, text.YTop) }

// Rectangle is the outline between two corners.
func Rectangle(x0, y0, x1, y1 vg.Length) []vg.Point {
	return []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}
}

// Shorten cuts s, with an ellipsis, to the room.
func Shorten(s string, st text.Style, room vg.Length) string {
	if st.Width(s) <= room {
		return s
	}
	for r := []rune(s); len(r) > 0; r = r[:len(r)-1] {
		if cut := strings.TrimRight(string(r), " ") + "…"; st.Width(cut) <= room {
			return cut
		}
	}
	return "…"
}

// FitLines breaks s at spaces so that every line fits the width.
func FitLines(s string, st text.Style, width vg.Length) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		longer := strings.TrimSpace(line + " " + word)
		if line != "" && st.Width(longer) > width {
			lines = append(lines, line)
			longer = word
		}
		line = Shorten(longer, st, width)
	}
	return append(lines, line)
}
