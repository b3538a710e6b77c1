package core

import (
	"crypto/rand"
	"fmt"
	"io"
	"time"
)

const (
	defaultWindow    = 10 * time.Second
	maxWindow        = time.Hour
	defaultMaxNonces = 1 << 18
)

// Config says what a guard protects and how. The zero value protects what
// ENCRYPTION_KEYS names in the environment of the process.
//
// A Config prints its plain settings only, and is safe to log.
type Config struct {
	// Keys names variables to protect beside those that ENCRYPTION_KEYS
	// names: code can add to the operator's list and cannot take from it.
	// Unlike there, spaces are not trimmed. With Keys given, ENCRYPTION_KEYS
	// may be unset.
	Keys []string

	// Window is how far the timestamp of a token may lie from the clock at
	// verification, in either direction, bounds included. Zero means 10
	// seconds, the paper's example; an hour is the most, because a token that
	// lives longer is a session and not an access.
	Window time.Duration

	// MaxNonces bounds the registry of used nonces. When it is full, tokens
	// are refused until old nonces leave it, after two to four windows; none
	// is evicted before, or flooding would buy a replay. Zero means 262144,
	// at most some 10 MB, or about 6500 accesses a second without end.
	MaxNonces int

	// Clock gives the wall time. Nil means [time.Now]. It is called from
	// several goroutines.
	Clock func() time.Time `json:"-"`

	// Random is the source of the instance id, the keys and the nonces of
	// tokens, in this order: 16, 32 (sealing), 32 (MAC) bytes, then 16 a
	// token. Nil means crypto/rand. Anything else is for tests: whoever knows
	// it can forge tokens. It is called from several goroutines. The nonces of
	// AES-GCM always come from crypto/rand (NIST SP 800-38D, 8.2.2).
	Random io.Reader `json:"-"`

	// Environment holds the variables. Nil means the process's own.
	Environment Environment `json:"-"`
}

// String describes the plain settings.
func (c Config) String() string {
	return fmt.Sprintf("core.Config{Keys: %q, Window: %v, MaxNonces: %d}", c.Keys, c.Window, c.MaxNonces)
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
	if c.Window == 0 {
		c.Window = defaultWindow
	}
	if c.MaxNonces == 0 {
		c.MaxNonces = defaultMaxNonces
	}
	if c.Clock == nil {
		c.Clock = time.Now
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
