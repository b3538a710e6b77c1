package figure

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"regexp"
	"strconv"
	"time"

	"golang.org/x/text/encoding/charmap"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"
)

// DotsPerInch of PNG charts: sharp at twice the size of the usual screen.
const DotsPerInch = 144

// Figure is a chart ready to be encoded. Same figure, same bytes.
type Figure struct {
	Width, Height vg.Length
	// Title says what the chart shows to those who cannot see it.
	Title string
	// Draw paints the whole chart on a canvas of its size.
	Draw func(vg.Canvas)
}

// SVG writes the figure as scalable graphics.
func (f Figure) SVG(w io.Writer) error {
	return f.write(w, vgsvg.New(f.Width, f.Height), f.finishSVG)
}

// PNG writes the figure as a bitmap of DotsPerInch.
func (f Figure) PNG(w io.Writer) error {
	canvas := vgimg.NewWith(vgimg.UseWH(f.Width, f.Height), vgimg.UseDPI(DotsPerInch))
	return f.write(w, vgimg.PngCanvas{Canvas: canvas}, nil)
}

// PDF writes the figure as a page of its size, dated as told. Characters outside
// Windows-1252 come out as dots.
func (f Figure) PDF(w io.Writer, dated time.Time) error {
	return f.write(w, westernPDF{vgpdf.New(f.Width, f.Height)}, func(b []byte) []byte { return datePDF(b, dated) })
}

// westernPDF encodes texts as the fonts of its pages have them. The canvas declares
// that encoding and writes the bytes of UTF-8.
type westernPDF struct{ *vgpdf.Canvas }

func (c westernPDF) FillString(face font.Face, at vg.Point, s string) {
	c.Canvas.FillString(face, at, western(s))
}

// western is s in Windows-1252, with a dot for what that lacks.
func western(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		c, ok := charmap.Windows1252.EncodeRune(r)
		if !ok {
			c = '.'
		}
		b = append(b, c)
	}
	return string(b)
}

// write draws and writes; adjust, where given, changes the encoded bytes.
func (f Figure) write(w io.Writer, canvas interface {
	vg.Canvas
	io.WriterTo
}, adjust func([]byte) []byte,
) error {
	f.Draw(canvas)
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return fmt.Errorf("encode chart: %w", err)
	}
	out := b.Bytes()
	if adjust != nil {
		out = adjust(out)
	}
	_, err := w.Write(out)
	return err
}

var svgText = regexp.MustCompile(`(?s)<text ([^>]*font-size:([0-9.]+)px[^>]*)>([^<]*)</text>`)

// finishSVG fits the drawing for readers without Liberation Sans, by naming
// fonts of the same metrics and the length of every text, and for those who
// cannot see it, by a title.
func (f Figure) finishSVG(b []byte) []byte {
	b = svgText.ReplaceAllFunc(b, func(element []byte) []byte {
		m := svgText.FindSubmatch(element)
		size, err := strconv.ParseFloat(string(m[2]), 64)
		if err != nil {
			return element
		}
		width := Style(size, Ink, text.XLeft, text.YTop).Width(html.UnescapeString(string(m[3]))).Points()
		return fmt.Appendf(nil, `<text textLength="%.2f" lengthAdjust="spacingAndGlyphs" %s>%s</text>`, width, m[1], m[3])
	})
	b = bytes.ReplaceAll(b, []byte("font-family:Liberation Sans;"), []byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
	var title bytes.Buffer
	title.WriteString("<title>")
	// Escaping into a bytes.Buffer cannot fail.
	_ = xml.EscapeText(&title, []byte(f.Title))
	title.WriteString("</title>\n<g ")
	return bytes.Replace(b, []byte("<g "), title.Bytes(), 1)
}

var pdfDate = regexp.MustCompile(`\(D:\d{14}\)`)

// datePDF replaces the time of drawing, which the PDF library puts into the
// document, by the time of the data: the same file gives the same bytes. The
// length stays, and with it the document's offsets.
func datePDF(b []byte, t time.Time) []byte {
	return pdfDate.ReplaceAll(b, []byte("(D:"+t.UTC().Format("20060102150405")+")"))
}
