package reproduce

import (
	"fmt"
	"math"
	"runtime"

	"github.com/dtbench/dtbench/platforms/simulated/model"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
	"github.com/dtbench/dtbench/results/reproduction"
)

// Replayed is a published table drawn again from laws fitted to its own cells.
type Replayed struct {
	Table paper.Table
	// File holds one experiment of 15 draws per cell, for the reports that
	// measured data go through.
	File *results.File
	// Means are the cells' figures over Draws repeated experiments.
	Means []MeanCell
}

// MeanCell is the mean of repeated trimmed means with its standard error.
type MeanCell struct {
	Published              paper.Cell
	TimeMS, MemoryMB       float64
	TimeError, MemoryError float64
}

// Replay draws every published table again. Pinned, the trimmed means of each
// batch are the published figures to the last digit. tool signs the files. What
// comes out holds what was put in: it supports no claim. Errors: those of the
// model, which name the cell.
func Replay(o Options, preset string, pinned bool, tool results.Tool) ([]Replayed, string, error) {
	m, err := model.Replay(o.Parameters, model.Preset(preset), o.Published, pinned)
	if err != nil {
		return nil, "", err
	}
	var list []Replayed
	for _, t := range o.Published.Tables {
		r := Replayed{Table: t, File: replayFile(t, o, m, pinned, tool)}
		for _, c := range t.Cells {
			key := model.Cell{Platform: t.Platform, Scenario: t.Scenario, Variant: c.Variant, Start: c.Start}
			stream, err := m.Stream(o.Seed, key)
			if err != nil {
				return nil, "", err
			}
			r.File.Cells = append(r.File.Cells, replayCell(t, c, stream.Batch(paper.Runs), len(r.File.Cells)))
			mean, err := meanOf(m, o, key, c)
			if err != nil {
				return nil, "", err
			}
			r.Means = append(r.Means, mean)
		}
		list = append(list, r)
	}
	return list, m.ParameterHash(), nil
}

// replayFile is the result file of one table, without cells. Nothing ran, so what
// a run would say of functions and services says that.
func replayFile(t paper.Table, o Options, m *model.Model, pinned bool, tool results.Tool) *results.File {
	f := &results.File{
		Schema: results.Schema, Status: results.Complete, Tool: tool,
		// No time and no load: same seed, same bytes.
		Environment: results.Environment{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU()},
		Experiment: results.Experiment{
			Platform: t.Platform, Provenance: results.Replayed, Contract: "replayed", Runtime: "python", Scenarios: []string{t.Scenario},
			Variants: []string{benchmark, optimized}, Runs: paper.Runs, Trim: paper.Trim, Seed: o.Seed, MemoryMB: 512, VCPU: o.Parameters.Quota.VCPU,
			CPUPeriodMS: o.Parameters.Quota.PeriodMS, TimeoutS: 10, Limits: "none", SecretAccesses: map[string]int{}, Latency: "none", Store: "replayed", Target: "replayed",
			Preset: string(m.Preset()), ParametersSHA256: m.ParameterHash(), Pinned: pinned,
		},
	}
	for _, variant := range f.Experiment.Variants {
		f.Arms = append(f.Arms, results.Arm{Label: variant, Variant: variant, Functions: []results.Function{}})
	}
	return f
}

// replayCell turns draws into samples. The instances are numbered by run: the hot
// sample of a run follows its cold one.
func replayCell(t paper.Table, c paper.Cell, draws []model.Draw, cell int) results.Cell {
	out := results.Cell{Scenario: t.Scenario, Variant: c.Variant, Start: c.Start}
	for i, d := range draws {
		invocation := 1
		if c.Start == results.Hot {
			invocation = 3
		}
		reported := d.ReportedMS
		out.Samples = append(out.Samples, results.Sample{
			Order: cell*len(draws) + i + 1, Instance: fmt.Sprintf("replay-%s-%02d", c.Variant, i+1), Invocation: invocation,
			TotalMS: d.TotalMS, HandlerMS: d.WorkMS, ReportedMS: &reported, MemoryBytes: int64(math.Round(d.MemoryMB * 1e6)),
		})
	}
	return out
}

// meanOf repeats the experiment of one cell, with draws that are not those of the
// experiment in the file.
func meanOf(m *model.Model, o Options, key model.Cell, published paper.Cell) (MeanCell, error) {
	stream, err := m.Stream(o.Seed+1, key)
	if err != nil {
		return MeanCell{}, err
	}
	c := MeanCell{Published: published}
	var times, memories moments
	for range o.Draws {
		t, mb := stream.TrimmedMean(paper.Runs, paper.Trim)
		times.add(t)
		memories.add(mb)
	}
	c.TimeMS, c.TimeError = times.mean, times.standardError()
	c.MemoryMB, c.MemoryError = memories.mean, memories.standardError()
	return c, nil
}

// moments accumulates mean and variance by Welford's recurrence.
type moments struct {
	n             int
	mean, squares float64
}

func (m *moments) add(x float64) {
	m.n++
	delta := x - m.mean
	m.mean += delta / float64(m.n)
	m.squares += delta * (x - m.mean)
}

func (m *moments) variance() float64      { return m.squares / float64(max(1, m.n-1)) }
func (m *moments) standardError() float64 { return math.Sqrt(m.variance() / float64(max(1, m.n))) }

// ReplayRows are the rows of replayed tables: the experiment of 15 draws, as
// summarised in its file, and the mean over all repetitions. Cells without a
// summary stay empty.
func ReplayRows(list []Replayed, draws int) (out []reproduction.Row) {
	for _, r := range list {
		for _, variant := range []string{benchmark, optimized} {
			once := reproduction.Row{Table: r.Table.Number, Variant: variant, Basis: reproduction.BasisReplayed, Profile: fmt.Sprintf("%d draws", paper.Runs)}
			mean := reproduction.Row{Table: r.Table.Number, Variant: variant, Basis: reproduction.BasisReplayed, Profile: fmt.Sprintf("mean of %d", draws)}
			for _, c := range r.File.Cells {
				if c.Variant == variant && c.TimeMS != nil && c.MemoryMB != nil {
					once.Set(c.Start, reproduction.Figures{TimeMS: c.TimeMS.TrimmedMean, MemoryMB: c.MemoryMB.TrimmedMean})
				}
			}
			for _, c := range r.Means {
				if c.Published.Variant == variant {
					mean.Set(c.Published.Start, reproduction.Figures{TimeMS: c.TimeMS, MemoryMB: c.MemoryMB})
				}
			}
			out = append(out, once, mean)
		}
	}
	return out
}
