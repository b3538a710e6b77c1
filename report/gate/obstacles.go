package gate

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/report/internal/layout"
	"github.com/dtbench/dtbench/report/stats"
	"github.com/dtbench/dtbench/results"
)

// configurationObstacles names the fields of the configuration that differ. The
// seed is none, and lists of scenarios and variants that differ mean missing
// cells, which are named as such.
func configurationObstacles(base, head results.Experiment) []string {
	head.Seed, head.Scenarios, head.Variants = base.Seed, base.Scenarios, base.Variants
	head.SecretAccesses, base.SecretAccesses = shared(head.SecretAccesses, base.SecretAccesses)
	var out []string
	for _, d := range base.Differences(head) {
		out = append(out, layout.Clean(fmt.Sprintf("%s is %s in BASE and %s in HEAD", d.Field, d.A, d.B)))
	}
	return out
}

// shared leaves of both what stands under the keys of both.
func shared(a, b map[string]int) (_, _ map[string]int) {
	a, b = maps.Clone(a), maps.Clone(b)
	maps.DeleteFunc(a, func(k string, _ int) bool { _, ok := b[k]; return !ok })
	maps.DeleteFunc(b, func(k string, _ int) bool { _, ok := a[k]; return !ok })
	return a, b
}

func statusObstacles(base, head *results.File) []string {
	var out []string
	for _, side := range []side{{"BASE", base}, {"HEAD", head}} {
		if side.file.Status != results.Complete {
			out = append(out, fmt.Sprintf("%s is %s", side.name, side.file.Status))
		}
	}
	return out
}

// findCellObstacles notes for each cell what stands against comparing it.
func (c *Comparison) findCellObstacles() {
	c.family = map[string]int{}
	for i := range c.Cells {
		cell := &c.Cells[i]
		cell.Obstacle = c.sidesObstacle(cell)
		if cell.comparable() {
			c.family[cell.Metric]++
		}
	}
	for i := range c.Cells {
		cell := &c.Cells[i]
		nx, ny := cell.Head.N, cell.Base.N
		if cell.Obstacle != "" {
			continue
		}
		n, draws := c.family[cell.Metric], c.draws(cell.Metric)
		least, exact := stats.Sampling{Draws: draws}.LeastP(nx, ny, c.Trim)
		if least *= float64(n); least < c.Alpha {
			continue
		}
		what := fmt.Sprintf("too few samples: %d against %d", nx, ny)
		if !exact {
			what = fmt.Sprintf("alpha %v is out of reach: %d random splits", c.Alpha, draws)
		}
		cell.Obstacle = fmt.Sprintf("%s in %s cannot bring p below %.2g", what, layout.Count(n, "cell"), min(1, least))
	}
}

// mostDraws bounds the random splits of a test, which at 60 against 60 samples
// take a second or two.
const mostDraws = 2_000_000

// draws is the number of random splits that a p of the metric may take: enough
// for the least adjusted p to be a twentieth of alpha, where that is affordable.
func (c *Comparison) draws(metric string) int {
	return int(min(mostDraws, max(stats.DefaultDraws, math.Ceil(20*float64(c.family[metric])/c.Alpha))))
}

// leastMean is the least mean that a ratio can be taken of.
const leastMean = 1e-100

// comparable says whether figures can be computed at all.
func (cell *Cell) comparable() bool {
	able := func(a Arm) bool { return a.Mean != nil && *a.Mean >= leastMean }
	return able(cell.Base) && able(cell.Head)
}

// sidesObstacle says what is missing on either side.
func (c *Comparison) sidesObstacle(cell *Cell) string {
	key := results.CellKey{Scenario: cell.Scenario, Variant: cell.Variant, Start: cell.Start}
	var parts []string
	missing := 0
	for _, side := range []struct {
		name string
		file *results.File
		arm  Arm
	}{{"BASE", c.Base.File, cell.Base}, {"HEAD", c.Head.File, cell.Head}} {
		inFile := side.file.Cell(key)
		switch runs := side.file.Experiment.Runs; {
		case inFile == nil:
			missing++
			parts = append(parts, "missing in "+side.name)
		case len(inFile.Samples) < runs:
			parts = append(parts, fmt.Sprintf("%d of %s in %s", len(inFile.Samples), layout.Count(runs, "sample"), side.name))
		case side.arm.N < len(inFile.Samples):
			what := "memory"
			if cell.Metric == results.MetricTime {
				what = string(c.Metric)
			}
			parts = append(parts, fmt.Sprintf("only %d of %s in %s have %s", side.arm.N, layout.Count(len(inFile.Samples), "sample"), side.name, what))
		case side.arm.Mean == nil:
			parts = append(parts, "too few samples for the trim in "+side.name)
		case *side.arm.Mean < leastMean:
			parts = append(parts, side.name+" averages zero")
		}
	}
	if missing == 2 {
		return "missing in both files"
	}
	return strings.Join(parts, ", ")
}

// cellObstacles gathers the obstacles of the cells: "missing in HEAD: storage
// optimized cold and hot". Time and memory of one cell are one.
func (c *Comparison) cellObstacles() []string {
	var order []string
	cells := map[string][]string{}
	for i := range c.Cells {
		cell := &c.Cells[i]
		if cell.Obstacle == "" {
			continue
		}
		if cells[cell.Obstacle] == nil {
			order = append(order, cell.Obstacle)
		}
		if name := cell.name(); !slices.Contains(cells[cell.Obstacle], name) {
			cells[cell.Obstacle] = append(cells[cell.Obstacle], name)
		}
	}
	var out []string
	for _, obstacle := range order {
		out = append(out, layout.Clean(obstacle+": "+some(cells[obstacle], 6)))
	}
	return out
}

// some joins the first few of a list and counts the rest.
func some(list []string, most int) string {
	if len(list) <= most+1 {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}
