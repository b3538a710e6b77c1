package core

import (
	"crypto/rand"
	"fmt"
	"io"
	"time"

	"github.com/dtbench/dtbench/core/audit"
)

const (
	defaultWindow    = 10 * time.Second
	maxWindow        = time.Hour
	defaultMaxNonces = 1 << 18
)

// Config says what a guard protects and how. The zero value protects what
// ENCRYPTION_KEYS and the policy name in the environment of the process, and
// records every decision on standard output before it takes effect.
//
// A Config prints its plain settings only, and is safe to log.
type Config struct {
	// Keys names variables to protect beside those that ENCRYPTION_KEYS and
	// the policy name: code can add to the operator's list and cannot take
	// from it. Unlike in ENCRYPTION_KEYS, spaces are not trimmed.
	Keys []string

	// Policy is the function's policy. Nil means the one that the environment
	// names. It counts before a file and the environment; beside a descriptor
	// from the control plane, [PolicyFDVariable], it is an error: code does not
	// overrule that.
	Policy *Policy `json:"-"`

	// Window is how far the timestamp of a token may lie from the clock at
	// verification, in either direction, bounds included, unless the policy
	// says otherwise for a key. Zero means 10 seconds, the paper's example; an
	// hour is the most, because a token that lives longer is a session and not
	// an access.
	Window time.Duration

	// MaxNonces bounds the registry of used nonces. When it is full, tokens
	// are refused until old nonces leave it, after two to four windows; none
	// is evicted before, or flooding would buy a replay. Zero means 262144,
	// at most some 11 MB, or about 6500 accesses a second without end. Above
	// 4096 the registry may call itself full 1/64 early.
	MaxNonces int

	// KeepDumpable leaves other processes of the same user able to read the
	// memory of this one, for debuggers and profilers.
	KeepDumpable bool

	// Audit takes the records in place of what the policy says. The guard does
	// not close it.
	Audit *audit.Log `json:"-"`

	// OnAlert is called with every critical record, from a goroutine of its
	// own: consecutive refusals, blocks, a factor that alerts, an unlisted
	// secret, a termination. It is for logs that the guard opens.
	OnAlert func(audit.Record) `json:"-"`

	// AuditFieldKey, of 32 bytes, encrypts the fields of records that the
	// policy's template names; AuditChainKey, of at least 32, makes the chain
	// of records an HMAC. Both are copied.
	AuditFieldKey, AuditChainKey []byte `json:"-"`

	// Exit ends the process when the guard terminates the instance. Nil means
	// to exit. If it returns, the guard stays closed.
	Exit func(code int) `json:"-"`

	// Clock gives the wall time. Nil means [time.Now]. It is called from
	// several goroutines.
	Clock func() time.Time `json:"-"`

	// BootClock gives the time since the machine started, the time that it was
	// suspended included. Nil means the system's; with Clock given, nil means
	// that the two are never apart. It is called from several goroutines.
	BootClock func() time.Duration `json:"-"`

	// Random is the source of the instance id, the keys and the nonces of
	// tokens, in this order: 16, 32 (sealing), 32 (MAC) bytes, then 16 a
	// token. Nil means crypto/rand. Anything else is for tests: whoever knows
	// it can forge tokens. It is called from several goroutines. The nonces of
	// AES-GCM always come from crypto/rand (NIST SP 800-38D, 8.2.2).
	Random io.Reader `json:"-"`

	// Environment holds the variables. Nil means the process's own, whose
	// plaintext is then erased from memory as well.
	Environment Environment `json:"-"`

	base time.Time // of monotonic time, if Clock is the default
}

// String describes the plain settings.
func (c Config) String() string {
	return fmt.Sprintf("core.Config{Keys: %q, Window: %v, MaxNonces: %d, KeepDumpable: %v}", c.Keys, c.Window, c.MaxNonces, c.KeepDumpable)
}

// Format writes what String returns, whatever the verb: an injected environment
// holds values and an injected source of randomness holds keys to come.
func (c Config) Format(f fmt.State, _ rune) { io.WriteString(f, c.String()) }

// complete checks the settings and replaces zero values by what they stand for.
func (c Config) complete() (Config, error) {
	if c.Window < 0 || c.Window > maxWindow {
		return c, fmt.Errorf("%w: window %v is not within 0 to %v", ErrConfig, c.Window, maxWindow)
	}
	if c.MaxNonces < 0 {
		return c, fmt.Errorf("%w: a registry of %d nonces", ErrConfig, c.MaxNonces)
	}
	if c.Policy != nil {
		if err := c.Policy.check(); err != nil {
			return c, err
		}
	}
	if c.Window == 0 {
		c.Window = defaultWindow
	}
	if c.MaxNonces == 0 {
		c.MaxNonces = defaultMaxNonces
	}
	if c.Clock == nil {
		c.Clock, c.base = time.Now, time.Now()
		if c.BootClock == nil {
			c.BootClock = bootTime
		}
	}
	if c.Exit == nil {
		c.Exit = exit
	}
	if c.Environment == nil {
		c.Environment = processEnvironment{}
	}
	return c, nil
}

// fill fills p from random, or from crypto/rand, called directly because that
// call neither fails nor lets p escape.
func fill(random io.Reader, p []byte) error {
	if random == nil {
		rand.Read(p)
		return nil
	}
	_, err := io.ReadFull(random, p)
	return err
}
