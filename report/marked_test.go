package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"regexp"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/results"
)

// Every table and chart that shows figures which nobody measured says so in its
// title, in every format that has titles.
func TestTitlesSayThatNothingWasMeasured(t *testing.T) {
	render := func(name string, p results.Provenance) string {
		t.Helper()
		f := normal(t)
		f.Experiment.Provenance = p
		for i := range f.Cells {
			for j := range f.Cells[i].Samples {
				s := &f.Cells[i].Samples[j]
				reported, throttled := s.TotalMS, 0.3*s.TotalMS
				s.ReportedMS, s.ThrottledMS = &reported, &throttled
			}
		}
		var b bytes.Buffer
		var err error
		if chart, chartErr := ChartFor("x." + name); chartErr == nil {
			err = chart(&b, f, Options{})
		} else {
			err = Write(&b, name, []Source{{File: f}}, Options{})
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return b.String()
	}
	titles := map[string]*regexp.Regexp{
		"text":             regexp.MustCompile(`(?m)^.*(?: on .*time:|overhead of|Throttled share).*$`),
		"markdown":         regexp.MustCompile(`(?m)^##? .*$`),
		"html":             regexp.MustCompile(`<(?:caption|p class="title") id=.*?</(?:caption|p)>`),
		"latex":            regexp.MustCompile(`\\caption\{.*`),
		"svg":              regexp.MustCompile(`<title>.*?</title>`),
		"benchmark-action": regexp.MustCompile(`"name": ".*"`),
		"junit":            regexp.MustCompile(`<testsuite [^>]*name="[^"]*"`),
		"gobench":          regexp.MustCompile(`(?m)^provenance: .*$`),
	}
	least := map[string]int{"text": 5, "markdown": 4, "html": 8, "latex": 4, "svg": 1, "benchmark-action": 8, "junit": 1, "gobench": 1}
	exempt := regexp.MustCompile(`Notices|Binaries that were measured`) // no figures of samples
	for name, pattern := range titles {
		for _, p := range []results.Provenance{results.Simulated, results.Replayed} {
			found := 0
			for _, title := range pattern.FindAllString(render(name, p), -1) {
				if exempt.MatchString(title) {
					continue
				}
				found++
				if !strings.Contains(title, string(p)) {
					t.Errorf("%s: %q does not say %s", name, title, p)
				}
			}
			if found < least[name] {
				t.Errorf("%s: only %d titles were found, at least %d are expected", name, found, least[name])
			}
		}
		for _, title := range pattern.FindAllString(render(name, results.Measured), -1) {
			if strings.Contains(title, "simulated") || strings.Contains(title, "replayed") {
				t.Errorf("%s: measured data are called something else: %q", name, title)
			}
		}
	}
	// Formats without titles carry it as a field.
	if csv := render("csv", results.Simulated); strings.Count(csv, ",simulated,") != strings.Count(csv, "\n")-1 {
		t.Error("a row of CSV does not say simulated")
	}
	var f results.File
	if err := json.Unmarshal([]byte(render("json", results.Simulated)), &f); err != nil || f.Experiment.Provenance != results.Simulated {
		t.Errorf("JSON: %s, %v", f.Experiment.Provenance, err)
	}
	if err := xml.Unmarshal([]byte(render("svg", results.Simulated)), new(struct{})); err != nil {
		t.Error(err)
	}
}

func TestTheReportSaysWhatASimulationRestsOn(t *testing.T) {
	f := normal(t)
	f.Experiment.Provenance = results.Simulated
	f.Experiment.Preset, f.Experiment.Profile, f.Experiment.ParametersSHA256 = "central", "paper-python", strings.Repeat("ab", 32)
	for i := range f.Cells {
		for j := range f.Cells[i].Samples {
			f.Cells[i].Samples[j].ReportedMS = &f.Cells[i].Samples[j].TotalMS
		}
	}
	for _, name := range []string{"text", "markdown", "html", "latex"} {
		var b bytes.Buffer
		if err := Write(&b, name, []Source{{File: f}}, Options{}); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"preset central", "paper-python", "abababababab"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s does not say %q", name, want)
			}
		}
	}
}
