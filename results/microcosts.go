package results

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
)

// MicrocostsSchema names the version of the format of Microcosts.
const MicrocostsSchema = "dtbench/microcosts/v1"

// Microcosts are small costs of the token schemes, measured in one process: what
// an audit record adds, what a refusal costs, how a registry grows. Claims about
// the inside of the mechanism are judged by them. What is compared was measured
// in turns.
type Microcosts struct {
	Schema      string      `json:"schema"`
	Tool        Tool        `json:"tool"`
	Environment Environment `json:"environment"`
	// CPUClock is what CPU times were read from: "thread" for the processor time
	// of the measuring thread, "wall" where the system has no such clock.
	CPUClock   string           `json:"cpu_clock"`
	Audit      []AuditCost      `json:"audit"`
	Refusals   []RefusalCost    `json:"refusals"`
	Rules      []RuleCost       `json:"rules"`
	Registries []RegistryGrowth `json:"registries"`
	Verify     []VerifyCost     `json:"verify"`
	Warnings   []string         `json:"warnings,omitempty"`
}

// The schemes that are measured: the hardened core, and the paper's as it was
// published (core/literal).
const (
	SchemeOptimized = "optimized"
	SchemeLiteral   = "literal"
)

// Cost is the distribution of one quantity over the rounds of a measurement.
type Cost struct {
	Unit   string  `json:"unit"`   // ns or bytes, for one operation
	Rounds int     `json:"rounds"` // values that the figures summarise
	Batch  int     `json:"batch"`  // operations behind each value
	Median float64 `json:"median"`
	// Low95 and High95 bound the median at 95 % (order statistics).
	Low95  float64 `json:"lo95"`
	High95 float64 `json:"hi95"`
	P95    float64 `json:"p95"`
	P99    float64 `json:"p99"`
}

// AuditCost is the time of one access (issue, verify, open) by what happens to
// its audit record. Every round times one access of each kind.
type AuditCost struct {
	Scheme  string `json:"scheme"`
	Mode    string `json:"mode"`    // async (Algorithm 2) or strict
	Off     Cost   `json:"off"`     // no record
	On      Cost   `json:"on"`      // a sink that is read from
	Added   Cost   `json:"added"`   // on − off, round by round
	Stalled Cost   `json:"stalled"` // a sink that takes nothing any more
	// StalledRefused is how many accesses were refused while the sink was
	// stalled: strict mode refuses what it cannot record.
	StalledRefused int `json:"stalled_refused"`
}

// RefusalCost is the time to refuse one token, by what is wrong with it.
type RefusalCost struct {
	Scheme   string `json:"scheme"`
	Replayed Cost   `json:"replayed"` // a used nonce
	Expired  Cost   `json:"expired"`
	Forged   Cost   `json:"forged"` // everything right but the token itself
}

// RuleCost is the time to compute one token by a rule of the published form.
type RuleCost struct {
	Algorithm string `json:"algorithm"`
	Time      Cost   `json:"time"`
}

// RegistryGrowth follows a registry of used nonces under a steady rate of
// accepted requests, by a clock that the measurement moves.
type RegistryGrowth struct {
	Scheme        string  `json:"scheme"`
	RatePerSecond float64 `json:"rate_per_second"`
	WindowS       float64 `json:"window_s"`
	Accepted      int     `json:"accepted"`
	// Peak is the most entries at any time, HalfPeak that of the first half of
	// the time: a registry that forgets has about reached its peak by then.
	Peak     int `json:"peak"`
	HalfPeak int `json:"half_peak"`
}

// VerifyCost is one verification beside a bare HMAC-SHA256 with a kept key over
// as many bytes as the fields of Eq. (1) have.
type VerifyCost struct {
	Scheme string `json:"scheme"`
	// Checks is a verification without the decryption behind it: the refusal
	// that goes through every check and fails the last.
	Checks Cost `json:"checks"`
	// Access is a verification that ends in a grant, with the decryption of a
	// value of SecretBytes; CPU its processor time, and Bytes what it allocates.
	Access      Cost `json:"access"`
	CPU         Cost `json:"cpu"`
	Bytes       Cost `json:"bytes"`
	SecretBytes int  `json:"secret_bytes"`
	HMAC        Cost `json:"hmac"`
	Ratio       Cost `json:"ratio"` // checks / hmac, round by round; its unit is 1
}

// WriteMicrocosts writes m as indented JSON. What ReadMicrocosts would refuse is
// an error, and nothing is written.
func WriteMicrocosts(w io.Writer, m *Microcosts) error {
	if err := m.Validate(); err != nil {
		return fmt.Errorf("refusing to write: %w", err)
	}
	data, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(data, '\n'))
	return err
}

// ReadMicrocosts decodes and validates. Errors wrap ErrInvalid.
func ReadMicrocosts(r io.Reader) (*Microcosts, error) {
	var m Microcosts
	if err := json.NewDecoder(r).Decode(&m); err != nil {
		return nil, fmt.Errorf("%w: microcosts: %v", ErrInvalid, err)
	}
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return &m, nil
}

// Validate refuses another version and a cost that no measurement gives. Errors
// wrap ErrInvalid.
func (m *Microcosts) Validate() error {
	if m.Schema != MicrocostsSchema {
		return fmt.Errorf("%w: microcosts: schema %q is not %s", ErrInvalid, m.Schema, MicrocostsSchema)
	}
	costs := map[string]Cost{}
	for _, a := range m.Audit {
		at := "audit " + a.Scheme + " " + a.Mode
		costs[at+" off"], costs[at+" on"], costs[at+" stalled"], costs[at+" added"] = a.Off, a.On, a.Stalled, a.Added
	}
	for _, r := range m.Refusals {
		at := "refusal " + r.Scheme
		costs[at+" replayed"], costs[at+" expired"], costs[at+" forged"] = r.Replayed, r.Expired, r.Forged
	}
	for _, r := range m.Rules {
		costs["rule "+r.Algorithm] = r.Time
	}
	for _, v := range m.Verify {
		at := "verify " + v.Scheme
		costs[at+" checks"], costs[at+" access"], costs[at+" cpu"] = v.Checks, v.Access, v.CPU
		costs[at+" bytes"], costs[at+" hmac"], costs[at+" ratio"] = v.Bytes, v.HMAC, v.Ratio
	}
	for at, c := range costs {
		for _, v := range []float64{c.Median, c.Low95, c.High95, c.P95, c.P99} {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("%w: microcosts: %s is not finite", ErrInvalid, at)
			}
		}
		if c.Rounds < 1 || c.Batch < 1 || c.Unit == "" || c.Low95 > c.Median || c.Median > c.High95 {
			return fmt.Errorf("%w: microcosts: %s summarises %d rounds of %d to %v in %v to %v", ErrInvalid, at, c.Rounds, c.Batch, c.Median, c.Low95, c.High95)
		}
	}
	for _, g := range m.Registries {
		if g.Accepted < 1 || !(g.RatePerSecond > 0) || !(g.WindowS > 0) || g.Peak < g.HalfPeak || g.HalfPeak < 1 {
			return fmt.Errorf("%w: microcosts: growth of the %s registry", ErrInvalid, g.Scheme)
		}
	}
	return nil
}
