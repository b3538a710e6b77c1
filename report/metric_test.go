package report

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/results"
)

func TestMetricOfASample(t *testing.T) {
	ptr := func(v float64) *float64 { return &v }
	s := results.Sample{TotalMS: 10, ToHandlerMS: ptr(6), InitMS: ptr(4), HandlerMS: 3, ReportedMS: ptr(0)}
	check := func(m Metric, start results.Start, s results.Sample, want float64, wantOK bool) {
		t.Helper()
		if got, ok := m.Of(start, s); ok != wantOK || ok && got != want {
			t.Errorf("%s %s = %v, %v; want %v, %v", m, start, got, ok, want, wantOK)
		}
	}
	check(Total, results.Cold, s, 10, true)
	check(ToHandler, results.Cold, s, 6, true)
	check(InitHandler, results.Cold, s, 7, true)
	check(InitHandler, results.Hot, s, 3, true) // a warmed instance initialises nothing
	check(Reported, results.Hot, s, 0, true)    // metered as nothing is still metered
	check(Total, results.Cold, results.Sample{}, 0, false)
	check(ToHandler, results.Cold, results.Sample{}, 0, false)
	check(InitHandler, results.Cold, results.Sample{HandlerMS: 3}, 0, false)
	check(Reported, results.Hot, results.Sample{}, 0, false)
	check("watts", results.Hot, s, 0, false)
}

func TestParseMetric(t *testing.T) {
	for _, name := range []string{"total", "to_handler", "init+handler", "reported"} {
		m, err := ParseMetric(name)
		if err != nil || string(m) != name || m.Description() == "" {
			t.Errorf("%s: %q, %v", name, m, err)
		}
	}
	_, err := ParseMetric("Total")
	if !errors.Is(err, ErrMetric) || !strings.Contains(err.Error(), `"Total": choose total, to_handler, init+handler, reported`) {
		t.Errorf("%v", err)
	}
}

func TestDefaultMetric(t *testing.T) {
	for p, want := range map[results.Provenance]Metric{
		results.Measured: Total, results.Simulated: Reported, results.Replayed: Reported, results.Live: Reported,
	} {
		if got := DefaultMetric(p); got != want {
			t.Errorf("%s: %s, want %s", p, got, want)
		}
	}
}

func TestMetricChangesTheTables(t *testing.T) {
	f := single(t)
	if err := Summarise(f, Options{}); err != nil {
		t.Fatal(err)
	}
	total := f.Cells[0].TimeMS.TrimmedMean
	if err := Summarise(f, Options{Time: ToHandler}); err != nil {
		t.Fatal(err)
	}
	got := f.Cells[0].TimeMS
	if got.Metric != "to_handler" || math.Abs(got.TrimmedMean-0.6*total) > 1e-12 {
		t.Errorf("to_handler: %+v, want 0.6 of %v", got, total)
	}
	if text := string(render(t, Text, f, Options{Time: ToHandler})); !strings.Contains(text, "hello on local (measured), time: to_handler") {
		t.Error("the title does not name the metric")
	}
}

func TestMetricThatTheFileDoesNotHold(t *testing.T) {
	f := single(t)
	for i := range f.Cells {
		for j := range f.Cells[i].Samples {
			f.Cells[i].Samples[j].ReportedMS = nil
		}
	}
	stored := f.Cells[0].TimeMS
	for name, r := range map[string]Reporter{"text": Text, "markdown": Markdown, "svg": SVG} {
		var b bytes.Buffer
		err := r(&b, f, Options{Time: Reported})
		if !errors.Is(err, ErrNoMetric) || !strings.Contains(err.Error(), "none of its 60 samples has reported") || b.Len() > 0 {
			t.Errorf("%s: %v after %d bytes", name, err, b.Len())
		}
	}
	if err := Summarise(f, Options{Time: Reported}); !errors.Is(err, ErrNoMetric) || f.Cells[0].TimeMS != stored {
		t.Errorf("Summarise: %v", err)
	}
	if err := Summarise(f, Options{Time: "watts"}); !errors.Is(err, ErrMetric) {
		t.Errorf("watts: %v", err)
	}
}

func TestSamplesWithoutTheMetricAreLeftOutAloud(t *testing.T) {
	f := single(t)
	f.Cells[1].Samples[0].ToHandlerMS = nil
	f.Cells[1].Samples[4].ToHandlerMS = nil
	text := string(render(t, Text, f, Options{Time: ToHandler}))
	if !strings.Contains(text, "- hello benchmark hot: 2 of 15 samples without to_handler, left out.") ||
		!strings.Contains(text, "Mean of 11 to 13 of 13 to 15, 1 dropped at each end.") {
		t.Errorf("%s", text)
	}
}
