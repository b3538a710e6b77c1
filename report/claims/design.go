package claims

import (
	"fmt"
	"math"
	"slices"

	"github.com/dtbench/dtbench/report"
	"github.com/dtbench/dtbench/report/stats"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
	"github.com/dtbench/dtbench/results/reproduction"
)

// The claims about the design of the experiment (P20, P21).

// Power is the one that a detectable change is named for.
const Power = 0.80

// Detectable is the least change, as a fraction of the baseline, that paper.Runs in
// each arm would find with Power in a two-sided test at report.Alpha, if both arms of a
// published cell vary as the preset's benchmark arm does, drift between batches
// included. It is false where the preset does not tell the spread.
func (p Preset) Detectable(t paper.Table, start results.Start) (fraction float64, ok bool) {
	d := p.find(t.Platform, t.Scenario, report.Baseline, start)
	if d == nil {
		return 0, false
	}
	logs := make([]float64, len(d.TrimmedMeans))
	for i, v := range d.TrimmedMeans {
		logs[i] = math.Log(v)
	}
	r := stats.Ratio{Value: 1, LogVariance: 2 * variance(logs), DF: 2 * (paper.Runs - 2*paper.Trim - 1)}
	return r.MinimumDetectable(report.Alpha, Power), true
}

func fifteenRunsSuffice(e *Evidence) []finding {
	out := perRun(e, func(f *results.File) (finding, bool) {
		worst, where, cells := 0.0, "", 0
		least := math.Inf(1)
		for _, scenario := range f.Experiment.Scenarios {
			for _, start := range []results.Start{results.Cold, results.Hot} {
				if c, ok := e.compare(f, scenario, start); ok {
					cells++
					least = min(least, c.MinimumDetectable)
					if c.MinimumDetectable > worst {
						worst, where = c.MinimumDetectable, scenario+" "+string(start)
					}
				}
			}
		}
		return finding{
			verdict:     verdict(worst <= 0.10),
			computed:    fmt.Sprintf("minimum detectable change %.1f to %.1f %% (%s) over %d cells", 100*least, 100*worst, where, cells),
			explanation: detectable(worst <= 0.10),
		}, cells > 0 && f.Experiment.Runs == paper.Runs
	})
	return append(out, perPreset(e, func(p Preset) (reproduction.Verdict, string, bool) {
		worst, where := 0.0, ""
		least := math.Inf(1)
		for _, t := range e.Published.Tables {
			for _, start := range []results.Start{results.Cold, results.Hot} {
				mde, ok := p.Detectable(t, start)
				if !ok {
					continue
				}
				least = min(least, mde)
				if mde > worst {
					worst, where = mde, fmt.Sprintf("Table %d %s", t.Number, start)
				}
			}
		}
		return verdict(worst <= 0.10), fmt.Sprintf("minimum detectable change %.1f to %.1f %% (%s)", 100*least, 100*worst, where), where != ""
	}, detectable(true), detectable(false))...)
}

func detectable(holds bool) string {
	return choose(holds, "Fifteen runs would find a change of 10 % in every cell, with 80 % power at the 5 % level.",
		"There are cells in which fifteen runs would miss a change of 10 % more often than one time in five.")
}

func trimmingRemovesBias(e *Evidence) []finding {
	out := perRun(e, func(f *results.File) (finding, bool) {
		v, computed := biasVerdict(cvs(f))
		return finding{verdict: v, computed: computed, explanation: biasExplanation(v)}, computed != ""
	})
	simulated := perPreset(e, func(p Preset) (reproduction.Verdict, string, bool) {
		var spreads []float64
		for _, d := range p.Cells {
			if d.CV > 0 && d.Basis != "extrapolated" {
				spreads = append(spreads, d.CV)
			}
		}
		v, computed := biasVerdict(spreads)
		return v, computed, computed != ""
	}, biasExplanation(reproduction.Holds), biasExplanation(reproduction.Contradicted))
	for i := range simulated {
		if simulated[i].verdict == reproduction.NotShown {
			simulated[i].explanation = biasExplanation(reproduction.NotShown)
		}
	}
	return append(out, simulated...)
}

// biasVerdict asks both parts of every spread: less than 1 % of bias without
// outliers, and less bias than the plain mean with them. Cells that disagree
// show nothing.
func biasVerdict(spreads []float64) (reproduction.Verdict, string) {
	if len(spreads) == 0 {
		return "", ""
	}
	var verdicts []reproduction.Verdict
	var clean, trimmed []float64
	plain := 0.0
	for _, cv := range spreads {
		c, _ := trimBias(cv, paper.Runs, 0, 1)
		t, p := trimBias(cv, paper.Runs, 0.05, 3)
		verdicts = append(verdicts, verdict(math.Abs(c) < 0.01 && math.Abs(t) < math.Abs(p)))
		clean, trimmed, plain = append(clean, 100*c), append(trimmed, 100*t), 100*p
	}
	span := func(vs []float64, decimals int) string {
		return signed(slices.Min(vs), decimals) + " to " + signed(slices.Max(vs), decimals)
	}
	return unanimous(verdicts), fmt.Sprintf("CV %.2f to %.2f: bias %s without outliers; with 5 %% tripled %s trimmed, %s plain",
		slices.Min(spreads), slices.Max(spreads), span(clean, 2), span(trimmed, 1), signed(plain, 1))
}

func biasExplanation(v reproduction.Verdict) string {
	switch v {
	case reproduction.Holds:
		return "Trimming costs less than 1 % of bias at these spreads and removes most of what outliers add."
	case reproduction.Contradicted:
		return "At these spreads trimming biases the mean of skewed values by 1 % or more, or removes nothing of what outliers add."
	}
	return "It holds where the spread is small. Where it is large, dropping the extremes of skewed values biases their mean downwards by 1 % or more."
}
