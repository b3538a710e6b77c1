package report

import (
	"io"

	"github.com/dtbench/dtbench/report/internal/figure"
	"github.com/dtbench/dtbench/results"
)

// SVG is a Reporter that draws the paper's Fig. 4: the change in time by
// scenario, cold and hot, in percent of the baseline, with 95 % intervals as
// error bars and the number written on each bar. It returns ErrNoChart when
// the file holds no time overhead.
func SVG(w io.Writer, f *results.File, o Options) error {
	c, err := newChart(f, o)
	if err != nil {
		return err
	}
	return c.figure().SVG(w)
}

// PNG is SVG as a bitmap of 144 dots per inch.
func PNG(w io.Writer, f *results.File, o Options) error {
	c, err := newChart(f, o)
	if err != nil {
		return err
	}
	return c.figure().PNG(w)
}

// PDF is SVG as a page of the chart's size, dated when the run finished.
// Characters outside Windows-1252 come out as dots.
func PDF(w io.Writer, f *results.File, o Options) error {
	c, err := newChart(f, o)
	if err != nil {
		return err
	}
	return c.figure().PDF(w, f.Environment.Finished)
}

func (c *chart) figure() figure.Figure {
	return figure.Figure{Width: c.width, Height: c.height, Title: c.title + " (" + c.subtitle + ")", Draw: c.draw}
}
