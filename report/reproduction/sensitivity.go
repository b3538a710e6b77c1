package reproduction

import (
	"fmt"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/reproduction"
)

// level of the intervals and of the predictive p.
const level = 0.05

// conclusion is a statement that the simulation leads to under each preset.
type conclusion struct {
	about    string
	byPreset [3]string // in the order of reproduction.Presets
}

// flips says whether the presets disagree.
func (c conclusion) flips() bool {
	return c.byPreset[0] != c.byPreset[1] || c.byPreset[1] != c.byPreset[2]
}

// conclusions lists all that is concluded from simulated data: whether a
// published figure lies within what is predicted, which way the predicted change
// in time goes, and what simulated data say of a claim when one preset alone is
// believed.
func (d *Document) conclusions() (list []conclusion) {
	presets := reproduction.Presets()
	for _, metric := range metrics {
		for _, profile := range reproduction.Profiles() {
			for _, q := range d.predictions(profile, presets[0], metric) {
				c := conclusion{about: fmt.Sprintf("%s: published %s against the prediction of %s", cellName(q), metricWord(metric), profile)}
				for i, preset := range presets {
					c.byPreset[i] = absent
					if other, ok := d.prediction(q, preset); ok {
						c.byPreset[i] = compatible(other)
					}
				}
				list = append(list, c)
			}
		}
	}
	for _, profile := range reproduction.Profiles() {
		for _, t := range d.Published.Tables {
			for _, start := range starts {
				c := conclusion{about: fmt.Sprintf("%d %s/%s %s: direction of the change in time predicted for %s", t.Number, t.Platform, t.Scenario, start, profile)}
				found := false
				for i, preset := range presets {
					c.byPreset[i] = absent
					if change, ok := d.change(t.Number, start, profile, preset); ok {
						c.byPreset[i], found = direction(change.Percent), true
					}
				}
				if found {
					list = append(list, c)
				}
			}
		}
	}
	for i := range d.Claims {
		c, simulated := conclusion{about: fmt.Sprintf("claim %s: %s", d.Claims[i].ID, d.Claims[i].Claim)}, false
		for j, preset := range presets {
			c.byPreset[j] = absent
			for _, other := range d.ByPreset[preset] {
				if other.ID == d.Claims[i].ID {
					c.byPreset[j] = simulatedVerdict(other)
					simulated = simulated || c.byPreset[j] != absent
				}
			}
		}
		if simulated {
			list = append(list, c)
		}
	}
	return list
}

// simulatedVerdict is what simulated data say of a claim, absent when nothing.
func simulatedVerdict(c reproduction.Claim) string {
	if c.Evidence == reproduction.Simulated && c.Verdict != reproduction.Untested {
		return string(c.Verdict)
	}
	for _, f := range c.Also {
		if f.Evidence == reproduction.Simulated {
			return string(f.Verdict)
		}
	}
	return absent
}

// flips are the conclusions on which the presets disagree.
func (d *Document) flips() (list []conclusion) {
	for _, c := range d.conclusions() {
		if c.flips() {
			list = append(list, c)
		}
	}
	return list
}

func compatible(q reproduction.Prediction) string {
	if q.P < level {
		return "incompatible"
	}
	return "compatible"
}

func direction(percent reproduction.Interval) string {
	switch {
	case percent.Low95 > 0:
		return "slower"
	case percent.High95 < 0:
		return "faster"
	}
	return "either way"
}

// change returns the reproduced change of a table; preset is empty for data that
// have none.
func (d *Document) change(table int, start results.Start, profile, preset string) (reproduction.Change, bool) {
	for _, c := range d.Changes {
		if c.Table == table && c.Start == start && c.Profile == profile && c.Preset == preset {
			return c, true
		}
	}
	return reproduction.Change{}, false
}
