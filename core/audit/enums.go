package audit

import "fmt"

// Event is what happened.
type Event uint8

// The events. Those marked critical are flushed at once and go to alert hooks.
const (
	Verify         Event = iota + 1 // a token was verified; critical from CriticalFailures consecutive refusals on
	Opened                          // the log was opened; written by the package
	Closed                          // the log was closed; written by the package
	Withdrawn                       // critical: a recorded grant was not carried out
	Sealed                          // the environment was sealed
	Replaced                        // a temporary key was replaced by a newer one
	Expired                         // a temporary key expired and was wiped
	Unlisted                        // critical: a secret-like variable is on no list
	FactorAlert                     // critical: a factor that only observes or alerts did not hold
	Alert                           // critical: consecutive failures of one source
	Blocked                         // critical: a source is blocked for a time
	Unblocked                       // a source may ask again
	Restored                        // critical: the instance was restored from a snapshot or resumed: new id, new key
	Revoked                         // critical: the control plane revoked the instance
	Terminated                      // critical: keys wiped, the instance ends
	FunctionFailed                  // the function crashed or timed out: no signature failure
	BudgetWarned                    // a request is near its budget
)

var eventNames = [...]string{
	"", "verify", "opened", "closed", "withdrawn", "sealed", "replaced", "expired", "unlisted", "factor_alert",
	"alert", "blocked", "unblocked", "restored", "revoked", "terminated", "function_failed", "budget_warned",
}

// String returns the name that lines carry.
func (e Event) String() string { return nameOf(eventNames[:], e) }

func (e Event) critical() bool {
	switch e {
	case Withdrawn, Unlisted, FactorAlert, Alert, Blocked, Restored, Revoked, Terminated:
		return true
	}
	return false
}

// Result is what was decided.
type Result uint8

// The results.
const (
	Done    Result = iota + 1 // an event that decides nothing
	Granted                   // the value was released
	Denied                    // it was not
)

var resultNames = [...]string{"", "done", "granted", "denied"}

// String returns the name that lines carry.
func (r Result) String() string { return nameOf(resultNames[:], r) }

// Reason is why. The caller of the core never learns it.
type Reason uint8

// The reasons.
const (
	Malformed         Reason = iota + 1 // no token of this version, or no possible request id
	BadMAC                              // forged, altered, or bound to another request, instance, function or data key
	TooOld                              // the token's time is before the window
	FromFuture                          // the token's time is after the window
	Forgotten                           // so old that its nonce may have left the registry
	Replay                              // the nonce was used before
	RegistryFull                        // no room to remember the nonce
	RequestsFull                        // no room to count what the request opens
	UnknownKey                          // no such value here
	BadSeal                             // the ciphertext was exchanged or damaged
	KeyExpired                          // the value was temporary and has expired
	OverBudget                          // the request has used its accesses up
	SourceBlocked                       // the source is blocked
	CallChain                           // the call-chain factor
	Behaviour                           // the behaviour factor
	SinkLate                            // the audit sink did not take the record within GrantBound
	SinkFailed                          // the audit sink failed
	ClockStepped                        // wall time and boot time disagree, or the clock reads before 1970
	SnapshotRestored                    // the instance runs from a snapshot and has not drawn a new key
	PolicyMissing                       // no policy admits the access
	TooManyFailures                     // the threshold of consecutive failures was reached
	Operator                            // somebody asked for it
	Crash                               // the function crashed
	Timeout                             // the function ran out of time
	MemoryExceeded                      // the function ran out of memory
	SecretLikeName                      // the name looks like a credential's
	SecretLikeValue                     // the value looks like a credential
	PlatformInjection                   // the platform added a known credential name
	NotErased                           // sealed, but the plaintext stays in the memory of the process: this system cannot erase it
	GuardClosed                         // the guard is closed
)

var reasonNames = [...]string{
	"", "malformed", "bad_mac", "too_old", "from_future", "forgotten", "replay", "registry_full", "requests_full", "unknown_key",
	"bad_seal", "key_expired", "over_budget", "source_blocked", "call_chain", "behaviour", "sink_late", "sink_failed",
	"clock_stepped", "snapshot_restored", "policy_missing", "too_many_failures", "operator", "crash", "timeout",
	"memory_exceeded", "secret_like_name", "secret_like_value", "platform_injection", "not_erased", "guard_closed",
}

// String returns the name that lines carry.
func (r Reason) String() string { return nameOf(reasonNames[:], r) }

// Scheme is how the token was computed.
type Scheme uint8

// The schemes.
const (
	Hardened Scheme = iota + 1
	Literal
)

var schemeNames = [...]string{"", "hardened", "literal"}

// String returns the name that lines carry.
func (s Scheme) String() string { return nameOf(schemeNames[:], s) }

// Sensitivity of a data key.
type Sensitivity uint8

// The sensitivities.
const (
	Low Sensitivity = iota + 1
	Standard
	High
)

var sensitivityNames = [...]string{"", "low", "standard", "high"}

// String returns the name that lines carry.
func (s Sensitivity) String() string { return nameOf(sensitivityNames[:], s) }

// FactorOutcome is what one factor of a multi-factor verification found.
type FactorOutcome uint8

// The outcomes.
const (
	FactorHeld     FactorOutcome = iota + 1 // as expected
	FactorObserved                          // not as expected: recorded only
	FactorAlerted                           // not as expected: recorded and alerted
	FactorDenied                            // not as expected: refused
)

var factorNames = [...]string{"", "held", "observed", "alerted", "denied"}

// String returns the name that lines carry.
func (f FactorOutcome) String() string { return nameOf(factorNames[:], f) }

// Detail is how much of a record is written.
type Detail uint8

// The levels.
const (
	DetailAuto     Detail = iota // by result
	DetailMinimal                // event, result, reason, request, key
	DetailStandard               // and source, verification parameters, factors, function context
	DetailFull                   // and State
)

func nameOf[T ~uint8](names []string, v T) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("%T(%d)", v, v)
}
