package probes

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/scenarios/probes/evidence"
)

// Tokens is what a variant with tokens lets code inside the function do with
// them: the part of core.Scheme that a process of its own can offer as well.
type Tokens interface {
	IssueText(requestID, dataKey string) (string, error)
	OpenText(requestID, dataKey, token string, use func(value []byte) error) error
}

// ErrNoTokens is returned by probes of tokens in a variant that has none.
var ErrNoTokens = errors.New("probes: the variant has no tokens")

// tokens is how a token is issued or presented in this variant.
func (in Inside) tokens() (Tokens, error) {
	if t, ok := in.Secrets.(Tokens); ok {
		return t, nil
	}
	if o, ok := in.Secrets.(operations); ok {
		return tokenless{in, o}, nil
	}
	return nil, ErrNoTokens
}

// Public is what anybody may know of a request: it stands in logs, headers and
// answers.
type Public struct {
	Request  string `json:"request"`
	Instance string `json:"instance"` // that tokens are bound to; "" where there is none
}

// public gives the probe "public".
func public(_ context.Context, in Inside, _ json.RawMessage) (any, error) {
	p := Public{Request: in.Request.ID}
	if s, ok := in.Secrets.(interface{ InstanceID() string }); ok {
		p.Instance = s.InstanceID()
	}
	return p, nil
}

// Steal orders tokens that leak, as through a log or a proxy.
type Steal struct {
	Key   string `json:"key"`
	Count int    `json:"count"`
	// Spend has the function use each token itself, before the thief does.
	Spend bool `json:"spend"`
	// Request is the id that they are issued for; empty means that of the event.
	Request string `json:"request"`
}

// Stolen is what the thief gets.
type Stolen struct {
	Public
	Tokens []string `json:"tokens"`
}

// steal gives the probe "steal".
func steal(ctx context.Context, in Inside, args json.RawMessage) (any, error) {
	o, err := decode[Steal](args)
	if err != nil {
		return nil, err
	}
	tokens, err := in.tokens()
	if err != nil {
		return nil, err
	}
	p, _ := public(ctx, in, nil)
	s := Stolen{Public: p.(Public)}
	if o.Request != "" {
		s.Request = o.Request
	}
	for range o.Count {
		token, err := tokens.IssueText(s.Request, o.Key)
		if err != nil {
			return nil, err
		}
		if o.Spend {
			if err := tokens.OpenText(s.Request, o.Key, token, func([]byte) error { return nil }); err != nil {
				return nil, err
			}
		}
		s.Tokens = append(s.Tokens, token)
	}
	return s, nil
}

// Present orders that the function is given tokens as if they came with the
// request of the given id, which platforms deliver again when they retry.
type Present struct {
	Request string   `json:"request"`
	Key     string   `json:"key"`
	Tokens  [][]byte `json:"tokens"` // texts, in base64 on their way
}

// Presented is what became of them.
type Presented struct {
	Granted  []int          `json:"granted"`  // indices
	Sums     []string       `json:"sums"`     // SHA-256 of the values that were lent, each once
	Refusals map[string]int `json:"refusals"` // by the text of the error
}

// present gives the probe "present".
func present(_ context.Context, in Inside, args json.RawMessage) (any, error) {
	o, err := decode[Present](args)
	if err != nil {
		return nil, err
	}
	tokens, err := in.tokens()
	if err != nil {
		return nil, err
	}
	p := Presented{Granted: []int{}, Sums: []string{}, Refusals: map[string]int{}}
	for i, token := range o.Tokens {
		err := tokens.OpenText(o.Request, o.Key, string(token), func(value []byte) error {
			p.Granted = append(p.Granted, i)
			if sum := evidence.Hash(value); !slices.Contains(p.Sums, sum) {
				p.Sums = append(p.Sums, sum)
			}
			return nil
		})
		if err != nil {
			p.Refusals[err.Error()]++
		}
	}
	return p, nil
}

// Registry is how much a variant keeps of used nonces.
type Registry struct {
	Nonces int `json:"nonces"`
}

// registry gives the probe "registry".
func registry(_ context.Context, in Inside, _ json.RawMessage) (any, error) {
	switch s := in.Secrets.(type) {
	case interface{ Used() int }:
		return Registry{Nonces: s.Used()}, nil
	case interface{ Stats() core.Stats }:
		return Registry{Nonces: s.Stats().Nonces}, nil
	}
	return nil, errors.New("probes: the variant does not say how many nonces it keeps")
}
