package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/dtbench/dtbench/platforms/local"
	"github.com/dtbench/dtbench/report"
	reproductionreport "github.com/dtbench/dtbench/report/reproduction"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/profiles"
	"github.com/dtbench/dtbench/results/reference"
	"github.com/dtbench/dtbench/results/reproduction"
	"github.com/dtbench/dtbench/runner/profile"
	"github.com/dtbench/dtbench/scenarios/python"
)

// Names of what was measured, in the folder of a reproduction.
const (
	fileRunGo      = "run-go.json"
	fileRunPython  = "run-python.json"
	fileSamples    = "samples-paper-python.json"
	fileMicrocosts = "microcosts.json"
)

// profileProcesses is how many processes each series of a fresh profile has:
// enough to bound a median, in a quarter of a minute.
const profileProcesses = 11

// runs measures what --platform local or --measure ask for.
func (r *reproducing) runs(ctx context.Context, d *reproductionreport.Document) error {
	if d.Method != reproductionreport.Measured && !r.flags.measure {
		return nil
	}
	if runtime.GOOS != "linux" {
		return local.ErrUnsupported
	}
	runtimes := []string{runtimeGo}
	if d.Method == reproductionreport.Measured {
		if _, err := python.Find(ctx); err == nil {
			runtimes = append(runtimes, runtimePython)
		} else {
			d.Notices = append(d.Notices, fmt.Sprintf("No functions in Python were run: %v.", err))
		}
	}
	for _, language := range runtimes {
		name := map[string]string{runtimeGo: fileRunGo, runtimePython: fileRunPython}[language]
		r.say("running the experiment with functions in %s", language)
		file, err := r.run(ctx, name, language)
		if err != nil {
			return err
		}
		r.files[name] = file
		for _, w := range file.Warnings {
			d.Notices = append(d.Notices, fmt.Sprintf("Run with functions in %s: %s", language, w))
		}
	}
	if d.Method == reproductionreport.Measured {
		d.Experiment = r.files[fileRunGo].Experiment
		for _, name := range []string{fileRunGo, fileRunPython} {
			if file := r.files[name]; file != nil {
				d.Runs = append(d.Runs, file)
			}
		}
		d.Rows, d.Changes = measuredRows(d)
	}
	return nil
}

// measuredRows shows each run's scenario beside every table of that scenario.
func measuredRows(d *reproductionreport.Document) (rows []reproduction.Row, changes []reproduction.Change) {
	for _, t := range d.Published.Tables {
		for _, f := range d.Runs {
			language := f.Experiment.Runtime
			for _, variant := range []string{report.Baseline, "optimized"} {
				row := reproduction.Row{Table: t.Number, Variant: variant, Basis: reproduction.BasisMeasured, Profile: language}
				for _, start := range []results.Start{results.Cold, results.Hot} {
					if c := f.Cell(results.CellKey{Scenario: t.Scenario, Variant: variant, Start: start}); c != nil && c.TimeMS != nil && c.MemoryMB != nil {
						row.Set(start, reproduction.Figures{TimeMS: c.TimeMS.TrimmedMean, MemoryMB: c.MemoryMB.TrimmedMean})
					}
				}
				rows = append(rows, row)
			}
			for _, o := range f.Overheads {
				if o.Scenario == t.Scenario {
					one := *f
					one.Overheads = []results.Overhead{o}
					changes = append(changes, overheads(&one, t.Number, reproduction.BasisMeasured, language)...)
				}
			}
		}
	}
	return rows, changes
}

// run measures the experiment with the default flags of dtbench run into a file
// of the folder.
func (r *reproducing) run(ctx context.Context, name, language string) (*results.File, error) {
	f := &runFlags{}
	f.define(&cobra.Command{}) // for the defaults
	f.platform, f.runtime, f.seed, f.out, f.quiet = local.Name, language, r.flags.seed, r.folder.path(name), r.flags.quiet
	p, err := r.check(f)
	if err != nil {
		return nil, err
	}
	out := &output{paths: p.paths}
	_, err = r.app.measure(ctx, f, p, []*output{out})
	if err != nil {
		return nil, err
	}
	if err := report.Summarise(out.file, report.Options{}); err != nil {
		return nil, err
	}
	for _, c := range out.file.Cells {
		if len(c.Samples) < out.file.Experiment.Runs {
			return nil, &failure{code: codePartial, err: fmt.Errorf("functions in %s: %s/%s %s has %d of %d samples", language, c.Scenario, c.Variant, c.Start, len(c.Samples), out.file.Experiment.Runs), hint: "dtbench run shows the reasons"}
		}
	}
	return out.file, os.Remove(out.paths.journal)
}

// evidenceRuns are the runs that claims are judged by: fresh ones, else the
// stored one.
func (r *reproducing) evidenceRuns(d *reproductionreport.Document) (list []*results.File, err error) {
	for _, name := range []string{fileRunGo, fileRunPython} {
		if file := r.files[name]; file != nil {
			list = append(list, file)
		}
	}
	if len(list) > 0 { // fresh and stored ones are not mixed
		return list, nil
	}
	for _, load := range []func() (*results.File, error){reference.Local, reference.Python} {
		stored, err := load()
		if err != nil {
			return nil, err
		}
		list = append(list, stored)
		d.Notices = append(d.Notices, fmt.Sprintf("Measured evidence: the stored reference run of the functions in %s, %s on %s, dtbench commit %.12s; --platform local takes a fresh one.",
			stored.Experiment.Runtime, stored.Environment.Started.UTC().Format(time.DateOnly), stored.Environment.CPU, stored.Tool.Commit))
	}
	return list, nil
}

// profiles takes the cost profiles, stored or fresh.
func (r *reproducing) profiles(ctx context.Context, d *reproductionreport.Document) error {
	for _, name := range reproduction.Profiles() {
		p, err := r.freshProfile(ctx, name)
		switch {
		case errors.Is(err, python.ErrMissing):
			d.Notices = append(d.Notices, fmt.Sprintf("The cost profile %s is the stored one: %v.", name, err))
		case err != nil:
			return err
		case p != nil:
			d.Profiles = append(d.Profiles, reproductionreport.CostProfile{Profile: *p, Fresh: true})
			continue
		}
		stored, err := profiles.Load(name)
		if err != nil {
			return err
		}
		d.Profiles = append(d.Profiles, reproductionreport.CostProfile{Profile: stored})
	}
	return nil
}

// freshProfile measures a profile where --measure asks for it, else returns nil.
func (r *reproducing) freshProfile(ctx context.Context, name string) (*profiles.Profile, error) {
	if !r.flags.measure {
		return nil, nil
	}
	if name == profiles.Go {
		p, err := profiles.FromRun(r.files[fileRunGo])
		return &p, err
	}
	r.say("measuring the Python stand-in in processes of its own")
	tool := thisTool()
	samples, err := profile.Python(ctx, profile.Options{
		Processes: profileProcesses, Command: r.flags.command(), Version: tool.Version, Commit: tool.Commit, Dirty: tool.Dirty, Seed: r.flags.seed,
	})
	if err != nil {
		return nil, err
	}
	r.samples = samples
	p, err := profiles.FromSamples(samples)
	return &p, err
}
