package gate

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/report/internal/layout"
	"github.com/dtbench/dtbench/report/stats"
	"github.com/dtbench/dtbench/results"
)

// mostNamed is how many cells a sentence names before it counts.
const mostNamed = 3

// Summary is the outcome in one or two sentences that a reviewer can act on:
// what got worse and by how much, how many cells are ok, and how many runs
// would settle the rest.
func (c *Comparison) Summary() string {
	s := c.outcome()
	switch {
	case c.Forced:
		s = "Compared by force although " + strings.Join(c.Obstacles, "; ") + ". " + s
	case c.Verdict == NotComparable && len(c.Obstacles) > 0:
		obstacles := strings.Join(c.Obstacles, "; ")
		if c.count(OK)+c.count(Regression)+c.count(Inconclusive) == 0 {
			return "Not comparable: " + obstacles + "."
		}
		s = "Not comparable: " + obstacles + ". Of the cells that both files hold: " + strings.ToLower(s[:1]) + s[1:]
	}
	return layout.Clean(s)
}

// outcome tells of the cells that were compared.
func (c *Comparison) outcome() string {
	regressions := c.with(Regression)
	slices.SortStableFunc(regressions, func(a, b Cell) int {
		return -cmp.Compare((a.Figures.Ratio-1)/a.Threshold, (b.Figures.Ratio-1)/b.Threshold)
	})
	var parts []string
	for _, cell := range regressions[:min(len(regressions), mostNamed)] {
		parts = append(parts, cell.change())
	}
	if more := len(regressions) - mostNamed; more > 0 {
		parts = append(parts, layout.Count(more, "further cell")+" got worse too")
	}
	ok, inconclusive := c.count(OK), c.count(Inconclusive)
	switch {
	case len(parts) > 0 && ok > 0:
		parts = append(parts, others(ok)+" ok")
	case ok > 0 && inconclusive == 0:
		parts = append(parts, fmt.Sprintf("No regression: %s ok, shown to be %s", all(ok), c.within()))
	case ok > 0:
		parts = append(parts, fmt.Sprintf("No regression is shown: %s ok", cells(ok)))
	case len(parts) == 0 && inconclusive > 0:
		parts = append(parts, "No regression is shown")
	case len(parts) == 0:
		return "No cell was compared."
	}
	if n := len(c.better()); n > 0 {
		parts[len(parts)-1] += fmt.Sprintf(" (%d got better)", n)
	}
	if inconclusive > 0 {
		parts = append(parts, c.undecided())
	}
	return strings.Join(parts, "; ") + "."
}

// undecided tells of the inconclusive cells and what would help.
func (c *Comparison) undecided() string {
	open := c.with(Inconclusive)
	var names, near, rest []string
	change := ""
	for _, cell := range open {
		names = append(names, cell.phrase())
		switch {
		case cell.takesMore():
			if size := percentText(cell.Threshold); change == "" || change == size {
				change = size
			} else {
				change = "the size of the threshold"
			}
		case cell.near():
			near = append(near, cell.phrase())
		default:
			rest = append(rest, cell.phrase())
		}
	}
	s := cells(len(open)) + " inconclusive"
	if len(names) <= mostNamed {
		s += " (" + strings.Join(names, ", ") + ")"
	}
	var parts []string
	switch runs := c.RunsNeeded(); {
	case runs == stats.MostRuns:
		parts = append(parts, "more than a billion runs a side to detect a change of "+change)
	case runs > 0:
		parts = append(parts, fmt.Sprintf("about %d runs a side to detect a change of %s", runs, change))
	}
	if len(near) > 0 {
		parts = append(parts, some(near, mostNamed)+" too close to the threshold for more runs to help much")
	}
	if len(rest) > 0 {
		parts = append(parts, "more runs may decide "+some(rest, mostNamed))
	}
	return s + ": " + strings.Join(parts, ", ")
}

// RunsNeeded is the number of runs a side with which every inconclusive cell
// would show a change of the size of its threshold, where its own are fewer:
// stats.MostRuns for that many or more, and 0 where no cell has fewer.
func (c *Comparison) RunsNeeded() int {
	runs := 0
	for _, cell := range c.with(Inconclusive) {
		if cell.takesMore() {
			runs = max(runs, cell.Figures.RunsNeeded)
		}
	}
	return runs
}

// takesMore says whether the cell has fewer runs than it takes to detect a
// change of the size of its threshold.
func (cell *Cell) takesMore() bool {
	return cell.Figures.RunsNeeded > min(cell.Base.N, cell.Head.N)
}

// near says whether the change is the threshold, give or take a quarter.
func (cell *Cell) near() bool {
	return math.Abs(cell.Figures.Ratio-1-cell.Threshold) <= cell.Threshold/4
}

// change is the sentence on one regression: hot storage/optimized got 23 %
// slower (12.31 to 15.14 ms, 95 % interval +18.2 to +28.4 %, p <0.001).
func (cell *Cell) change() string {
	f := cell.Figures
	percent := layout.Magnitude(100 * math.Abs(f.Ratio-1))
	text, unit := fmt.Sprintf("%s %s got %s %% slower", cell.Start, cell.Scenario+"/"+cell.Variant, percent), "ms"
	if cell.Metric == results.MetricMemory {
		text, unit = fmt.Sprintf("%s %s takes %s %% more memory", cell.Start, cell.Scenario+"/"+cell.Variant, percent), "MB"
	}
	p := "p " + layout.Probability(f.PHolm)
	return fmt.Sprintf("%s (%s to %s %s, 95 %% interval %s %%, %s)", text,
		layout.Quantity(*cell.Base.Mean), layout.Quantity(*cell.Head.Mean), unit, layout.Interval(percents(f.CI95)), p)
}

// phrase names the cell in a sentence.
func (cell *Cell) phrase() string {
	s := string(cell.Start) + " " + cell.Scenario + "/" + cell.Variant
	if cell.Metric == results.MetricMemory {
		s += " memory"
	}
	return s
}

// within says how much worse the cells may be without an alarm.
func (c *Comparison) within() string {
	if slices.ContainsFunc(c.Cells, func(cell Cell) bool { return cell.Reason != "" }) {
		return "within their thresholds"
	}
	return "less than " + percentText(c.Threshold) + " worse"
}

// better are the cells whose head is better by more than the threshold beyond
// doubt: that BASE against HEAD would be worse.
func (c *Comparison) better() []Cell {
	var out []Cell
	for _, cell := range c.Cells {
		if f := cell.Figures; f != nil && f.PHolm < c.Alpha && f.CI95[1] < 1/(1+cell.Threshold) {
			out = append(out, cell)
		}
	}
	return out
}

func (c *Comparison) with(v Verdict) []Cell {
	var out []Cell
	for _, cell := range c.Cells {
		if cell.Verdict == v {
			out = append(out, cell)
		}
	}
	return out
}

func (c *Comparison) count(v Verdict) int { return len(c.with(v)) }

func cells(n int) string {
	if n == 1 {
		return "1 cell is"
	}
	return fmt.Sprintf("%d cells are", n)
}

func all(n int) string {
	if n == 1 {
		return "the one cell is"
	}
	return fmt.Sprintf("all %d cells are", n)
}

func others(n int) string {
	if n == 1 {
		return "1 other cell is"
	}
	return fmt.Sprintf("%d other cells are", n)
}

// percents turns an interval of the ratio into one of the change.
func percents(ci [2]float64) [2]float64 {
	return [2]float64{100 * (ci[0] - 1), 100 * (ci[1] - 1)}
}
