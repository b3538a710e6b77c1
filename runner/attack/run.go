package attack

import (
	"context"
	"fmt"
	"time"

	results "github.com/dtbench/dtbench/results/attack"
)

// Config is what Run works through.
type Config struct {
	Attacks  []Attack
	Variants []string
	Expected results.Matrix
	Lab      *Lab
	// Done is told every cell as it comes; may be nil.
	Done func(results.Cell)
}

// Run carries out every attack on every variant, one after the other: attacks
// that count, time or scan must not disturb each other. When ctx ends it returns
// the cells that are complete, and the cause.
func Run(ctx context.Context, c Config) (cells []results.Cell, quantities []results.Quantity, err error) {
	for _, a := range c.Attacks {
		for _, v := range c.Variants {
			expected, ok := c.Expected.Find(a.ID, v)
			if !ok {
				return cells, quantities, fmt.Errorf("nothing is expected of %s on %s", a.ID, v)
			}
			began := time.Now()
			r, err := a.Run(ctx, c.Lab, v)
			if cause := context.Cause(ctx); cause != nil {
				return cells, quantities, cause
			}
			if err != nil {
				// What was found before is not evidence of anything.
				r = Result{Outcome: results.CouldNotRun, Detail: reason(c.Lab.redact(err.Error()))}
			}
			// No attack means to quote a canary.
			r.Detail = c.Lab.redact(r.Detail)
			for i := range r.Evidence {
				r.Evidence[i] = c.Lab.redact(r.Evidence[i])
			}
			cell := results.Cell{
				Attack: a.ID, Variant: v, Adversary: a.Adversary,
				Outcome: r.Outcome, Expected: expected.Outcome, Detail: r.Detail, Evidence: r.Evidence, Basis: expected.Basis,
				Duration: float64(time.Since(began)) / float64(time.Millisecond),
			}
			if cell.Evidence == nil {
				cell.Evidence = []string{}
			}
			for _, q := range r.Quantities {
				q.Attack, q.Variant = a.ID, v
				quantities = append(quantities, q)
			}
			cells = append(cells, cell)
			if c.Done != nil {
				c.Done(cell)
			}
		}
	}
	return cells, quantities, nil
}

// longestReason is what a reason is cut to: errors quote what a function wrote.
const longestReason = 500

func reason(text string) string {
	if runes := []rune(text); len(runes) > longestReason {
		return string(runes[:longestReason]) + " …"
	}
	return text
}
