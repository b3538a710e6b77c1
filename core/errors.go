package core

import (
	"errors"

	"github.com/dtbench/dtbench/core/audit"
)

// The errors of this package, for use with [errors.Is]. None of them, and no
// error that wraps them, holds a value, a key, a token or a nonce.
var (
	// ErrConfig is wrapped by every error about the configuration, the policy or
	// the variables that they name. The text names the variable. The
	// environment is untouched when it is returned.
	ErrConfig = errors.New("core: cannot protect the environment")

	// ErrDenied is returned for every token that is refused. Its text is the
	// same whatever the reason: an attacker who could tell a wrong MAC from a
	// used nonce would have an oracle. The reason is in the audit record.
	ErrDenied = errors.New("core: access denied")

	// ErrUnknownKey is returned by Issue and Replace, and never by Open, for a
	// data key that the guard does not protect.
	ErrUnknownKey = errors.New("core: unknown data key")

	// ErrExpired is returned by Issue, and never by Open, for a value that
	// Replace gave an end which has passed: it is time to replace it again.
	ErrExpired = errors.New("core: value has expired")

	// ErrRequestID is returned by Issue for a request id that is empty or
	// longer than 256 bytes, a source longer than that, or a call chain of more
	// than 32 callers or with one that is empty or longer than 256 bytes.
	ErrRequestID = errors.New("core: request id must have 1 to 256 bytes")

	// ErrClosed is returned by every call after Close, Revoke or a termination.
	ErrClosed = errors.New("core: guard is closed")
)

var errClock = errors.New("core: the clock reads a time before 1970")

// A reason is the outcome of a verification. It stays inside the package: the
// caller learns granted or denied, the audit record holds the rest.
type reason uint8

const (
	granted       reason = iota
	badToken             // not a token of this version, or no possible request
	badMAC               // forged, altered, or bound to another request, instance, function or data key
	tooOld               // dated before the window
	fromFuture           // dated after the window
	badClock             // the clock reads a time before 1970
	forgotten            // so old that its nonce may have left the registry
	replayed             // its nonce was used before
	registryFull         // no room to remember its nonce, so it cannot be used
	badSeal              // no such value, or its ciphertext was exchanged
	expired              // the value was temporary
	badChain             // the call-chain factor denied
	badBehaviour         // the behaviour factor denied
	overBudget           // the request has opened the value as often as it may
	requestsFull         // no room to count what the request opens
	sourceBlocked        // its source is under a block
	clocksApart          // suspended, restored, or set to another time: new keys were drawn
	unrecorded           // granted, but the audit sink did not take the record
	reasons              // number of outcomes
)

// outcomes says what each outcome is called in audit records, and whether it
// counts towards a block and the end of the instance. What an honest caller can
// run into by no deed of its own does not.
var outcomes = [reasons]struct {
	audit  audit.Reason
	counts bool
}{
	badToken:      {audit.Malformed, true},
	badMAC:        {audit.BadMAC, true},
	tooOld:        {audit.TooOld, true},
	fromFuture:    {audit.FromFuture, true},
	badClock:      {audit.ClockStepped, false},
	forgotten:     {audit.Forgotten, true},
	replayed:      {audit.Replay, true},
	registryFull:  {audit.RegistryFull, false},
	badSeal:       {audit.BadSeal, true},
	expired:       {audit.KeyExpired, false},
	badChain:      {audit.CallChain, true},
	badBehaviour:  {audit.Behaviour, true},
	overBudget:    {audit.OverBudget, true},
	requestsFull:  {audit.RequestsFull, false},
	sourceBlocked: {audit.SourceBlocked, false},
	clocksApart:   {audit.ClockStepped, false},
	unrecorded:    {audit.SinkFailed, false},
}
