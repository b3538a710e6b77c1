package core

import (
	"encoding/hex"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dtbench/dtbench/core/audit"
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

var _ Scheme = (*Guard)(nil)

// Scheme is what the hardened scheme, [Guard], and the paper's as it was
// published, package core/literal, have in common. The implementer keeps each
// value sealed until it is opened, draws or takes an instance id, and makes
// tokens in a text form that holds no space. Methods may be called concurrently.
type Scheme interface {
	// InstanceID returns the id that tokens are bound to.
	InstanceID() string

	// IssueText makes a token for one access of a request to one value.
	IssueText(requestID, dataKey string) (string, error)

	// OpenText verifies a token and lends the value to use, or returns an error
	// that matches [ErrDenied].
	OpenText(requestID, dataKey, token string, use func(value []byte) error) error

	// Use issues a token and opens the value with it.
	Use(requestID, dataKey string, use func(value []byte) error) error

	// Close forgets keys and values.
	Close()
}

// Request is what an access is made for. Only ID is needed.
type Request struct {
	// ID is the platform's id of the request, 1 to 256 bytes.
	ID string

	// Source is who sent the event, at most 256 bytes: an account, an address,
	// whatever refusals should be counted by. It is worth what the party is
	// worth that wrote it there: an attacker who chooses it can have somebody
	// else blocked. Empty when unknown.
	Source string

	// CallChain is who called whom until this function, outermost first, at
	// most 32 callers of 1 to 256 bytes.
	CallChain []string
}

func (r *Request) valid() bool {
	return len(r.ID) >= 1 && len(r.ID) <= maxRequestID && len(r.Source) <= maxRequestID &&
		(len(r.CallChain) == 0 || isCallChain(r.CallChain))
}

const maxRequestID = 256

type state struct {
	clocks      clocks
	random      io.Reader
	environment Environment
	exit        func(code int)
	policy      *Policy

	// Bound into tokens.
	function, version, region, platform string

	rules      []*boundRule
	plain      plainRule
	bindsChain bool     // by a rule or because the factor is on
	unknown    keyRules // for data keys that are not protected

	log     *audit.Log  // nil when nothing is recorded
	sink    *audit.Sink // of a log that the guard opened
	ownsLog bool
	born    time.Time

	// lock is held for reading from the first check to the decrypted value,
	// never while a callback runs, so that after Close nothing opens and a
	// callback may use the guard again, or close it.
	lock       sync.RWMutex
	closed     bool
	generation uint64 // counts instance ids, from 1
	instance   string // the id, instanceSize bytes
	instanceID string // the same in hexadecimal
	macKey     [keySize]byte
	plainKey   [keySize]byte // derived from it for plain
	sealer     sealer
	values     map[string]*sealedValue

	scratches sync.Pool
	registry  registry
	requests  *requestTable // nil without budgets and behaviour factor
	chains    *callChains   // nil without that factor
	behaviour *behaviour    // nil without that factor
	response  response
	outcomes  [reasons]atomic.Uint64
	ended     sync.Once
	recording sync.WaitGroup // uses of the log that Close waits for; none is added once closed
	logClosed sync.Once
}

// InstanceID returns the id that the guard drew for its instance: 128 random
// bits in 32 hexadecimal digits. It is public, and remains after Close. It
// changes when the instance is restored.
func (g *Guard) InstanceID() string {
	s := *g.state
	s.lock.RLock()
	defer s.lock.RUnlock()
	return s.instanceID
}

// Issue makes a decryption token for one access of a request to one value. The
// request id is the platform's; the data key is the name of the variable.
//
// Errors: [ErrRequestID], [ErrUnknownKey], [ErrExpired], [ErrClosed], one that
// says so if the clock reads a time before 1970, and that of Config.Random.
func (g *Guard) Issue(requestID, dataKey string) (Token, error) {
	return (*g.state).issue(&Request{ID: requestID}, dataKey)
}

// IssueFor is Issue for a request of which more is known than the id.
func (g *Guard) IssueFor(r Request, dataKey string) (Token, error) {
	return (*g.state).issue(&r, dataKey)
}

// Open verifies a token against what it was issued for and calls use with the
// value. The token is then used up, whatever use returns.
//
// The value belongs to the guard: it is wiped when use returns or panics, and
// its memory serves later calls. Use must not keep it, and what it copies stays
// behind in memory.
//
// A token that is forged, altered, meant for another request, instance,
// function or data key, older or further in the future than the window, or used
// before, gives [ErrDenied], with no hint which; so do a spent budget, a factor
// that denies, a blocked source, a full
// registry or request table, and an audit sink that does
// not take the record of the grant. [ErrClosed] comes after Close. Any other
// error is that of use, unchanged.
func (g *Guard) Open(requestID, dataKey string, t Token, use func(value []byte) error) error {
	_, err := (*g.state).access(&Request{ID: requestID}, dataKey, &t, use)
	return err
}

// OpenFor is Open for a request of which more is known than the id.
func (g *Guard) OpenFor(r Request, dataKey string, t Token, use func(value []byte) error) error {
	_, err := (*g.state).access(&r, dataKey, &t, use)
	return err
}

// Use issues a token and opens the value with it: what a function calls. Its
// errors are those of Issue and of Open.
func (g *Guard) Use(requestID, dataKey string, use func(value []byte) error) error {
	return (*g.state).use(&Request{ID: requestID}, dataKey, use)
}

// UseFor is Use for a request of which more is known than the id.
func (g *Guard) UseFor(r Request, dataKey string, use func(value []byte) error) error {
	return (*g.state).use(&r, dataKey, use)
}

// IssueText is Issue with the text form of the token, for [Scheme]. Handle the
// text as a secret.
func (g *Guard) IssueText(requestID, dataKey string) (string, error) {
	t, err := g.Issue(requestID, dataKey)
	if err != nil {
		return "", err
	}
	text, err := t.AppendText(nil)
	return string(text), err
}

// OpenText is Open with the text form of the token, for [Scheme]. A text that is
// no token is refused, counted and recorded as any other.
func (g *Guard) OpenText(requestID, dataKey, token string, use func(value []byte) error) error {
	t, _ := ParseTokenText(token) // else the zero token, which is refused
	return g.Open(requestID, dataKey, t, use)
}

// Stats are counters since the guard was made.
type Stats struct {
	Granted      uint64 // values released
	Denied       uint64 // tokens refused, for whatever reason
	RegistryFull uint64 // of these, because the registry was full
	RequestsFull uint64 // of these, because there was no room to count what the request opens
	Unrecorded   uint64 // of these, because the audit sink did not take the record
	Nonces       int    // live in the registry
}

// Stats returns the counters.
func (g *Guard) Stats() Stats {
	s := *g.state
	stats := Stats{
		Granted:      s.outcomes[granted].Load(),
		RegistryFull: s.outcomes[registryFull].Load(),
		RequestsFull: s.outcomes[requestsFull].Load(),
		Unrecorded:   s.outcomes[unrecorded].Load(),
		Nonces:       s.registry.size(),
	}
	for i := granted + 1; i < reasons; i++ {
		stats.Denied += s.outcomes[i].Load()
	}
	return stats
}

// String returns the instance id, marked as a guard's.
func (g *Guard) String() string { return "core.Guard(instance " + g.InstanceID() + ")" }

// GoString returns what String returns.
func (g *Guard) GoString() string { return g.String() }

// Format writes what String returns, whatever the verb.
func (g *Guard) Format(f fmt.State, _ rune) { io.WriteString(f, g.String()) }

// MarshalText returns what String returns. JSON and log/slog use it.
func (g *Guard) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// drawKeys draws instance id and keys. The caller holds the lock or is alone.
func (s *state) drawKeys() error {
	var instance [instanceSize]byte
	var sealKey [keySize]byte
	defer clear(sealKey[:])
	for _, p := range [][]byte{instance[:], sealKey[:], s.macKey[:]} {
		if err := fill(s.random, p); err != nil {
			return fmt.Errorf("core: draw instance id and keys: %w", err)
		}
	}
	s.instance, s.instanceID = string(instance[:]), hex.EncodeToString(instance[:])
	s.generation++
	if err := s.plain.deriveKey(&s.plainKey, s.macKey[:]); err != nil {
		return fmt.Errorf("core: %w", err)
	}
	var err error
	s.sealer, err = newSealer(sealKey[:])
	return err
}
