package audit

import "time"

// Record is one event. Its zero fields are left out of the line.
//
// It has no field that could hold a token, a nonce or a value, and none of type
// string, []byte, error or any.
type Record struct {
	Event  Event
	Result Result
	Reason Reason

	// Time of the event. Zero means the log's clock, which costs another reading.
	Time time.Time

	// What was asked for.
	Request ID   // the platform's id of the request
	Source  ID   // who sent the event (caller identity); attacker-chosen unless the platform vouches for it
	Key     Name // data key: the name of the value

	// Verification parameters.
	Scheme      Scheme
	Algorithm   Name // as rules.Rule.Algorithm names it
	Sensitivity Sensitivity
	Window      time.Duration // how far the token's time may lie from the clock
	Age         time.Duration // clock minus the token's time; negative for a token from the future, zero if its time is not known
	Elapsed     time.Duration // of the verification itself, by whoever measures it; a guard does not, to save the clock readings
	Factors     Factors

	// Failures is the number of consecutive refusals of this source, this one
	// included. From Options.CriticalFailures on, a refusal is critical.
	Failures uint32

	// Detail overrides how much is recorded. The zero value decides by result,
	// as the paper has it: success little, failure more, consecutive failures
	// all there is.
	Detail Detail

	// State is recorded at DetailFull only, and not if it is zero: not known.
	State State
}

// State is the environment that consecutive failures are recorded with.
type State struct {
	Granted   uint64        // grants since the start
	Refused   uint64        // refusals since the start
	Nonces    int           // live in the registry
	Sources   int           // sources with failures
	Blocked   int           // sources blocked now; negative if they were not counted, which is left out
	Protected int           // values
	Uptime    time.Duration // of the instance
}

// Factors are the outcomes of multi-factor verification.
type Factors struct {
	CallChain FactorOutcome
	Behaviour FactorOutcome
}

// Context says where records come from. The first record of a chain carries it,
// and every record of more than minimal detail; package trail puts it into the
// others, which name the chain.
type Context struct {
	Function ID
	Version  ID
	Instance ID
	Region   ID
	Platform ID
}
