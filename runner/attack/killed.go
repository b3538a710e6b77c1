package attack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/dtbench/dtbench/core/audit"
	"github.com/dtbench/dtbench/core/audit/trail"
	"github.com/dtbench/dtbench/platforms"
	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios/probes"
)

// How often T19 kills an instance, and at which opening.
const (
	killings        = 25
	openingsPerKill = 4
)

// killAfterGrant is T19.
func killAfterGrant() Attack {
	return Attack{
		Description: results.Description{
			ID: "T19", Title: "SIGKILL right after a grant: is the audit record there?", Adversary: results.A3,
			Dimensions: []results.Dimension{results.AntiForgery},
			Tries:      "opens a value and has the process killed at the moment when the value is in its hands, so that no buffer is written out",
			Explain: `Who kills the function as soon as the value is out erases the record of it, if records are written later. Algorithm 2 of the paper buffers records and does not wait for them; a crash, an out-of-memory kill or a platform that freezes the instance does the same by accident.

Each of several instances opens a value four times and kills itself inside the last opening. The records on standard output are then counted: one must be there for every value that was lent. The hardened core, in its strict mode, writes the record before it lends the value.

By hand: run the literal variant with its output in a file, kill -9 it after an answer, and count the lines.`,
		},
		Run: func(ctx context.Context, lab *Lab, variant string) (Result, error) {
			if !hasTokens(variant) {
				return notApplicable("the variant keeps no audit records"), nil
			}
			lent, recorded := 0, 0
			for range killings {
				n, err := lab.killOnce(ctx, variant)
				if err != nil {
					return Result{}, err
				}
				lent += openingsPerKill
				recorded += n
			}
			r := Result{
				Outcome:  results.Hold,
				Detail:   "every grant was recorded before its value was lent",
				Evidence: []string{fmt.Sprintf("%d instances killed, %d values lent, %d records of a grant", killings, lent, recorded)},
				Quantities: []results.Quantity{{
					ID: "audit-records-lost", Title: "Audit records lost to SIGKILL right after a grant",
					Value: 100 * float64(lent-recorded) / float64(lent), Unit: "%", Source: results.Measured,
					Detail: fmt.Sprintf("%d of %d grants, %d instances killed inside the last of %d openings each", lent-recorded, lent, killings, openingsPerKill),
				}},
			}
			switch {
			case recorded > lent:
				return Result{}, fmt.Errorf("%d records of %d grants", recorded, lent)
			case recorded < lent:
				r.Outcome = results.Broken
				r.Detail = fmt.Sprintf("%d of %d grants left no record", lent-recorded, lent)
			}
			return r, nil
		},
	}
}

// killOnce returns how many grants a killed instance had recorded.
func (l *Lab) killOnce(ctx context.Context, variant string) (recorded int, err error) {
	d := Deployment{Variant: variant}
	if takesPolicy(variant) {
		d.Policy = policy(map[string]any{"keys": map[string]any{FirstKey: map[string]any{"budget": openingsPerKill}}})
	}
	err = l.with(ctx, d, func(t *Target) error {
		died := t.Probe(ctx, "die-after-grant", probes.Access{Key: FirstKey, Times: openingsPerKill}, nil)
		if !errors.Is(died, platforms.ErrCrash) {
			return fmt.Errorf("the function was to be killed: %w", died)
		}
		if err := t.instance.Close(); err != nil { // and all its output is there
			return err
		}
		recorded = t.grantsOf("", FirstKey)
		return nil
	})
	return recorded, err
}

// grantsOf counts the audit records of openings of a key for a request; the empty
// id is any.
func (t *Target) grantsOf(request, key string) int {
	n := 0
	for line := range strings.Lines(t.Output()) {
		e, ok := entryOf(line)
		if ok && e.Event == audit.Verify.String() && !e.Refused() && e.Key == key && (request == "" || e.Request == request) {
			n++
		}
	}
	return n
}

// entryOf reads the audit record in a line of a log.
func entryOf(line string) (e trail.Entry, ok bool) {
	_, record, ok := strings.Cut(line, logSeparator)
	return e, ok && json.Unmarshal([]byte(record), &e) == nil && e.Event != ""
}

// logSeparator stands between the name of an instance and what it wrote
// (platforms/local).
const logSeparator = " | "
