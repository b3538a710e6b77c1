package core

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/dtbench/dtbench/core/audit"
)

// PolicyFormat is the version that every policy document names.
const PolicyFormat = "dtbench/policy/v1"

// maxPolicy bounds a policy document, in bytes.
const maxPolicy = 64 << 10

// Policy is what a function's operator lays down for it (paper, section
// "Function-level token management policy"): rules are written per function and
// carried out per request. As a document it is JSON; see core/SPEC.md. The zero
// value is the default for every field.
//
// A policy holds no secret. It is not changed after it was given to a guard.
type Policy struct {
	// Format is [PolicyFormat], or empty in a policy made in code.
	Format string `json:"policy"`

	// Function, Version and Region are bound into every token. Empty ones are
	// taken from the variables in which AWS Lambda, Function Compute and SCF
	// give them.
	Function string `json:"function,omitempty"`
	Version  string `json:"version,omitempty"`
	Region   string `json:"region,omitempty"`

	// Rule is an encryption rule such as $sha256($requestid, $region). The
	// outermost algorithm becomes that of the MAC and the arguments are bound
	// beside what is always bound: a rule can add and never take away.
	Rule string `json:"rule,omitempty"`

	// Parameters are the custom static parameters of the rule.
	Parameters map[string]string `json:"parameters,omitempty"`

	// AllowWeakHashes lets rules use md5 and sha1. In FIPS 140-only mode they
	// are refused all the same.
	AllowWeakHashes bool `json:"allow_weak_hashes,omitempty"`

	// Keys lists data keys to protect and how. A name here is as good as one
	// in ENCRYPTION_KEYS.
	Keys map[string]KeyPolicy `json:"keys,omitempty"`

	// Patterns protects further variables by name, such as "*_PASSWORD"
	// (path.Match); Harmless silences the alert about names that look secret.
	Patterns []string `json:"patterns,omitempty"`
	Harmless []string `json:"harmless,omitempty"`

	// RequestTimeout is how long one request may run: the function's timeout, at
	// most 24 h. A request that opened nothing for so long, and two windows, is
	// forgotten; were it to go on, it had a new budget. Default 1 minute.
	RequestTimeout Duration `json:"request_timeout,omitempty"`

	CallChain CallChainPolicy `json:"call_chain,omitzero"`
	Behaviour BehaviourPolicy `json:"behaviour,omitzero"`
	Response  ResponsePolicy  `json:"response,omitzero"`
	Audit     AuditPolicy     `json:"audit,omitzero"`
}

// KeyPolicy is what holds for one data key. What is left out comes from the
// sensitivity.
type KeyPolicy struct {
	Sensitivity Sensitivity `json:"sensitivity,omitempty"`

	// Algorithm is that of the MAC: sha256, sha512, sha3_256, sha3_512,
	// blake2b or blake2s, or the weak md5 and sha1; always within HMAC.
	Algorithm string `json:"algorithm,omitempty"`

	// Window is how far a token's timestamp may lie from the clock, at most an
	// hour, and a minute for keys of high sensitivity.
	Window Duration `json:"window,omitempty"`

	// Budget is how often one request may open the value. Unlimited is -1, not
	// for keys of high sensitivity.
	Budget int `json:"budget,omitempty"`

	// Detail says how much the audit record of a grant holds; not minimal for
	// keys of high sensitivity.
	Detail Detail `json:"audit,omitempty"`

	// Validation may leave checks out, for keys that are explicitly of low
	// sensitivity and for no others.
	Validation Validation `json:"validation,omitempty"`
}

// Sensitivity ranks a data key.
type Sensitivity string

// The sensitivities, and what they stand for unless a key says otherwise.
const (
	High     Sensitivity = "high"     // HMAC-SHA-512/256, 2 s, 16 openings a request, full audit detail
	Standard Sensitivity = "standard" // HMAC-SHA-256, Config.Window, no budget, standard detail; the default
	Low      Sensitivity = "low"      // HMAC-SHA-256, 30 s, no budget, minimal detail
)

// Detail is how much an audit record of a grant holds. Refusals and alerts are
// recorded in full always.
type Detail string

// The details, from most to least.
const (
	DetailFull     Detail = "full"     // with source, call chain and factors
	DetailStandard Detail = "standard" // request, key, times
	DetailMinimal  Detail = "minimal"  // key and result
)

// Validation is how much of the verification a data key gets (paper, Table 2,
// "progressive validation based on operation criticality"). The MAC is checked
// whatever it says.
type Validation string

// The validations.
const (
	// ValidateFully checks MAC, time and replay. The default, and the only one
	// for keys of high and standard sensitivity.
	ValidateFully Validation = "full"

	// ValidateWithoutReplay saves the registry. A token opens its value as often
	// as it is presented within the window: whoever sees one on its way has it,
	// for the same request and instance.
	ValidateWithoutReplay Validation = "no-replay"

	// ValidateMACOnly also saves the time check. A token stays good for the life
	// of the instance.
	ValidateMACOnly Validation = "mac-only"
)

// Action is what a failed factor leads to.
type Action string

// The actions. Each leaves its outcome in the audit record.
const (
	Observe Action = "observe"
	Alert   Action = "alert"
	Deny    Action = "deny"
)

// Duration is a time.Duration that documents write as "10s" or "500ms".
type Duration time.Duration

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}

// MarshalText writes what time.Duration prints.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// ParsePolicy reads a policy document: one JSON object of at most 64 KiB, with
// "policy": "dtbench/policy/v1", and no field that this version does not know,
// that stands twice in one object, or that is written in another case.
// The error wraps [ErrConfig].
func ParsePolicy(document []byte) (*Policy, error) {
	if len(document) > maxPolicy {
		return nil, fmt.Errorf("%w: the policy has %d bytes, at most %d are read", ErrConfig, len(document), maxPolicy)
	}
	d := json.NewDecoder(bytes.NewReader(document))
	d.DisallowUnknownFields()
	p := new(Policy)
	if err := d.Decode(p); err != nil {
		return nil, fmt.Errorf("%w: read the policy: %w", ErrConfig, policyError(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows the policy document", ErrConfig)
	}
	if err := checkFields(document); err != nil {
		return nil, fmt.Errorf("%w: policy: %w", ErrConfig, err)
	}
	if p.Format != PolicyFormat {
		return nil, fmt.Errorf("%w: the policy is not marked as %s", ErrConfig, PolicyFormat)
	}
	return p, p.check()
}

// policyError keeps the text of a document out of messages: a secret that was
// put into the policy by mistake must not come out in a log.
func policyError(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("malformed JSON after %d bytes", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("%s does not take a JSON %.10s", kind.Field, kind.Value)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the document ends too early")
	}
	return errors.New("an unknown field, or a duration that is not like \"10s\"")
}

// check refuses what no guard can carry out. Rules are compiled later.
func (p *Policy) check() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%w: policy: "+format, append([]any{ErrConfig}, args...)...)
	}
	if p.Format != "" && p.Format != PolicyFormat {
		return fail("format is not %s", PolicyFormat)
	}
	for _, text := range []string{p.Function, p.Version, p.Region} {
		if len(text) > maxContext {
			return fail("function, version and region have at most %d bytes each", maxContext)
		}
	}
	for name, k := range p.Keys {
		if !isName(name) {
			return fail("an entry of keys is not the name of a variable")
		}
		if err := k.check(); err != nil {
			return fail("keys.%s: %w", name, err)
		}
	}
	for _, err := range []error{p.checkRequests(), p.CallChain.check(), p.Behaviour.check(p.Keys), p.Response.check(), p.Audit.check()} {
		if err != nil {
			return fail("%w", err)
		}
	}
	return nil
}

func (k KeyPolicy) check() error {
	switch {
	case !oneOf(k.Sensitivity, "", High, Standard, Low):
		return errors.New("sensitivity is not high, standard or low")
	case !oneOf(k.Detail, "", DetailFull, DetailStandard, DetailMinimal):
		return errors.New("audit is not full, standard or minimal")
	case !oneOf(k.Validation, "", ValidateFully, ValidateWithoutReplay, ValidateMACOnly):
		return errors.New("validation is not full, no-replay or mac-only")
	case oneOf(k.Validation, ValidateWithoutReplay, ValidateMACOnly) && k.Sensitivity != Low:
		return errors.New("only a key of low sensitivity may skip a check")
	case k.Window < 0 || time.Duration(k.Window) > maxWindow:
		return fmt.Errorf("window is not within 0 to %v", maxWindow)
	case k.Budget < -1:
		return errors.New("budget is less than -1")
	}
	if k.Sensitivity != High {
		return nil
	}
	switch {
	case time.Duration(k.Window) > maxHighWindow:
		return fmt.Errorf("the window of a key of high sensitivity is %v at most", maxHighWindow)
	case k.Budget < 0:
		return errors.New("a key of high sensitivity has a budget")
	case k.Detail == DetailMinimal:
		return errors.New("the audit of a key of high sensitivity is not minimal")
	}
	return nil
}

func oneOf[T comparable](v T, list ...T) bool {
	for _, x := range list {
		if v == x {
			return true
		}
	}
	return false
}

// keyRules is a KeyPolicy with everything filled in.
type keyRules struct {
	rule       int   // index in state.rules
	window     int64 // nanoseconds
	budget     int   // per request; -1 for none
	skipTime   bool
	skipReplay bool

	// What audit records say.
	sensitivity audit.Sensitivity
	algorithm   audit.Name
	detail      audit.Detail
}

// rulesFor fills in what the policy says about one key, and names the algorithm:
// the key's own, else that of the rule, else that of the sensitivity.
func (p *Policy) rulesFor(name string, window time.Duration) (keyRules, string) {
	k := p.Keys[name]
	r := keyRules{sensitivity: audit.Standard, window: int64(window), budget: -1, detail: audit.DetailStandard}
	algorithm := "sha256"
	switch k.Sensitivity {
	case High:
		r = keyRules{sensitivity: audit.High, window: int64(min(highWindow, window)), budget: highBudget, detail: audit.DetailFull}
		algorithm = "sha512"
	case Low:
		r = keyRules{sensitivity: audit.Low, window: int64(max(lowWindow, window)), budget: -1, detail: audit.DetailMinimal}
	}
	if p.Rule != "" {
		algorithm = ""
	}
	if k.Algorithm != "" {
		algorithm = k.Algorithm
	}
	if k.Window != 0 {
		r.window = int64(k.Window)
	}
	if k.Budget != 0 {
		r.budget = k.Budget
	}
	switch k.Detail {
	case DetailFull:
		r.detail = audit.DetailFull
	case DetailStandard:
		r.detail = audit.DetailStandard
	case DetailMinimal:
		r.detail = audit.DetailMinimal
	}
	r.skipReplay = k.Validation == ValidateWithoutReplay || k.Validation == ValidateMACOnly
	r.skipTime = k.Validation == ValidateMACOnly
	return r, algorithm
}

const (
	highWindow    = 2 * time.Second
	maxHighWindow = time.Minute // the paper: seconds for high sensitivity
	lowWindow     = 30 * time.Second
	highBudget    = 16
	maxContext    = 256 // bytes of function name, version, region
)
