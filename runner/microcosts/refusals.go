package microcosts

import (
	"strconv"
	"time"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/core/literal"
	"github.com/dtbench/dtbench/results"
)

// measureRefusals times refusals by what is wrong with the token: a used nonce,
// an old timestamp, a wrong MAC. Everything else about each token is right.
func measureRefusals(o Options, m *results.Microcosts) error {
	for _, of := range []func(Options) (results.RefusalCost, error){literalRefusals, optimizedRefusals} {
		cost, err := of(o)
		if err != nil {
			return err
		}
		m.Refusals = append(m.Refusals, cost)
	}
	return nil
}

func refusalCost(scheme string, o Options, replayed, expired, forged operation) (cost results.RefusalCost, err error) {
	times, err := takeTurns(o.Rounds, o.Batch, wall, replayed, expired, forged)
	if err != nil {
		return cost, err
	}
	of := func(i int) results.Cost { return summarise("ns", o.Batch, times[i]) }
	return results.RefusalCost{Scheme: scheme, Replayed: of(0), Expired: of(1), Forged: of(2)}, nil
}

// tokens makes an operation that presents tokens made ready by one.
func tokens[T any](one func() (T, error), present func(T) error) operation {
	var ready []T
	return operation{
		prepare: func(n int) error {
			ready = ready[:0]
			for range n {
				t, err := one()
				if err != nil {
					return err
				}
				ready = append(ready, t)
			}
			return nil
		},
		run: func(i int) error { return present(ready[i]) },
	}
}

func literalRefusals(o Options) (results.RefusalCost, error) {
	g, err := newLiteral(nil, nil)
	if err != nil {
		return results.RefusalCost{}, err
	}
	defer g.Close()
	replayed := tokens(func() (literal.Token, error) {
		t, err := g.Issue(requestID, dataKey)
		if err != nil {
			return t, err
		}
		return t, g.Open(requestID, dataKey, t, discard)
	}, presentLiteral(g))
	expired := tokens(func() (literal.Token, error) {
		t, err := g.Issue(requestID, dataKey)
		if err != nil {
			return t, err
		}
		t.Timestamp = strconv.FormatInt(time.Now().Add(-2*window).Unix(), 10)
		t.DecryptToken, err = g.Compute(requestID, dataKey, t.Nonce, t.Timestamp)
		return t, err
	}, presentLiteral(g))
	return refusalCost(schemeLiteral, o, replayed, expired, forgedLiteral(g))
}

func presentLiteral(g *literal.UnsafeGuard) func(literal.Token) error {
	return func(t literal.Token) error { return refused(g.Open(requestID, dataKey, t, discard)) }
}

// forgedLiteral fails the last check of Algorithm 1.
func forgedLiteral(g *literal.UnsafeGuard) operation {
	return tokens(func() (literal.Token, error) {
		t, err := g.Issue(requestID, dataKey)
		if err != nil {
			return t, err
		}
		t.DecryptToken = forge(t.DecryptToken)
		return t, nil
	}, presentLiteral(g))
}

func optimizedRefusals(o Options) (results.RefusalCost, error) {
	var c clock
	g, err := newOptimized(c.now, nil)
	if err != nil {
		return results.RefusalCost{}, err
	}
	defer g.Close()
	expired := tokens(func() (core.Token, error) {
		c.offset.Store(-int64(2 * window))
		defer c.offset.Store(0)
		return g.Issue(requestID, dataKey)
	}, presentOptimized(g))
	forged := tokens(func() (core.Token, error) {
		t, err := g.Issue(requestID, dataKey)
		if err != nil {
			return t, err
		}
		data, err := t.AppendBinary(nil)
		if err != nil {
			return t, err
		}
		data[len(data)-1] ^= 1 // within the MAC
		return core.ParseToken(data)
	}, presentOptimized(g))
	return refusalCost(schemeOptimized, o, replayedOptimized(g), expired, forged)
}

func presentOptimized(g *core.Guard) func(core.Token) error {
	return func(t core.Token) error { return refused(g.Open(requestID, dataKey, t, discard)) }
}

// replayedOptimized fails the last check of the hardened core.
func replayedOptimized(g *core.Guard) operation {
	return tokens(func() (core.Token, error) {
		t, err := g.Issue(requestID, dataKey)
		if err != nil {
			return t, err
		}
		return t, g.Open(requestID, dataKey, t, discard)
	}, presentOptimized(g))
}
