package attack

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dtbench/dtbench/core"
	results "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/build"
	"github.com/dtbench/dtbench/scenarios/probes"
)

// hasTokens is false for the variant that protects nothing.
func hasTokens(variant string) bool { return variant != scenarios.Baseline }

// isLiteral tells whether tokens are those of the paper's scheme as published; the
// other variants with tokens have those of package core.
func isLiteral(variant string) bool { return variant == "literal" }

// form is the form of a variant's tokens, for probes.
func form(variant string) string {
	if isLiteral(variant) {
		return probes.LiteralForm
	}
	return probes.CoreForm
}

// patient is a policy under which refusals neither end the instance nor are
// recorded, so that an attack can go on and on; more is laid over it. Variants that
// take no policy get none.
func patient(variant string, more map[string]any) []byte {
	if isLiteral(variant) {
		return nil
	}
	return policy(map[string]any{
		"response": map[string]any{"alert_after": -1, "terminate_after": -1},
		"audit":    map[string]any{"mode": "off"},
	}, more)
}

// policy is a policy document of the parts, over the defaults but for one: a grant
// waits longer for the audit sink, because on a busy machine the default of 1 ms
// would turn grants into refusals, which no attack is about.
func policy(parts ...map[string]any) []byte {
	document := map[string]any{"policy": core.PolicyFormat, "audit": map[string]any{"grant_bound": "1s"}}
	for _, part := range parts {
		maps.Copy(document, part)
	}
	text, err := json.Marshal(document)
	if err != nil {
		panic(err) // maps of strings and numbers
	}
	return text
}

func (t *Target) public(ctx context.Context) (p probes.Public, err error) {
	return p, t.Probe(ctx, "public", nil, &p)
}

// thief is where a thief gets tokens from: the instance itself, or, since none
// leaves the second process of the broker variant, an instance of the optimized
// variant that is deployed like it.
func (t *Target) thief(ctx context.Context) (*Target, error) {
	if !brokered(t.deployment.Variant) {
		return t, nil
	}
	if t.twin == nil {
		d := t.deployment
		d.Variant = "optimized"
		if d.clocks {
			d.Program = build.ClockProgram(d.Variant).Name
		}
		twin, err := t.lab.Deploy(ctx, d)
		if err != nil {
			return nil, err
		}
		t.twin = twin
	}
	return t.twin, nil
}

// fromTwin is evidence of where stolen tokens come from, if not from the instance.
func (t *Target) fromTwin() []string {
	if t.twin == nil {
		return nil
	}
	return []string{"no token leaves the broker: the thief's are of an optimized instance, presented in every field of every message that the broker takes"}
}

func (t *Target) steal(ctx context.Context, o probes.Steal) (s probes.Stolen, err error) {
	from, err := t.thief(ctx)
	if err != nil {
		return s, err
	}
	return s, from.Probe(ctx, "steal", o, &s)
}

func (t *Target) present(ctx context.Context, o probes.Present) (p probes.Presented, err error) {
	return p, t.Probe(ctx, "present", o, &p)
}

// texts are tokens on their way to present.
func texts(tokens ...string) [][]byte {
	var b [][]byte
	for _, t := range tokens {
		b = append(b, []byte(t))
	}
	return b
}

// literalToken is a token of the paper: Algorithm 1's DecryptToken, Nonce and
// Timestamp.
type literalToken struct{ digits, nonce, timestamp string }

func parseLiteral(text string) (literalToken, error) {
	parts := strings.SplitN(text, ".", 3)
	if len(parts) != 3 {
		return literalToken{}, fmt.Errorf("a stolen token has %d parts", len(parts))
	}
	return literalToken{parts[0], parts[1], parts[2]}, nil
}

func (t literalToken) String() string { return t.digits + "." + t.nonce + "." + t.timestamp }

// coreToken is a token of package core, whose fields have fixed widths: version,
// nonce, Unix time in nanoseconds, MAC.
type coreToken struct {
	nonce [16]byte
	time  [8]byte
	mac   [32]byte
}

func parseCore(text string) (t coreToken, err error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) != core.TokenSize {
		return t, fmt.Errorf("a stolen token is none of package core's")
	}
	copy(t.nonce[:], b[1:])
	copy(t.time[:], b[17:])
	copy(t.mac[:], b[25:])
	return t, nil
}

func (t coreToken) bytes() []byte {
	b := append([]byte{1}, t.nonce[:]...)
	b = append(b, t.time[:]...)
	return append(b, t.mac[:]...)
}

func (t coreToken) String() string { return base64.RawURLEncoding.EncodeToString(t.bytes()) }

// freshNonce draws what a forger puts into a token: digits for literal tokens.
func freshNonce() (nonce [16]byte, digits string) {
	rand.Read(nonce[:])
	return nonce, hex.EncodeToString(nonce[:])
}

// now is the present as the two forms of token have it.
func now() (nanoseconds [8]byte, seconds string) {
	t := time.Now()
	binary.BigEndian.PutUint64(nanoseconds[:], uint64(t.UnixNano()))
	return nanoseconds, strconv.FormatInt(t.Unix(), 10)
}

// verdict is broken when anything was granted, and says how much.
func verdict(granted, tried int, what string) Result {
	r := Result{Outcome: results.Hold, Detail: fmt.Sprintf("%s: %d of %d accepted", what, granted, tried)}
	if granted > 0 {
		r.Outcome = results.Broken
	}
	return r
}

// refusals are evidence of how tokens were turned away.
func (t *Target) refusals(p probes.Presented) []string {
	lines := t.fromTwin()
	for _, text := range slices.Sorted(maps.Keys(p.Refusals)) {
		lines = append(lines, fmt.Sprintf("%d refused with %q", p.Refusals[text], text))
	}
	return lines
}

// proofs are evidence of canaries that were read.
func (t *Target) proofs(sums ...string) []string {
	var lines []string
	for _, c := range t.Stolen(sums...) {
		lines = append(lines, c.Proof())
	}
	return lines
}

// lent are evidence of canaries that were opened as they should be, for whom it
// says: they prove no theft.
func (t *Target) lent(to string, sums ...string) []string {
	lines := t.proofs(sums...)
	for i := range lines {
		lines[i] = "opened for " + to + ": " + lines[i]
	}
	return lines
}

// granted checks that what was granted are this instance's canaries: a probe that
// claims grants without values would prove nothing.
func (t *Target) granted(p probes.Presented) error {
	if len(p.Granted) > 0 && len(t.Stolen(p.Sums...)) == 0 {
		return fmt.Errorf("%d tokens were accepted, and no canary was lent", len(p.Granted))
	}
	return nil
}
