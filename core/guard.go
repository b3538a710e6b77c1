package core

import (
	"crypto/hmac"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const (
	instanceSize = 16
	keySize      = 32
)

// Guard holds the sealed values of one instance, and the keys, and decides who
// may open one. Its methods may be called concurrently. It prints its instance
// id and nothing else.
type Guard struct {
	// A pointer to a pointer is the one thing that fmt never looks behind. It
	// ignores methods where a Guard is printed by value, sits in an unexported
	// field or meets a verb that does not fit, and then prints an address
	// instead of keys.
	state **state
}

type state struct {
	instanceID string
	window     int64 // nanoseconds
	clock      func() time.Time
	random     io.Reader

	// lock is held for reading from the first check to the decrypted value,
	// never while a callback runs, so that after Close nothing opens and a
	// callback may use the guard again, or close it.
	lock   sync.RWMutex
	closed bool
	macKey [keySize]byte
	sealer sealer
	values map[string]*sealedValue

	scratches sync.Pool
	registry  registry
	outcomes  [reasons]atomic.Uint64
}

// FromEnvironment seals the variables that ENCRYPTION_KEYS and cfg.Keys name,
// replaces each by its ciphertext ("dt1.…") and returns the guard that opens
// them. Instance id and keys are drawn anew, in memory only: the ciphertext is
// of no use to any other guard.
//
// Call it first thing in main, before other code reads the environment.
//
// The error wraps [ErrConfig] when the list is missing, empty, malformed or
// names a variable twice, when a variable is unset, empty or already holds
// ciphertext, or when cfg is out of range; the environment is then untouched.
// Any other error comes from cfg.Random or cfg.Environment; when a variable
// cannot be replaced, those before it have lost their plaintext and those from
// it on have not, so the function must not go on.
func FromEnvironment(cfg Config) (*Guard, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	names, err := protectedNames(cfg.Environment, cfg.Keys)
	if err != nil {
		return nil, err
	}
	s, err := newState(cfg)
	if err != nil {
		return nil, err
	}

	largest := 0
	for _, name := range names {
		value, err := readValue(cfg.Environment, name)
		if err != nil {
			s.close()
			return nil, err
		}
		s.values[name] = s.sealer.seal(s.instanceID, name, value)
		largest = max(largest, len(value))
	}
	s.scratches.New = func() any { return newScratch(s.macKey[:], largest) }

	for i, name := range names {
		if err := cfg.Environment.Setenv(name, s.values[name].text()); err != nil {
			s.close()
			return nil, fmt.Errorf("core: replace %s by its ciphertext (%d of %d variables done): %w", name, i, len(names), err)
		}
	}
	return &Guard{&s}, nil
}

// newState draws the instance id and the keys.
func newState(cfg Config) (*state, error) {
	s := &state{
		window:   int64(cfg.Window),
		clock:    cfg.Clock,
		random:   cfg.Random,
		values:   make(map[string]*sealedValue),
		registry: newRegistry(cfg.MaxNonces, int64(cfg.Window), cfg.Clock().UnixNano()),
	}
	var instance [instanceSize]byte
	var sealKey [keySize]byte
	defer clear(sealKey[:])
	for _, p := range [][]byte{instance[:], sealKey[:], s.macKey[:]} {
		if err := fill(cfg.Random, p); err != nil {
			return nil, fmt.Errorf("core: draw instance id and keys: %w", err)
		}
	}
	s.instanceID = hex.EncodeToString(instance[:])

	var err error
	s.sealer, err = newSealer(sealKey[:])
	return s, err
}

// InstanceID returns the id that the guard drew for its instance: 128 random
// bits in 32 hexadecimal digits. It is public, and remains after Close.
func (g *Guard) InstanceID() string { return (*g.state).instanceID }

// Issue makes a decryption token for one access of a request to one value. The
// request id is the platform's, 1 to 256 bytes; the data key is the name of
// the variable.
//
// Errors: [ErrRequestID], [ErrUnknownKey], [ErrClosed], one that says so if the
// clock reads a time before 1970, and that of Config.Random.
func (g *Guard) Issue(requestID, dataKey string) (Token, error) {
	s := *g.state
	if !isRequestID(requestID) {
		return Token{}, ErrRequestID
	}
	s.lock.RLock()
	defer s.lock.RUnlock()
	if s.closed {
		return Token{}, ErrClosed
	}
	if s.values[dataKey] == nil {
		return Token{}, ErrUnknownKey
	}
	now := s.clock().UnixNano()
	if now < 0 {
		return Token{}, errClock
	}

	var t Token
	t.bytes[0] = tokenVersion
	t.setTimestamp(now)
	scratch := s.scratches.Get().(*scratch)
	defer s.scratches.Put(scratch)
	if err := fill(s.random, scratch.sum[:nonceSize]); err != nil {
		return Token{}, fmt.Errorf("core: draw a nonce: %w", err)
	}
	copy(t.nonce()[:], scratch.sum[:])
	copy(t.mac(), scratch.authenticate(requestID, s.instanceID, dataKey, &t))
	return t, nil
}

// Open verifies a token against what it was issued for and calls use with the
// value. The token is then used up, whatever use returns.
//
// The value belongs to the guard: it is wiped when use returns or panics, and
// its memory serves later calls. Use must not keep it, and what it copies stays
// behind in memory.
//
// A token that is forged, altered, meant for another request, instance or data
// key, older or further in the future than the window, or used before, gives
// [ErrDenied], with no hint which; so does a full registry. [ErrClosed] comes
// after Close. Any other error is that of use, unchanged.
func (g *Guard) Open(requestID, dataKey string, t Token, use func(value []byte) error) error {
	s := *g.state
	scratch, value, err := s.open(requestID, dataKey, &t)
	if err != nil {
		return err
	}
	defer func() {
		clear(scratch.value)
		s.scratches.Put(scratch)
	}()
	return use(value)
}

// Use issues a token and opens the value with it: what a function calls. Its
// errors are those of Issue and of Open.
func (g *Guard) Use(requestID, dataKey string, use func(value []byte) error) error {
	t, err := g.Issue(requestID, dataKey)
	if err != nil {
		return err
	}
	return g.Open(requestID, dataKey, t, use)
}

// Close wipes the keys and the sealed values; every later call fails with
// [ErrClosed]. It waits for calls that are being verified, not for callbacks,
// and may be called from one, and more than once. The ciphertext in the
// environment stays and can be opened by nobody. The padded MAC key inside
// crypto/hmac cannot be wiped from outside and is left to the garbage
// collector: it opens nothing any more.
func (g *Guard) Close() { (*g.state).close() }

// String returns the instance id, marked as a guard's.
func (g *Guard) String() string { return "core.Guard(instance " + g.InstanceID() + ")" }

// GoString returns what String returns.
func (g *Guard) GoString() string { return g.String() }

// Format writes what String returns, whatever the verb.
func (g *Guard) Format(f fmt.State, _ rune) { io.WriteString(f, g.String()) }

// MarshalText returns what String returns. JSON and log/slog use it.
func (g *Guard) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// open verifies t and decrypts the value into a scratch, which the caller owns
// if there is no error.
func (s *state) open(requestID, dataKey string, t *Token) (*scratch, []byte, error) {
	s.lock.RLock()
	defer s.lock.RUnlock()
	if s.closed {
		return nil, nil, ErrClosed
	}
	scratch := s.scratches.Get().(*scratch)
	outcome := s.verify(scratch, requestID, dataKey, t)
	var value []byte
	if outcome == granted {
		value, outcome = s.decrypt(scratch, dataKey)
	}
	s.outcomes[outcome].Add(1)
	if outcome != granted {
		s.scratches.Put(scratch)
		return nil, nil, ErrDenied
	}
	return scratch, value, nil
}

// verify is Algorithm 1 of the paper in the opposite order: MAC, time, nonce.
//
// The paper checks the nonce first, as the cheapest test. But what is looked up
// or stored before the MAC holds is the attacker's to choose: invented tokens
// would fill the registry until it refuses everybody, and a token seen on its
// way could be burnt by sending its nonce with a false MAC. Nor does it save
// anything: refusing a forgery costs one MAC, and only what we issued gets to
// the lock. The nonce comes last because it changes state, and it is looked up
// and stored in one step, so that of many concurrent uses one is granted.
func (s *state) verify(scratch *scratch, requestID, dataKey string, t *Token) reason {
	if !t.wellFormed() || !isRequestID(requestID) || len(dataKey) > maxName {
		return badToken
	}
	if !hmac.Equal(scratch.authenticate(requestID, s.instanceID, dataKey, t), t.mac()) {
		return badMAC
	}
	now := s.clock().UnixNano()
	timestamp := t.timestamp()
	if now < 0 || now-timestamp > s.window || timestamp-now > s.window {
		return outOfWindow
	}
	return s.registry.insert(t.nonce(), timestamp, now)
}

func (s *state) decrypt(scratch *scratch, dataKey string) ([]byte, reason) {
	sealed := s.values[dataKey]
	if sealed == nil {
		return nil, badSeal
	}
	value, err := s.sealer.open(scratch.value, sealed)
	if err != nil {
		return nil, badSeal
	}
	return value, granted
}

func (s *state) close() {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	clear(s.macKey[:])
	s.sealer.wipe()
	for _, v := range s.values {
		clear(v.box)
	}
	clear(s.values)
}

func isRequestID(s string) bool { return len(s) >= 1 && len(s) <= maxRequestID }
