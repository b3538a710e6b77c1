package main

import (
	"bytes"
	"io"

	"github.com/dtbench/dtbench/report/claims"
	"github.com/dtbench/dtbench/report/power"
	reproductionreport "github.com/dtbench/dtbench/report/reproduction"
	"github.com/dtbench/dtbench/report/survey"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/reproduction"
)

// fig4 is the chart that the report shows beside its tables.
var fig4 = []reproductionreport.Chart{{File: "fig4.svg", Title: "Change in time by scenario, published and reproduced"}}

// sections adds what other reports have to say: what 15 runs can show, and the
// survey.
func (r *reproducing) sections(d *reproductionreport.Document, evidence claims.Evidence) (err error) {
	r.survey = evidence.Survey
	if r.power, err = power.Analyse(power.Evidence{Published: evidence.Published, Presets: evidence.Simulated, Runs: evidence.Runs, Seed: r.flags.seed}); err != nil {
		return err
	}
	var powerText, surveyText bytes.Buffer
	if err := r.power.Markdown(&powerText); err != nil {
		return err
	}
	if err := survey.Markdown(&surveyText, r.survey); err != nil {
		return err
	}
	d.Sections = []reproductionreport.Section{
		{Title: "What 15 runs can and cannot show", Chart: &reproductionreport.Chart{File: "power.svg", Title: "The least change that 15 runs find, beside the published changes"}, Markdown: powerText.String()},
		{Title: "The survey, figures from the text only", Chart: &reproductionreport.Chart{File: "fig5.svg", Title: "Fig. 5 drawn again, figures from the text only"}, Markdown: surveyText.String()},
	}
	return nil
}

// write makes the files of the folder.
func (r *reproducing) write(d *reproductionreport.Document) error {
	type file struct {
		name  string
		write func(io.Writer) error
	}
	files := []file{
		{"tables.md", func(w io.Writer) error { return reproductionreport.Tables(w, d) }},
		{"fig4.svg", func(w io.Writer) error { return reproductionreport.SVG(w, d) }},
		{"fig4.png", func(w io.Writer) error { return reproductionreport.PNG(w, d) }},
		{"claims.json", func(w io.Writer) error { return reproduction.WriteClaims(w, d.Claims) }},
		{"fig5.svg", func(w io.Writer) error { return survey.SVG(w, r.survey) }},
		{"fig5.png", func(w io.Writer) error { return survey.PNG(w, r.survey) }},
		{"power.svg", r.power.SVG},
		{"power.png", r.power.PNG},
		{"report.md", func(w io.Writer) error { return reproductionreport.Markdown(w, d, fig4) }},
	}
	if len(d.Predictions) > 0 {
		files = append(files, file{"predictions.json", func(w io.Writer) error { return reproduction.WritePredictions(w, d.Predictions) }})
	}
	if r.microcosts != nil {
		files = append(files, file{fileMicrocosts, func(w io.Writer) error { return results.WriteMicrocosts(w, r.microcosts) }})
	}
	for name, f := range r.files {
		files = append(files, file{name, func(w io.Writer) error { return results.Write(w, f) }})
	}
	for _, f := range files {
		if err := r.folder.write(f.name, f.write); err != nil {
			return err
		}
	}
	return nil
}
