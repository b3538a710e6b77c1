package report

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/results"
)

// Metric is a way to read a time off a sample.
type Metric string

// The time metrics, all in ms.
const (
	// Total runs from just before fork (cold) or send (hot) to the answer read
	// in full.
	Total Metric = "total"
	// ToHandler runs from fork or send to the handler's first statement.
	ToHandler Metric = "to_handler"
	// InitHandler is the function's own initialisation (cold only) plus its
	// handler.
	InitHandler Metric = "init+handler"
	// Reported is what the platform meters or bills.
	Reported Metric = "reported"
)

// Errors about metrics; test with errors.Is.
var (
	// ErrMetric: a name that is no metric; the text names the choices.
	ErrMetric = errors.New("unknown time metric")
	// ErrNoMetric: no sample of the file has the metric.
	ErrNoMetric = errors.New("time metric is not in the file")
)

var metrics = []Metric{Total, ToHandler, InitHandler, Reported}

// ParseMetric returns the metric of that name, or ErrMetric.
func ParseMetric(name string) (Metric, error) {
	if slices.Contains(metrics, Metric(name)) {
		return Metric(name), nil
	}
	var choices []string
	for _, m := range metrics {
		choices = append(choices, string(m))
	}
	return "", fmt.Errorf("%w %q: choose %s", ErrMetric, name, strings.Join(choices, ", "))
}

// DefaultMetric is the metric that tables show unless asked for another: total
// for measured data, reported for everything else, as the published figures
// look metered.
func DefaultMetric(p results.Provenance) Metric {
	if p == results.Measured {
		return Total
	}
	return Reported
}

// Of returns the metric of a sample in ms, and whether the sample has it. A
// total of 0 counts as absent: no invocation takes no time.
func (m Metric) Of(start results.Start, s results.Sample) (ms float64, ok bool) {
	optional := func(v *float64) (float64, bool) {
		if v == nil {
			return 0, false
		}
		return *v, true
	}
	switch m {
	case Total:
		return s.TotalMS, s.TotalMS != 0
	case ToHandler:
		return optional(s.ToHandlerMS)
	case Reported:
		return optional(s.ReportedMS)
	case InitHandler:
		if start == results.Hot {
			return s.HandlerMS, true
		}
		init, ok := optional(s.InitMS)
		return init + s.HandlerMS, ok
	}
	return 0, false
}

// Description says what the metric measures, without a full stop.
func (m Metric) Description() string {
	switch m {
	case Total:
		return "from just before fork (cold) or send (hot) to the answer read in full"
	case ToHandler:
		return "from fork (cold) or send (hot) to the first statement of the handler"
	case InitHandler:
		return "the function's own initialisation (cold only) and its handler, by its own clock"
	case Reported:
		return "what the platform meters or bills"
	}
	return ""
}
