package probes

import (
	"context"
	"encoding/json"
	"runtime"
	"sync"
	"sync/atomic"
)

// Race orders races of the same token from several goroutines at once.
type Race struct {
	Request    string `json:"request"`
	Key        string `json:"key"`
	Races      int    `json:"races"`
	Goroutines int    `json:"goroutines"`
}

// Raced counts the races by their number of grants.
type Raced struct {
	Grants map[int]int `json:"grants"`
}

// race gives the probe "race".
func race(_ context.Context, in Inside, args json.RawMessage) (any, error) {
	o, err := decode[Race](args)
	if err != nil {
		return nil, err
	}
	tokens, err := in.tokens()
	if err != nil {
		return nil, err
	}
	r := Raced{Grants: map[int]int{}}
	for range o.Races {
		token, err := tokens.IssueText(o.Request, o.Key)
		if err != nil {
			return nil, err
		}
		var grants, ready atomic.Int32
		var wg sync.WaitGroup
		for range o.Goroutines {
			wg.Go(func() {
				// All are running before the first goes, so that they meet.
				for ready.Add(1); ready.Load() < int32(o.Goroutines); {
					runtime.Gosched()
				}
				if tokens.OpenText(o.Request, o.Key, token, func([]byte) error { return nil }) == nil {
					grants.Add(1)
				}
			})
		}
		wg.Wait()
		r.Grants[int(grants.Load())]++
	}
	return r, nil
}
