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

// sections adds what other reports have to say: the languages, the survey, and what 15 runs can
// show, which takes the spreads of the presets.
func (r *reproducing) sections(d *reproductionreport.Document, evidence claims.Evidence) (err error) {
	if err := r.runtimeSections(d); err != nil {
		return err
	}
	add := func(title string, chart reproductionreport.Chart, markdown func(io.Writer) error) error {
		var text bytes.Buffer
		if err := markdown(&text); err != nil {
			return err
		}
		d.Sections = append(d.Sections, reproductionreport.Section{Title: title, Chart: &chart, Markdown: text.String()})
		return nil
	}
	if len(evidence.Simulated) > 0 {
		r.power, err = power.Analyse(power.Evidence{Published: evidence.Published, Presets: evidence.Simulated, Runs: evidence.Runs, Seed: r.flags.seed})
		if err != nil {
			return err
		}
		err = add("What 15 runs can and cannot show", reproductionreport.Chart{File: "power.svg", Title: "The least change that 15 runs find, beside the published changes"}, r.power.Markdown)
		if err != nil {
			return err
		}
	}
	r.survey = evidence.Survey
	return add("The survey, figures from the text only", reproductionreport.Chart{File: "fig5.svg", Title: "Fig. 5 drawn again, figures from the text only"},
		func(w io.Writer) error { return survey.Markdown(w, r.survey) })
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
		{"report.md", func(w io.Writer) error { return reproductionreport.Markdown(w, d, fig4) }},
	}
	if len(d.Predictions) > 0 {
		files = append(files, file{"predictions.json", func(w io.Writer) error { return reproduction.WritePredictions(w, d.Predictions) }})
	}
	if r.power != nil {
		files = append(files, file{"power.svg", r.power.SVG}, file{"power.png", r.power.PNG})
	}
	if r.microcosts != nil {
		files = append(files, file{fileMicrocosts, func(w io.Writer) error { return results.WriteMicrocosts(w, r.microcosts) }})
	}
	if r.samples != nil {
		files = append(files, file{fileSamples, r.samples.Write})
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
