// Package reproduce repeats the experiment of Liu et al., PeerJ Computer Science
// 11:e3029, 2025, on the simulated platforms as often as a distribution needs:
// predictions for the optimized rows of its Tables 3 to 6 from a model that has
// seen the benchmark rows alone, and replays of all rows.
//
// Everything follows from a seed. Each cell draws from a random stream of its
// own, so that neither another cell nor the number of processors changes it.
package reproduce

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"

	"github.com/dtbench/dtbench/platforms/simulated/model"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
	"github.com/dtbench/dtbench/results/profiles"
	"github.com/dtbench/dtbench/results/reproduction"
)

// Draws is how many repeated experiments stand behind each predicted figure.
const Draws = 20_000

// Options say what to predict.
type Options struct {
	Parameters model.Parameters
	Published  paper.Published
	Profiles   []profiles.Profile // of the token mechanism's cost
	Seed       uint64
	Draws      int // for each cell; tests take fewer than Draws
	// Progress, where given, is told after each part of the work how many of all
	// parts are done. It is called by one goroutine at a time.
	Progress func(done, total int)
}

// Simulation is the simulated platform under one preset and one cost profile.
type Simulation struct {
	Preset, Profile string
	Parameters      string // hash of what the model was made from
	Cells           []Cell // of all published tables, both variants, both starts
}

// Cell is what one cell gives when the experiment is repeated.
type Cell struct {
	Table              int
	Platform, Scenario string
	Variant            string
	Start              results.Start
	Time, Memory       Figure
	// TrimmedMeans are independent means of 13 of 15 invocations in ms; CV is the
	// coefficient of variation of single invocations within a batch.
	TrimmedMeans []float64
	CV           float64
}

// Figure is a published figure beside what the model gives for it, ms or MB.
type Figure struct {
	Published float64
	// Mean is the expectation of the published statistic; of a benchmark cell,
	// which was fitted, it is Published but for the draws.
	Mean float64
	// Predicted and P, the two-sided predictive p of Published, are those of
	// optimized cells only.
	Predicted reproduction.Interval
	P         float64
}

const (
	benchmark = "benchmark"
	optimized = "optimized"
)

// Predict calibrates the model on the published benchmark rows under every preset
// and draws every published cell. It reads optimized rows for Figure.Published
// and P alone. Errors: that of ctx, and those of the model, which name the cell.
func Predict(ctx context.Context, o Options) ([]Simulation, error) {
	var list []Simulation
	for _, preset := range model.Presets() {
		for _, profile := range o.Profiles {
			list = append(list, newSimulation(string(preset), profile.Name, o.Published))
		}
	}
	models := make([]*model.Model, len(list))
	var calibrations, draws []func() error
	for i := range list {
		s, profile := &list[i], o.Profiles[i%len(o.Profiles)]
		calibrations = append(calibrations, func() error {
			m, err := model.Calibrate(o.Parameters, model.Preset(s.Preset), o.Published, profile)
			if err != nil {
				return fmt.Errorf("preset %s, profile %s: %w", s.Preset, s.Profile, err)
			}
			models[i], s.Parameters = m, m.ParameterHash()
			return nil
		})
		for j := range s.Cells {
			if s.Cells[j].Variant == benchmark && i%len(o.Profiles) > 0 {
				continue // no profile enters it: the first has it
			}
			draws = append(draws, func() error { return s.Cells[j].draw(models[i], o) })
		}
	}
	if err := inParallel(ctx, calibrations, nil); err != nil {
		return nil, err
	}
	if err := inParallel(ctx, draws, o.Progress); err != nil {
		return nil, err
	}
	for i := range list {
		first := list[i-i%len(o.Profiles)]
		for j := range list[i].Cells {
			if list[i].Cells[j].Variant == benchmark {
				list[i].Cells[j] = first.Cells[j]
			}
		}
	}
	return list, nil
}

// newSimulation has every published cell, empty.
func newSimulation(preset, profile string, published paper.Published) Simulation {
	s := Simulation{Preset: preset, Profile: profile}
	for _, t := range published.Tables {
		for _, c := range t.Cells {
			s.Cells = append(s.Cells, Cell{
				Table: t.Number, Platform: t.Platform, Scenario: t.Scenario, Variant: c.Variant, Start: c.Start,
				Time: Figure{Published: c.TimeMS}, Memory: Figure{Published: c.MemoryMB},
			})
		}
	}
	return s
}

// draw fills the cell.
func (c *Cell) draw(m *model.Model, o Options) error {
	key := model.Cell{Platform: c.Platform, Scenario: c.Scenario, Variant: c.Variant, Start: c.Start}
	stream, err := m.Stream(o.Seed, key)
	if err != nil {
		return err
	}
	var times, memories moments
	c.TrimmedMeans = make([]float64, o.Draws)
	for i := range c.TrimmedMeans {
		ms, mb := stream.TrimmedMean(paper.Runs, paper.Trim)
		times.add(ms)
		memories.add(mb)
		c.TrimmedMeans[i] = ms
	}
	c.Time.Mean, c.Memory.Mean, c.CV = times.mean, memories.mean, variation(stream, min(o.Draws, 1000))
	if c.Variant == benchmark {
		return nil
	}
	time, memory, err := m.Predict(o.Seed, key, o.Draws)
	if err != nil {
		return err
	}
	c.Time.take(time)
	c.Memory.take(memory)
	return nil
}

func (f *Figure) take(p model.Predictive) {
	f.Predicted = reproduction.Interval{Median: p.Quantile(0.5), Low95: p.Quantile(0.025), High95: p.Quantile(0.975)}
	f.P = p.P(f.Published)
}

// variation is the coefficient of variation of single invocations: the root of
// the mean variance within batches over the mean.
func variation(s *model.Stream, batches int) float64 {
	total, squares := 0.0, 0.0
	for range batches {
		var m moments
		for _, d := range s.Batch(paper.Runs) {
			m.add(d.ReportedMS)
		}
		total += m.mean
		squares += m.variance()
	}
	return math.Sqrt(squares/float64(batches)) / (total / float64(batches))
}

// inParallel does the work on all processors, each part once. After an error, or
// the end of ctx, no further part begins.
func inParallel(ctx context.Context, work []func() error, progress func(done, total int)) error {
	parts := make(chan func() error)
	var wait sync.WaitGroup
	var lock sync.Mutex
	var failed error
	done := 0
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for part := range parts {
				err := part()
				lock.Lock()
				done++
				if failed == nil {
					failed = err
				}
				if progress != nil && err == nil {
					progress(done, len(work))
				}
				lock.Unlock()
			}
		})
	}
	for _, part := range work {
		lock.Lock()
		stop := failed != nil || ctx.Err() != nil
		lock.Unlock()
		if stop {
			break
		}
		parts <- part
	}
	close(parts)
	wait.Wait()
	if failed != nil {
		return failed
	}
	return context.Cause(ctx)
}
