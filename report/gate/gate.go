// Package gate compares two result files, cell by cell, and says whether the
// second is worse: the decision behind dtbench compare.
//
// A gate that alarms on any change beyond a fixed percentage cries wolf in most
// unchanged runs, and one that alarms on any significant test finds changes
// nobody cares about. This one alarms on neither alone. For each cell, with ρ
// the ratio of the trimmed means head/base and m the threshold:
//
//   - regression: ρ > 1 + m, and p < α after Holm's correction over the time
//     cells of the comparison (separately over its memory cells)
//   - ok: no regression, and the one-sided 95 % upper bound of ρ is below 1 + m
//   - inconclusive: anything else, with the number of runs that would tell
//   - not-comparable: a side is missing, incomplete or too small to alarm
//
// The price of few false alarms is the third answer: noise is not taken for the
// absence of a change. What was measured under another configuration is not
// compared at all unless the caller forces it.
//
// The statistics are those of report/stats; everything is computed from the
// samples, and summaries stored in a file are ignored. The package prints
// nothing and changes no file it is given. Same files, same options: the same
// result.
package gate

import (
	"errors"
	"fmt"

	"github.com/dtbench/dtbench/report"
	"github.com/dtbench/dtbench/results"
)

// Defaults of Options.
const (
	DefaultThreshold = 0.10
	DefaultAlpha     = 0.05
)

// boundLevel is the level of the one-sided bound that an ok rests on. It stays
// when α changes: α is the price of a false alarm, not of a false all-clear.
const boundLevel = 0.95

// ErrOption: an option is out of its range.
var ErrOption = errors.New("option out of range")

// Verdict is the word that a cell, and the whole comparison, ends in.
type Verdict string

// The verdicts. Of the whole, the first that applies: not-comparable when
// something stands against comparing and was not overridden, regression when
// any cell is one, inconclusive when any is, ok.
const (
	OK            Verdict = "ok"
	Regression    Verdict = "regression"
	Inconclusive  Verdict = "inconclusive"
	NotComparable Verdict = "not-comparable"
)

// Options configures Compare. The zero value is the documented default.
type Options struct {
	// Threshold is m, the greatest increase that is tolerated, as a fraction;
	// 0 is DefaultThreshold. It is also the margin of the equivalence test and
	// what RunsNeeded aims at.
	Threshold float64
	// Exceptions give single cells another threshold.
	Exceptions []Exception
	// Alpha is the level of an alarm; 0 is DefaultAlpha.
	Alpha float64
	// Force compares in spite of what stands against it. Cells that one file
	// lacks, or that have too few samples for the trim, stay not-comparable and
	// no longer decide the whole.
	Force bool
}

// Side is one of the two files under the name that a reader knows it by.
type Side struct {
	Name string // usually its path
	File *results.File
}

// Comparison is the outcome of Compare.
type Comparison struct {
	Base, Head Side
	Metric     report.Metric // of the time cells
	Trim       int           // values dropped at each end
	Threshold  float64
	Alpha      float64
	// Cells: the time cells, then the memory cells, each by scenario, variant
	// and start.
	Cells   []Cell
	Verdict Verdict
	// Obstacles are what stands against comparing, a clause each, the
	// configuration first.
	Obstacles []string
	// Forced is true when obstacles were there and were overridden.
	Forced bool
	// Notices are the sentences that a reader must see beside the figures.
	Notices []string

	family map[string]int // cells that can be compared, by metric
}

// Cell compares one metric of one scenario, variant and start.
type Cell struct {
	Scenario, Variant string
	Start             results.Start
	Metric            string  // results.MetricTime (ms) or results.MetricMemory (MB)
	Base, Head        Arm     // what each file has
	Threshold         float64 // a fraction
	Reason            string  // of the exception that set Threshold; empty for none
	// Figures is nil when the cell was not compared.
	Figures *Figures
	Verdict Verdict
	// Obstacle says why the cell is not comparable, or would not be without
	// force.
	Obstacle string
}

// Arm is one side of a cell.
type Arm struct {
	N int // samples that have the metric
	// Mean is the trimmed mean in the unit of the metric; nil when there are too
	// few samples for the trim.
	Mean *float64

	values []float64
}

// Figures are the statistics of a cell; report/stats defines each. Ratios are
// head over base, and signs are positive when the head has the larger values.
type Figures struct {
	Ratio        float64
	CI95         [2]float64 // of Ratio
	Upper        float64    // one-sided 95 % bound of Ratio
	PermutationP float64
	PHolm        float64
	MannWhitneyP float64
	CliffsDelta  float64
	// HodgesLehmann is the shift in the unit of the metric.
	HodgesLehmann float64
	YuenP         float64
	YuenLogP      *float64 // nil when a value is zero
	TOSTP         float64  // with the cell's threshold as margin
	// MinimumDetectable is the least change, as a fraction, that samples like
	// these show with 80 % power.
	MinimumDetectable float64
	// RunsNeeded is the least number of samples a side with which the minimum
	// detectable change is the cell's threshold; stats.MostRuns is that many or
	// more.
	RunsNeeded int

	warnings []string
}

// Compare compares head with base. It returns ErrOption for an option out of
// range, ErrThresholds for an exception that matches no cell or that contends
// with another, and errors of report/stats for samples that cannot be
// summarised. That two files cannot be compared is a verdict, not an error.
func Compare(base, head Side, o Options) (*Comparison, error) {
	if o.Threshold == 0 {
		o.Threshold = DefaultThreshold
	}
	if o.Alpha == 0 {
		o.Alpha = DefaultAlpha
	}
	if err := checkThreshold(o.Threshold); err != nil {
		return nil, err
	}
	if !(o.Alpha > 0 && o.Alpha < 1) {
		return nil, fmt.Errorf("%w: alpha %v is not between 0 and 1", ErrOption, o.Alpha)
	}
	c := &Comparison{
		Base: base, Head: head, Threshold: o.Threshold, Alpha: o.Alpha,
		Metric: report.DefaultMetric(base.File.Experiment.Provenance),
		Trim:   max(base.File.Experiment.Trim, head.File.Experiment.Trim),
	}
	whole := configurationObstacles(base.File.Experiment, head.File.Experiment)
	if c.same() {
		whole = append(whole, "BASE and HEAD hold the same samples, and a measurement says nothing about itself")
	}
	c.Obstacles = append(whole, statusObstacles(base.File, head.File)...)
	if err := c.match(); err != nil {
		return nil, err
	}
	if err := c.applyExceptions(o.Exceptions); err != nil {
		return nil, err
	}
	c.findCellObstacles()
	c.Obstacles = append(c.Obstacles, c.cellObstacles()...)
	c.Forced = o.Force && len(c.Obstacles) > 0
	// Under another configuration no cell means the same on both sides, and of
	// the same samples none can differ.
	if len(whole) == 0 || o.Force {
		if err := c.compute(o.Force); err != nil {
			return nil, err
		}
	}
	c.decide()
	c.Notices = c.notices()
	return c, nil
}

// decide gives every cell its verdict, and the whole.
func (c *Comparison) decide() {
	seen := map[Verdict]bool{}
	for i := range c.Cells {
		cell := &c.Cells[i]
		cell.Verdict = cell.decide(c.Alpha)
		seen[cell.Verdict] = true
	}
	switch {
	case len(c.Obstacles) > 0 && !c.Forced:
		c.Verdict = NotComparable
	case seen[Regression]:
		c.Verdict = Regression
	case seen[Inconclusive]:
		c.Verdict = Inconclusive
	case seen[OK]:
		c.Verdict = OK
	default:
		c.Verdict = NotComparable
	}
}

func (c *Cell) decide(alpha float64) Verdict {
	switch f := c.Figures; {
	case f == nil:
		return NotComparable
	case f.Ratio > 1+c.Threshold && f.PHolm < alpha:
		return Regression
	case f.Upper < 1+c.Threshold:
		return OK
	}
	return Inconclusive
}
