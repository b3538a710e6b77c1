package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
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
	"github.com/dtbench/dtbench/report/power"
	reproductionreport "github.com/dtbench/dtbench/report/reproduction"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/results/paper"
	"github.com/dtbench/dtbench/results/profiles"
	"github.com/dtbench/dtbench/results/reference"
	"github.com/dtbench/dtbench/results/reproduction"
	"github.com/dtbench/dtbench/runner/microcosts"
	"github.com/dtbench/dtbench/runner/reproduce"
)

// reproducing is one call of reproduce.
type reproducing struct {
	*app
	flags      *reproduceFlags
	folder     *stagedFolder
	parameters model.Parameters
	files      map[string]*results.File // result files to be written
	microcosts *results.Microcosts      // nil: the stored ones were used
	samples    *profiles.Samples        // of the Python stand-in; nil: the stored ones were used
	power      *power.Analysis
	survey     paper.Survey
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
	if evidence.Attacks, err = r.attackCells(d); err != nil {
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
	if err := judge(d, evidence); err != nil {
		return nil, err
	}
	return d, r.sections(d, evidence)
}

// attackCells are the outcomes that claims about security are judged by: those of
// the file that --attacks names, else the stored ones.
func (r *reproducing) attackCells(d *reproductionreport.Document) ([]attack.Cell, error) {
	path := r.flags.attacks
	if path == "" {
		stored, err := reference.Attacks()
		if err != nil {
			return nil, err
		}
		d.Notices = append(d.Notices, fmt.Sprintf("Evidence of attacks: the stored run of dtbench attack, %s on %s, dtbench commit %.12s; --attacks takes a fresh one.",
			stored.Environment.Started.UTC().Format(time.DateOnly), stored.Environment.CPU, stored.Tool.Commit))
		return stored.Cells, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, usagef("", "--attacks: %v", err)
	}
	defer file.Close()
	const hint = "make one with dtbench attack --format json --out FILE"
	matrix, err := attack.Read(file)
	if err != nil {
		return nil, usagef(hint, "%s: %w", path, err)
	}
	if len(matrix.Incidents) > 0 {
		return nil, usagef(hint, "%s holds incidents and no attacks", path)
	}
	expected, err := attack.Expected()
	if err != nil {
		return nil, err
	}
	d.Notices = append(d.Notices, fmt.Sprintf("Evidence of attacks: %s, %s on %s, dtbench commit %.12s: %d of the %d cells of the matrix.",
		filepath.Base(path), matrix.Environment.Started.UTC().Format(time.DateOnly), matrix.Environment.CPU, matrix.Tool.Commit, len(matrix.Cells), len(expected)))
	return matrix.Cells, nil
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
