package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/dtbench/dtbench/results"
)

// slot is a cell that the experiment promises.
type slot struct {
	scenario, variant string
	start             results.Start
	cell              *cell  // nil: the file lacks it
	problem           string // why it is incomplete, without a full stop; empty when it is complete
}

func (s slot) name() string {
	return s.scenario + " " + s.variant + " " + string(s.start)
}

// slots returns all cells of the experiment, in the file or not, by scenario,
// variant, start.
func (a *analysis) slots() []slot {
	runs := a.file.Experiment.Runs
	var out []slot
	for _, scenario := range a.scenarios {
		for _, variant := range a.variants {
			for _, start := range starts {
				s := slot{scenario: scenario, variant: variant, start: start, cell: a.find(scenario, variant, start)}
				switch c := s.cell; {
				case c == nil:
					s.problem = s.name() + " is missing"
				case len(c.Samples) < runs || c.Stopped != "":
					s.problem = fmt.Sprintf("%s has %d of %s", s.name(), len(c.Samples), count(runs, "sample"))
					if c.Stopped != "" {
						s.problem += ", stopped: " + c.Stopped
					}
					if c.timeMS == nil {
						s.problem += "; too few for a trimmed mean"
					}
				}
				out = append(out, s)
			}
		}
	}
	return out
}

// observation is one sample as a report shows it.
type observation struct {
	*results.Sample
	time    float64 // in the metric of the report, ms
	timed   bool    // the sample has the metric
	trimmed bool    // the trimmed mean of the cell's time drops it
}

// observations returns the samples of a cell in the order of the file. As many
// of the smallest and of the largest times as the experiment's trim says are
// marked.
func (a *analysis) observations(c *cell) []observation {
	out := make([]observation, len(c.Samples))
	var timed []int
	for i := range c.Samples {
		s := &c.Samples[i]
		ms, ok := a.metric.Of(c.Start, *s)
		out[i] = observation{Sample: s, time: ms, timed: ok}
		if ok {
			timed = append(timed, i)
		}
	}
	if c.timeMS == nil { // too few: nothing was dropped
		return out
	}
	slices.SortStableFunc(timed, func(i, j int) int { return cmp.Compare(out[i].time, out[j].time) })
	g := a.file.Experiment.Trim
	for k, i := range timed {
		out[i].trimmed = k < g || k >= len(timed)-g
	}
	return out
}

// memorySource says what the memory of a sample is.
func (a *analysis) memorySource() string {
	if a.file.Experiment.Provenance == results.Measured {
		return "vm_hwm"
	}
	return string(Reported)
}

// byOrder sorts observations by their place in the run.
func byOrder(list []observation) {
	slices.SortFunc(list, func(x, y observation) int { return cmp.Compare(x.Order, y.Order) })
}
