package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// The elements of JUnit's XML as CI systems read it: Jenkins, GitLab, GitHub
// actions that publish test results.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Timestamp  string          `xml:"timestamp,attr,omitempty"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
		Out        string          `xml:"system-out,omitempty"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure"`
		Out     string        `xml:"system-out,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// writeJUnit writes JUnit XML: a suite per file, a case per cell of its
// experiment. A cell that is missing or incomplete is a failure; an overhead is
// none, since a report judges no threshold. The time of a case is the sum of
// its invocations' totals in seconds, and 0 where nothing ran.
func writeJUnit(w io.Writer, files []Source, o Options) error {
	root := junitSuites{Name: "dtbench"}
	var seconds float64
	for _, s := range files {
		a, err := s.analyse(o)
		if err != nil {
			return err
		}
		suite, spent := a.junitSuite(s.Name)
		root.Tests += suite.Tests
		root.Failures += suite.Failures
		seconds += spent
		root.Suites = append(root.Suites, suite)
	}
	root.Time = secondsText(seconds)
	data, err := xml.MarshalIndent(root, "", "  ")
	if err != nil {
		return fmt.Errorf("encode JUnit: %w", err)
	}
	_, err = io.WriteString(w, xml.Header+string(data)+"\n")
	return err
}

func (a *analysis) junitSuite(name string) (junitSuite, float64) {
	e := a.file.Experiment
	suite := junitSuite{Name: clean(strings.TrimSpace(fmt.Sprintf("dtbench %s (%s) %s", e.Platform, e.Provenance, name)))}
	if t := a.file.Environment.Started; !t.IsZero() {
		suite.Timestamp = t.UTC().Format("2006-01-02T15:04:05")
	}
	for _, p := range [][2]string{
		{"platform", e.Platform},
		{"provenance", string(e.Provenance)},
		{"status", string(a.file.Status)},
		{"metric", string(a.metric)},
		{"commit", a.file.Tool.Commit},
	} {
		suite.Properties = append(suite.Properties, junitProperty{p[0], clean(p[1])})
	}
	var all float64
	for _, s := range a.slots() {
		var spent float64
		c := junitCase{Class: clean("dtbench." + e.Platform + "." + s.scenario), Name: clean(s.variant + " " + string(s.start))}
		if s.cell != nil {
			for _, sample := range s.cell.Samples {
				if a.observed() {
					spent += sample.TotalMS / 1000
				}
			}
			if figures := s.cell.sentence(a.metric); figures != "" {
				c.Out = a.marked(figures)
			}
		}
		if s.problem != "" {
			kind := "incomplete"
			if s.cell == nil {
				kind = "missing"
			}
			c.Failure = &junitFailure{Message: clean(s.problem), Type: kind, Text: clean(s.problem)}
			suite.Failures++
		}
		c.Time = secondsText(spent)
		all += spent
		suite.Cases = append(suite.Cases, c)
	}
	suite.Tests, suite.Time = len(suite.Cases), secondsText(all)
	suite.Out = strings.Join(a.notices(), "\n")
	return suite, all
}

// sentence gives the headline figures of a cell in words.
func (c *cell) sentence(m Metric) string {
	var parts []string
	if s := c.timeMS; s != nil {
		parts = append(parts, fmt.Sprintf("time (%s) %s ms, 95 %% interval %s to %s ms", m, quantity(s.TrimmedMean), quantity(s.CI95[0]), quantity(s.CI95[1])))
	}
	if s := c.memoryMB; s != nil {
		parts = append(parts, fmt.Sprintf("memory %s MB, 95 %% interval %s to %s MB", quantity(s.TrimmedMean), quantity(s.CI95[0]), quantity(s.CI95[1])))
	}
	return strings.Join(parts, "; ")
}

func secondsText(s float64) string {
	return fmt.Sprintf("%.6f", time.Duration(s*float64(time.Second)).Seconds())
}
