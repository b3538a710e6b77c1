package core

import "errors"

// The errors of this package, for use with [errors.Is]. None of them, and no
// error that wraps them, holds a value, a key, a token or a nonce.
var (
	// ErrConfig is wrapped by every error about the configuration or about
	// the variables that it names. The text names the variable. The
	// environment is untouched when it is returned.
	ErrConfig = errors.New("core: cannot protect the environment")

	// ErrDenied is returned for every token that is refused. Its text is the
	// same whatever the reason: an attacker who could tell a wrong MAC from a
	// used nonce would have an oracle.
	ErrDenied = errors.New("core: access denied")

	// ErrUnknownKey is returned by Issue, and never by Open, for a data key
	// that the guard does not protect.
	ErrUnknownKey = errors.New("core: unknown data key")

	// ErrRequestID is returned by Issue for a request id that is empty or
	// longer than 256 bytes.
	ErrRequestID = errors.New("core: request id must have 1 to 256 bytes")

	// ErrClosed is returned by every call after Close.
	ErrClosed = errors.New("core: guard is closed")
)

var errClock = errors.New("core: the clock reads a time before 1970")

// A reason is the outcome of a verification. It stays inside the package: the
// caller learns granted or denied, the audit record will hold the rest.
type reason uint8

const (
	granted      reason = iota
	badToken            // not a token of this version, or no possible request id
	badMAC              // forged, altered, or bound to another request, instance or data key
	outOfWindow         // too old, or dated in the future
	forgotten           // so old that its nonce may have left the registry
	replayed            // its nonce was used before
	registryFull        // no room to remember its nonce, so it cannot be used
	badSeal             // no such value, or its ciphertext was exchanged
	reasons             // number of outcomes
)
