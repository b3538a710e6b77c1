package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/results"
)

// throttleWarning is the difference in throttled share, in percentage points,
// from which the arms of a cell count as held back unequally.
const throttleWarning = 5.0

// headline is the one line that identifies a report.
func (a *analysis) headline() string {
	e := a.file.Experiment
	h := fmt.Sprintf("dtbench report: %s (%s)", clean(e.Platform), clean(string(e.Provenance)))
	if a.file.Status != results.Complete {
		h += ", " + clean(string(a.file.Status))
	}
	return h
}

// preamble says how the data came about, a sentence each.
func (a *analysis) preamble() []string {
	e, t := a.file.Experiment, a.file.Tool
	made := fmt.Sprintf("Made by %s %s", t.Name, t.Version)
	if t.Commit != "" {
		made += " at commit " + t.Commit[:min(12, len(t.Commit))]
	}
	if t.Dirty {
		made += " with uncommitted changes"
	}
	if started := a.file.Environment.Started; !started.IsZero() {
		made += ", started " + started.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	lines := []string{
		made + fmt.Sprintf(", seed %d.", e.Seed),
		"Functions: " + a.functions() + ".",
		a.quantities(),
	}
	if s := a.model(); s != "" {
		lines = append(lines, s)
	}
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return lines
}

// title heads the table of a scenario.
func (a *analysis) title(scenario string) string {
	e := a.file.Experiment
	return clean(fmt.Sprintf("%s on %s (%s), time: %s", scenario, e.Platform, e.Provenance, a.metric))
}

// samples says how many samples the means of a scenario rest on; an empty
// scenario stands for all.
func (a *analysis) samples(scenario string) string {
	low, high := math.MaxInt, 0
	for _, c := range a.cells {
		if (c.Scenario == scenario || scenario == "") && c.timeMS != nil {
			low, high = min(low, len(c.times)), max(high, len(c.times))
		}
	}
	if high == 0 {
		return "no cell has enough samples"
	}
	g := a.file.Experiment.Trim
	if g == 0 {
		return fmt.Sprintf("mean of %s, none dropped", span(low, high))
	}
	return fmt.Sprintf("mean of %s of %s, %d dropped at each end", span(low-2*g, high-2*g), span(low, high), g)
}

// samplesSentence is samples as a line of its own.
func (a *analysis) samplesSentence(scenario string) string {
	return capital(a.samples(scenario)) + "."
}

// notices are the sentences that a reader must see beside the figures, the
// gravest first.
func (a *analysis) notices() []string {
	e := a.file.Experiment
	var out []string
	add := func(form string, args ...any) { out = append(out, clean(fmt.Sprintf(form, args...))) }

	if !a.observed() {
		add("The figures are %s: nothing was measured, and they support no claim.", e.Provenance)
	}
	if e.Pinned {
		add("The draws are pinned: they were scaled until the trimmed means of every cell are the published figures.")
	}
	for _, m := range a.missing() {
		add("%s", m)
	}
	if s := a.apart("overhead"); s != "" && len(a.variants) > 1 {
		add("%s, and the p-values and intervals are too optimistic.", s)
	}
	for _, t := range a.unequalThrottling() {
		add("%s", t)
	}
	if e.Limits == "none" && (e.MemoryMB > 0 || e.VCPU > 0) && e.Provenance == results.Measured {
		add("The memory and CPU limits were not enforced on this machine.")
	}
	for _, w := range a.file.Warnings {
		add("Warning in the file: %s", w)
	}
	if !slices.Contains(a.variants, Baseline) && len(a.variants) > 0 {
		add("No overheads: the file has no %s variant to compare with.", Baseline)
	}
	if e.Platform == "aliyun" && e.Provenance != results.Live && slices.Contains(a.scenarios, "network") {
		add("network: the paper does not name the platform of its Table 6; it stands here as aliyun.")
	}
	for _, v := range a.variants {
		if n := a.processes(v); n > 1 {
			add("%s: an instance is %d processes; its memory is theirs added up, what they share counted in each.", v, n)
		}
	}
	out = append(out, a.cellNotices()...)
	for _, r := range a.remarks {
		about := strings.Join(r.about, "; ")
		if len(r.about) > 2 { // each is a row of the tables; the count will do
			about = fmt.Sprintf("%d comparisons", len(r.about))
		}
		add("%s: %s.", about, r.text)
	}
	return out
}

// missing lists the cells that the experiment promises and the file lacks, in
// whole or in part.
func (a *analysis) missing() []string {
	var out []string
	slots := a.slots()
	for _, s := range slots {
		if s.problem != "" {
			out = append(out, s.problem+".")
		}
	}
	switch {
	case a.file.Status == results.Complete && len(out) == 0:
		return nil
	case a.file.Status == results.Complete:
		return slices.Insert(out, 0, fmt.Sprintf("The file says complete, yet %d of its %d cells are not.", len(out), len(slots)))
	case len(out) == 0:
		return []string{fmt.Sprintf("The run is %s, yet no sample is missing.", a.file.Status)}
	}
	return slices.Insert(out, 0, fmt.Sprintf("The run is %s: %d of %d cells are incomplete.", a.file.Status, len(out), len(slots)))
}

// cellNotices tell what befell single cells.
func (a *analysis) cellNotices() []string {
	var out []string
	for _, c := range a.cells {
		if n := len(c.Samples) - len(c.times); n > 0 {
			out = append(out, fmt.Sprintf("%s: %d of %s without %s, left out.", c.name(), n, count(len(c.Samples), "sample"), a.metric))
		}
		if n := len(c.Samples) - len(c.memory); n > 0 {
			out = append(out, fmt.Sprintf("%s: %d of %s without memory, left out.", c.name(), n, count(len(c.Samples), "sample")))
		}
		var reasons []string
		total := 0
		for _, d := range c.Dropped {
			total += d.Count
			reasons = append(reasons, fmt.Sprintf("%s (%d)", d.Reason, d.Count))
		}
		if total > 0 {
			out = append(out, fmt.Sprintf("%s: %s dropped: %s.", c.name(), count(total, "attempt"), strings.Join(reasons, ", ")))
		}
		if c.Basis != "" {
			out = append(out, fmt.Sprintf("%s: basis %s; it decides no claim.", c.name(), c.Basis))
		}
	}
	for i := range out {
		out[i] = clean(out[i])
	}
	return out
}

// processes is the most processes that an instance of a variant had; 0 where no
// sample says.
func (a *analysis) processes(variant string) int {
	most := 0
	for _, c := range a.cells {
		if c.Variant != variant {
			continue
		}
		for _, s := range c.Samples {
			most = max(most, s.Processes)
		}
	}
	return most
}

// throttling is how far the CPU quota held a cell back.
type throttling struct {
	share     float64 // of the total time, percent
	held, all int     // samples held back, of those that were observed
}

// throttled returns the throttling of a cell, false when it was not observed.
func (c *cell) throttled() (throttling, bool) {
	var t throttling
	var wait, total float64
	for _, s := range c.Samples {
		if s.ThrottledMS == nil {
			continue
		}
		t.all++
		if *s.ThrottledMS > 0 {
			t.held++
		}
		wait += *s.ThrottledMS
		total += s.TotalMS
	}
	if total > 0 {
		t.share = 100 * wait / total
	}
	return t, t.all > 0
}

func (t throttling) String() string {
	return fmt.Sprintf("%.1f %% (%d of %d)", t.share, t.held, t.all)
}

// unequalThrottling warns of every cell in which the quota held a variant back
// more, or less, than its baseline.
func (a *analysis) unequalThrottling() []string {
	var out []string
	for _, scenario := range a.scenarios {
		for _, start := range starts {
			base := a.find(scenario, Baseline, start)
			if base == nil {
				continue
			}
			b, ok := base.throttled()
			if !ok {
				continue
			}
			for _, variant := range a.variants {
				c := a.find(scenario, variant, start)
				if c == nil || variant == Baseline {
					continue
				}
				if t, ok := c.throttled(); ok && math.Abs(t.share-b.share) >= throttleWarning {
					out = append(out, fmt.Sprintf("%s %s: the CPU quota held %s back for %.1f %% of its time and %s for %.1f %%; their difference is partly the quota's.",
						scenario, start, variant, t.share, Baseline, b.share))
				}
			}
		}
	}
	return out
}

// throttleRows are the rows of the throttling table, one per scenario and
// start, one column per variant; nil when nothing was observed. held says
// whether any sample was held back.
func (a *analysis) throttleRows() (rows [][]string, held bool) {
	observed := false
	for _, scenario := range a.scenarios {
		for _, start := range starts {
			row := []string{clean(scenario) + " " + string(start)}
			for _, variant := range a.variants {
				text := absent
				if c := a.find(scenario, variant, start); c != nil {
					if t, ok := c.throttled(); ok {
						text, observed, held = t.String(), true, held || t.held > 0
					}
				}
				row = append(row, text)
			}
			rows = append(rows, row)
		}
	}
	if !observed {
		return nil, false
	}
	return rows, held
}
