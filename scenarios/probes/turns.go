package probes

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"github.com/dtbench/dtbench/scenarios/function"
	"github.com/dtbench/dtbench/scenarios/probes/evidence"
)

// Turn orders accesses in a variant that is told which request runs, as the
// contract with the platform does at the beginning and the end of each.
type Turn struct {
	Running    string `json:"running"` // what the variant is told
	Request    string `json:"request"` // what the access is asked for
	Key        string `json:"key"`
	Times      int    `json:"times"`      // in a row
	Goroutines int    `json:"goroutines"` // that do so at once; zero is one
}

// Turned is what became of one turn.
type Turned struct {
	Granted  int            `json:"granted"`
	Sums     []string       `json:"sums"`     // SHA-256 of the values, each once
	Refusals map[string]int `json:"refusals"` // by the text of the error
}

var errNotTold = errors.New("probes: the variant is not told which request runs")

// turns gives the probe "turns".
func turns(_ context.Context, in Inside, args json.RawMessage) (any, error) {
	orders, err := decode[[]Turn](args)
	if err != nil {
		return nil, err
	}
	requests, ok := in.Secrets.(function.Requests)
	if !ok {
		return nil, errNotTold
	}
	defer requests.Begin(in.Request.ID)
	all := make([]Turned, len(orders))
	for i, o := range orders {
		requests.Begin(o.Running)
		all[i] = turn(in.Secrets, o)
	}
	return all, nil
}

func turn(secrets function.Secrets, o Turn) Turned {
	t := Turned{Sums: []string{}, Refusals: map[string]int{}}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range max(1, o.Goroutines) {
		wg.Go(func() {
			for range o.Times {
				err := secrets.Use(o.Request, o.Key, func(value []byte) error {
					mu.Lock()
					defer mu.Unlock()
					t.Granted++
					if sum := evidence.Hash(value); !slices.Contains(t.Sums, sum) {
						t.Sums = append(t.Sums, sum)
					}
					return nil
				})
				if err != nil {
					mu.Lock()
					t.Refusals[err.Error()]++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return t
}

// tokenless lets tokens that were stolen elsewhere be presented to a variant that
// takes none: in every field of every message that it does take.
type tokenless struct {
	in         Inside
	operations operations
}

// operations is what such a variant offers beside accesses.
type operations interface {
	function.Requests
	Run(requestID, dataKey, operation string, input []byte) ([]byte, error)
}

// IssueText returns ErrNoTokens.
func (tokenless) IssueText(string, string) (string, error) { return "", ErrNoTokens }

// OpenText presents the token as a request, as a data key, as an operation and as
// the input of one, each while the request is said to run.
func (t tokenless) OpenText(requestID, dataKey, token string, use func(value []byte) error) error {
	defer t.operations.Begin(t.in.Request.ID)
	t.operations.Begin(requestID)
	run := func(operation string, input []byte) error {
		output, err := t.operations.Run(requestID, dataKey, operation, input)
		if err != nil {
			return err
		}
		return use(output)
	}
	var err error
	for _, attempt := range []func() error{
		func() error { return t.in.Secrets.Use(token, dataKey, use) },
		func() error { return t.in.Secrets.Use(requestID, token, use) },
		func() error { return run(token, nil) },
		func() error { return run("open", []byte(token)) },
	} {
		if err = attempt(); err == nil {
			return nil
		}
	}
	return err
}
