package probes

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/dtbench/dtbench/core"
)

// Timing orders the refusal of tokens whose MAC is wrong in its first byte or in
// its last, timed each. A comparison that stops at the first difference takes
// longer for the second, and tells an attacker byte by byte what the MAC is.
type Timing struct {
	Request string `json:"request"`
	Key     string `json:"key"`
	Form    string `json:"form"`
	Samples int    `json:"samples"` // of each kind
	Seed    uint64 `json:"seed"`
}

// Timed holds nanoseconds of each refusal. The control is the same with a
// comparison after it that does stop at the first difference: a method that does
// not see that one proves nothing by not seeing another.
type Timed struct {
	First        []int64        `json:"first"`
	Last         []int64        `json:"last"`
	ControlFirst []int64        `json:"control_first"`
	ControlLast  []int64        `json:"control_last"`
	Errors       map[string]int `json:"errors"` // by text
}

// timing gives the probe "timing".
func timing(_ context.Context, in Inside, args json.RawMessage) (any, error) {
	o, err := decode[Timing](args)
	if err != nil {
		return nil, err
	}
	tokens, err := in.tokens()
	if err != nil {
		return nil, err
	}
	t := Timed{Errors: map[string]int{}}
	kinds := []struct {
		last, control bool
		times         *[]int64
	}{
		{false, false, &t.First},
		{true, false, &t.Last},
		{false, true, &t.ControlFirst},
		{true, true, &t.ControlLast},
	}
	random := rand.New(rand.NewPCG(o.Seed, 0))
	equal := 0
	for range o.Samples {
		// One of each kind per round, in random order: drift hits all alike.
		for _, k := range random.Perm(len(kinds)) {
			genuine, err := tokens.IssueText(o.Request, o.Key)
			if err != nil {
				return nil, err
			}
			altered, right, wrong, err := alter(genuine, o.Form, kinds[k].last)
			if err != nil {
				return nil, err
			}
			began := time.Now()
			err = tokens.OpenText(o.Request, o.Key, altered, func([]byte) error { return nil })
			if kinds[k].control && equalUntilDifference(right, wrong) {
				equal++
			}
			took := time.Since(began)
			if err == nil {
				return nil, fmt.Errorf("probes: a token with a wrong MAC was accepted")
			}
			t.Errors[err.Error()]++
			*kinds[k].times = append(*kinds[k].times, int64(took))
		}
	}
	if equal > 0 {
		return nil, fmt.Errorf("probes: an altered MAC equals the right one")
	}
	return t, nil
}

// alter changes the first or the last byte of the MAC of a token.
func alter(token, form string, last bool) (altered string, right, wrong []byte, err error) {
	if form == LiteralForm {
		digits, rest, _ := strings.Cut(token, ".")
		if digits == "" {
			return "", nil, nil, fmt.Errorf("probes: a token without a MAC")
		}
		wrong := []byte(digits)
		at := 0
		if last {
			at = len(wrong) - 1
		}
		wrong[at] ^= 1 // another digit, or a character that is none
		return string(wrong) + "." + rest, []byte(digits), wrong, nil
	}
	const macAt = 25 // core/SPEC.md, "Token"
	right, err = base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(right) != core.TokenSize {
		return "", nil, nil, fmt.Errorf("probes: a token that is none")
	}
	wrong = append(wrong, right...)
	at := macAt
	if last {
		at = len(wrong) - 1
	}
	wrong[at] ^= 1
	return base64.RawURLEncoding.EncodeToString(wrong), right[macAt:], wrong[macAt:], nil
}

// equalUntilDifference compares as one must not.
//
//go:noinline
func equalUntilDifference(a, b []byte) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
