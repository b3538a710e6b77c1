package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/scenarios/function"
)

// errAnswer: the function's answer lacks what every answer carries.
var errAnswer = errors.New("not the answer of a dtbench function")

// newSample joins what the platform observed with what the function says of
// itself.
func newSample(inv platforms.Invocation, start results.Start, sharedClock bool) (results.Sample, error) {
	var a function.Answer
	if err := json.Unmarshal(inv.Answer, &a); err != nil {
		return results.Sample{}, fmt.Errorf("%w: %w", errAnswer, err)
	}
	t := a.Timings
	if a.Instance == "" || a.Invocation < 1 || t.Main == 0 || t.Ready < t.Main || t.Handler < 0 || t.Secrets < 0 {
		return results.Sample{}, fmt.Errorf("%w: instance, invocation or timings are missing", errAnswer)
	}
	s := results.Sample{
		Instance: a.Instance, Invocation: a.Invocation,
		TotalMS: ms(inv.Total), HandlerMS: ms(time.Duration(t.Handler)), SecretsMS: ms(time.Duration(t.Secrets)),
		ReportedMS: optionalMS(inv.Reported), ThrottledMS: optionalMS(inv.Throttled),
		MemoryBytes: inv.MemoryBytes, Processes: inv.Processes, CgroupPeakBytes: inv.CgroupPeakBytes,
	}
	if start == results.Cold {
		s.StartMS = optionalMS(inv.Start)
		s.InitMS = pointer(ms(time.Duration(t.Ready - t.Main)))
	}
	if sharedClock {
		way := time.Duration(t.Entered - inv.Began)
		if way < 0 || way > inv.Total {
			return results.Sample{}, fmt.Errorf("%w: the handler began outside of the invocation, by %s", errAnswer, way)
		}
		s.ToHandlerMS = pointer(ms(way))
	}
	return s, nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func optionalMS(d *time.Duration) *float64 {
	if d == nil {
		return nil
	}
	return pointer(ms(*d))
}

func pointer(v float64) *float64 { return &v }
