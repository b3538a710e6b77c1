package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dtbench/dtbench/platforms/local"
	"github.com/dtbench/dtbench/platforms/simulated/model"
	"github.com/dtbench/dtbench/report"
	"github.com/dtbench/dtbench/report/claims"
	reproductionreport "github.com/dtbench/dtbench/report/reproduction"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/profiles"
	"github.com/dtbench/dtbench/results/reference"
	"github.com/dtbench/dtbench/results/reproduction"
	"github.com/dtbench/dtbench/runner/microcosts"
	"github.com/dtbench/dtbench/runner/profile"
	"github.com/dtbench/dtbench/runner/reproduce"
	"github.com/dtbench/dtbench/scenarios/python"
)

// Names of what was measured, in the folder of a reproduction.
const (
	fileRunGo      = "run-go.json"
	fileRunPython  = "run-python.json"
	fileMicrocosts = "microcosts.json"
)

// profileProcesses is how many processes each series of a fresh profile has:
// enough to bound a median, in a quarter of a minute.
const profileProcesses = 11

// reproducing is one call of reproduce.
type reproducing struct {
	*app
	flags      *reproduceFlags
	folder     *stagedFolder
	parameters model.Parameters
	charts     []reproductionreport.Chart
	files      map[string]*results.File // result files to be written
	microcosts *results.Microcosts      // nil: the stored ones were used
}

// say is progress.
func (r *reproducing) say(format string, args ...any) {
	if !r.flags.quiet {
		r.note(format, args...)
	}
}

// document gathers everything that the reports show.
func (r *reproducing) document(ctx context.Context) (*reproductionreport.Document, error) {
	evidence, err := claims.Load()
	if err != nil {
		return nil, err
	}
	f := r.flags
	d := &reproductionreport.Document{
		Method: f.method(), Published: evidence.Published, Facts: evidence.Facts, Seed: f.seed, Preset: f.preset, Command: f.command(), Tool: thisTool(),
	}
	if d.Experiment, err = r.defaultExperiment(); err != nil {
		return nil, err
	}
	if evidence.Microcosts, err = reference.Microcosts(); err != nil {
		return nil, err
	}
	r.files = map[string]*results.File{}
	if err := r.runs(ctx, d); err != nil {
		return nil, err
	}
	if f.measure {
		r.say("measuring small costs in this process")
		if evidence.Microcosts, err = microcosts.Measure(ctx, microcosts.Options{}); err != nil {
			return nil, err
		}
		evidence.Microcosts.Tool = d.Tool
		r.microcosts = evidence.Microcosts
	}
	if evidence.Runs, err = r.evidenceRuns(d); err != nil {
		return nil, err
	}
	options := reproduce.Options{Parameters: r.parameters, Published: evidence.Published, Seed: f.seed, Draws: reproduce.Draws, Progress: r.progress()}
	if f.mode == modeReplay {
		err = r.replay(d, &evidence, options)
	} else {
		err = r.predict(ctx, d, &evidence, options)
	}
	if err != nil {
		return nil, err
	}
	r.say("judging the claims")
	return d, judge(d, evidence)
}

// judge evaluates every claim, once on all presets and once on each alone.
func judge(d *reproductionreport.Document, evidence claims.Evidence) (err error) {
	if d.Claims, err = claims.Judge(evidence); err != nil {
		return err
	}
	if len(d.Predictions) == 0 {
		return nil
	}
	d.ByPreset = map[string][]reproduction.Claim{}
	for _, preset := range reproduction.Presets() {
		alone := evidence
		alone.Simulated = nil
		for _, s := range evidence.Simulated {
			if s.Name == preset {
				alone.Simulated = append(alone.Simulated, s)
			}
		}
		if d.ByPreset[preset], err = claims.Judge(alone); err != nil {
			return err
		}
	}
	return nil
}

// predict fills the document with what the calibrated model gives.
func (r *reproducing) predict(ctx context.Context, d *reproductionreport.Document, evidence *claims.Evidence, o reproduce.Options) error {
	if err := r.profiles(ctx, d); err != nil {
		return err
	}
	for _, p := range d.Profiles {
		o.Profiles = append(o.Profiles, p.Profile)
	}
	r.say("repeating the experiment %d times in each cell, under %d presets and %d cost profiles", o.Draws, len(reproduction.Presets()), len(o.Profiles))
	list, err := reproduce.Predict(ctx, o)
	if err != nil {
		return err
	}
	d.Draws, d.Predictions = o.Draws, reproduce.Predictions(list)
	if d.Method == reproductionreport.Calibrated {
		d.Rows, d.Changes = reproduce.Rows(list, d.Preset), reproduce.Changes(list)
		d.Experiment.VCPU, d.Experiment.CPUPeriodMS = o.Parameters.Quota.VCPU, o.Parameters.Quota.PeriodMS
	}
	var hashes []string
	for _, s := range list {
		if hash := fmt.Sprintf("%.12s (%s)", s.Parameters, s.Profile); !slices.Contains(hashes, hash) {
			hashes = append(hashes, hash)
		}
		p := claims.Preset{Name: s.Preset, Profile: s.Profile, Provenance: results.Simulated}
		for _, c := range s.Cells {
			p.Cells = append(p.Cells, claims.Draws{
				Platform: c.Platform, Scenario: c.Scenario, Variant: c.Variant, Start: c.Start, TrimmedMeans: c.TrimmedMeans, CV: c.CV,
			})
		}
		evidence.Simulated = append(evidence.Simulated, p)
	}
	d.Parameters = strings.Join(hashes, ", ")
	d.Assumptions = assumptions(r.parameters)
	return nil
}

// assumptions are the parameters as the report lists them.
func assumptions(p model.Parameters) (list []reproductionreport.Assumption) {
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for _, v := range p.Values {
		list = append(list, reproductionreport.Assumption{
			Name: fmt.Sprintf("%s (%s)", v.Name, v.Unit), Low: number(v.Low), Central: number(v.Central), High: number(v.High),
			Source: v.Strength + ": " + v.Source,
		})
	}
	return list
}

// replay fills the document with draws from all published cells, by way of result
// files and the report that measured data go through.
func (r *reproducing) replay(d *reproductionreport.Document, evidence *claims.Evidence, o reproduce.Options) error {
	list, hash, err := reproduce.Replay(o, d.Preset, r.flags.pinned, d.Tool)
	if err != nil {
		return err
	}
	d.Parameters = hash[:12]
	for _, t := range list {
		if err := report.Summarise(t.File, report.Options{}); err != nil {
			return err
		}
		r.files[fmt.Sprintf("replay-table%d.json", t.Table.Number)] = t.File
		evidence.Runs = append(evidence.Runs, t.File)
		d.Changes = append(d.Changes, overheads(t.File, t.Table.Number, reproduction.BasisReplayed, "")...)
	}
	d.Rows = reproduce.ReplayRows(list, o.Draws)
	return nil
}

// overheads are the changes in time of a summarised file.
func overheads(f *results.File, table int, basis reproduction.Basis, profile string) (list []reproduction.Change) {
	for _, o := range f.Overheads {
		if o.Metric == results.MetricTime && o.Variant == "optimized" {
			list = append(list, reproduction.Change{
				Table: table, Start: o.Start, Basis: basis, Profile: profile,
				Percent: reproduction.Interval{Median: o.Percent, Low95: o.CI95[0], High95: o.CI95[1]},
			})
		}
	}
	return list
}

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
	if len(list) > 0 {
		return list, nil
	}
	stored, err := reference.Local()
	if err != nil {
		return nil, err
	}
	d.Notices = append(d.Notices, fmt.Sprintf("Measured evidence is the stored reference run of %s on %s, dtbench commit %.12s; --measure or --platform local take a fresh one.",
		stored.Environment.Started.UTC().Format(time.DateOnly), stored.Environment.CPU, stored.Tool.Commit))
	return []*results.File{stored}, nil
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
	p, err := profiles.FromSamples(samples)
	return &p, err
}

// defaultExperiment is the configuration that dtbench run has without flags: what
// the simulated functions are given, too.
func (r *reproducing) defaultExperiment() (results.Experiment, error) {
	f := &runFlags{}
	f.define(&cobra.Command{})
	f.platform = local.Name
	p, err := r.check(f)
	if err != nil {
		return results.Experiment{}, err
	}
	return p.experiment, nil
}

// thisTool is this executable.
func thisTool() results.Tool {
	t := results.Tool{Name: "dtbench", Version: moduleVersion(), Go: runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				t.Commit = s.Value
			case "vcs.modified":
				t.Dirty = s.Value == "true"
			}
		}
	}
	return t
}

// write makes the files of the folder.
func (r *reproducing) write(d *reproductionreport.Document) error {
	r.charts = []reproductionreport.Chart{{File: "fig4.svg", Title: "Change in time by scenario, published and reproduced"}}
	type file struct {
		name  string
		write func(io.Writer) error
	}
	files := []file{
		{"tables.md", func(w io.Writer) error { return reproductionreport.Tables(w, d) }},
		{"fig4.svg", func(w io.Writer) error { return reproductionreport.SVG(w, d) }},
		{"fig4.png", func(w io.Writer) error { return reproductionreport.PNG(w, d) }},
		{"claims.json", func(w io.Writer) error { return reproduction.WriteClaims(w, d.Claims) }},
		{"report.md", func(w io.Writer) error { return reproductionreport.Markdown(w, d, r.charts) }},
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

// progress tells quarters of a long computation.
func (r *reproducing) progress() func(done, total int) {
	if r.flags.quiet {
		return nil
	}
	told := 0
	return func(done, total int) {
		if quarter := 4 * done / total; quarter > told && quarter < 4 {
			told = quarter
			r.note("%d %% done", 25*quarter)
		}
	}
}
