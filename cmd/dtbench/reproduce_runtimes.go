package main

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/dtbench/dtbench/report"
	reproductionreport "github.com/dtbench/dtbench/report/reproduction"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/profiles"
	"github.com/dtbench/dtbench/results/reference"
)

// runtimeSections adds what the prototype in Python costs beside the Go core, and
// the test of the overlap: measured for this report where that was asked for, else
// stored.
func (r *reproducing) runtimeSections(d *reproductionreport.Document) (err error) {
	inGo, inPython, source := r.files[fileRunGo], r.files[fileRunPython], "measured for this report"
	if inGo == nil || inPython == nil {
		source = "stored measurements"
		if inGo, err = reference.Local(); err != nil {
			return err
		}
		if inPython, err = reference.Python(); err != nil {
			return err
		}
	}
	add := func(title string, markdown func(io.Writer) error) error {
		var text bytes.Buffer
		if err := markdown(&text); err != nil {
			return err
		}
		d.Sections = append(d.Sections, reproductionreport.Section{Title: title, Markdown: text.String()})
		return nil
	}
	err = add("Whole functions in Python and in Go, side by side ("+source+")", func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "What the optimized variant adds to the benchmark, by trimmed means.\n\n")
		if err != nil {
			return err
		}
		if err := report.RuntimesTable(w, []report.Source{{File: inGo}, {File: inPython}}, report.Options{}); err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "\n%s %s\n", runSource(inGo), runSource(inPython))
		return err
	})
	if err != nil {
		return err
	}
	samples, source := r.samples, "measured for this report"
	if samples == nil {
		source = "stored measurement"
		if samples, err = profiles.LoadSamples(profiles.PaperPython); err != nil {
			return err
		}
	}
	return add("What a function has loaded anyway: the overlap in Python ("+source+")", func(w io.Writer) error {
		_, err := io.WriteString(w, "The model explains why the paper's hello world grew and its larger functions hardly did by overlap: what they have loaded, the token mechanism need not load. "+
			"Here real processes import the mechanism after something else; ω is the share of the cost in a bare process that is not to be paid. "+
			"It does not explain the published +8.00 MB of the cold storage function.\n\n")
		if err != nil {
			return err
		}
		return reproductionreport.OverlapTable(w, samples)
	})
}

// runSource says where a run was measured.
func runSource(f *results.File) string {
	language := f.Tool.Go
	if f.Tool.Python != "" {
		language = f.Tool.Python
	}
	text := fmt.Sprintf("Functions in %s: measured on %s, %d processors, %s, commit %.12s.", language, f.Environment.CPU, f.Environment.CPUs,
		f.Environment.Started.UTC().Format(time.DateOnly), f.Tool.Commit)
	for _, warning := range f.Warnings {
		text += " Warning: " + warning + "."
	}
	return text
}
