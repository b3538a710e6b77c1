package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"regexp"
	"strconv"
	"time"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/dtbench/dtbench/results"
)

// dotsPerInch of PNG charts: sharp at twice the size of the usual screen.
const dotsPerInch = 144

// SVG is a Reporter that draws the paper's Fig. 4: the change in time by
// scenario, cold and hot, in percent of the baseline, with 95 % intervals as
// error bars and the number written on each bar. It returns ErrNoChart when
// the file holds no time overhead.
func SVG(w io.Writer, f *results.File, o Options) error {
	c, err := newChart(f, o)
	if err != nil {
		return err
	}
	return c.write(w, vgsvg.New(c.width, c.height), c.finishSVG)
}

// PNG is SVG as a bitmap of 144 dots per inch.
func PNG(w io.Writer, f *results.File, o Options) error {
	c, err := newChart(f, o)
	if err != nil {
		return err
	}
	canvas := vgimg.NewWith(vgimg.UseWH(c.width, c.height), vgimg.UseDPI(dotsPerInch))
	return c.write(w, vgimg.PngCanvas{Canvas: canvas}, nil)
}

// PDF is SVG as a page of the chart's size, dated when the run finished.
// Characters outside Windows-1252 come out as dots.
func PDF(w io.Writer, f *results.File, o Options) error {
	c, err := newChart(f, o)
	if err != nil {
		return err
	}
	return c.write(w, vgpdf.New(c.width, c.height), func(b []byte) []byte { return datePDF(b, f.Environment.Finished) })
}

// write draws and writes; adjust, where given, changes the encoded bytes.
func (c *chart) write(w io.Writer, canvas interface {
	vg.Canvas
	io.WriterTo
}, adjust func([]byte) []byte,
) error {
	c.draw(canvas)
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
func (c *chart) finishSVG(b []byte) []byte {
	b = svgText.ReplaceAllFunc(b, func(element []byte) []byte {
		m := svgText.FindSubmatch(element)
		size, err := strconv.ParseFloat(string(m[2]), 64)
		if err != nil {
			return element
		}
		width := style(size, ink, text.XLeft, text.YTop).Width(html.UnescapeString(string(m[3]))).Points()
		return fmt.Appendf(nil, `<text textLength="%.2f" lengthAdjust="spacingAndGlyphs" %s>%s</text>`, width, m[1], m[3])
	})
	b = bytes.ReplaceAll(b, []byte("font-family:Liberation Sans;"), []byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
	var title bytes.Buffer
	title.WriteString("<title>")
	// Escaping into a bytes.Buffer cannot fail.
	_ = xml.EscapeText(&title, []byte(c.title+" ("+c.subtitle+")"))
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
