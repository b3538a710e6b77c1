// Package literal is the scheme of Liu et al., PeerJ Computer Science 11:e3029,
// 2025, exactly as it was published. It is NOT SAFE and exists to reproduce the
// paper and to be attacked; what is safe is package core.
//
// A token is Eq. (1), an unkeyed hash over the concatenation of request id,
// instance id, nonce, timestamp and data key, or whatever a rule says instead.
// Whoever knows these can compute it. Algorithm 1 is run in its published
// order: nonce, timestamp, comparison. Used nonces stay in a list for the life of
// the instance. The instance id is the platform's.
//
// Where the paper is silent, this is our reading: a nonce enters the list when
// it is checked ([Options.InsertOnGrant] is the other reading); values are
// encrypted by AES-256-GCM without associated data under a key in memory and
// stand in the environment, from where they are read at each access; the
// plaintext is cleared by os.Setenv and nothing else; timestamps are decimal
// seconds of the wall clock; nonces are 32 random hexadecimal digits; buffers are
// not wiped. THREATS.md lists what gets through: T2 to T5, T7 to T11, T14 to T16,
// T18 to T21 and T25.
package literal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/core/audit"
	"github.com/dtbench/dtbench/core/rules"
)

const (
	prefix        = "literal1."
	keySize       = 32
	nonceSize     = 16
	defaultWindow = 10 * time.Second
)

// Options are the choices that the paper leaves. The zero value is Eq. (1) with
// SHA-256, joined by nothing.
type Options struct {
	// Rule is taken at its word: "$md5($requestid, $instanceid)", the paper's
	// sample, leaves out nonce, timestamp and data key. Empty means Eq. (1).
	Rule       string
	Parameters map[string]string // custom static parameters of the rule

	// Separator stands between the fields. The paper has none.
	Separator string

	// InsertOnGrant puts a nonce on the list when access is granted and not when
	// it is checked: between the two lies a race.
	InsertOnGrant bool

	// InstanceID is the platform's id of the instance. Empty means a random one.
	InstanceID string

	// Window is how far a timestamp may lie from the clock. Zero means 10 s.
	Window time.Duration

	// Keys names variables to protect beside those in ENCRYPTION_KEYS.
	Keys []string

	// Audit takes records; use [audit.Async], as Algorithm 2 does. May be nil.
	Audit *audit.Log

	Clock       func() time.Time // nil means time.Now
	Environment core.Environment // nil means the process's
}

// Token is what a request presents (Algorithm 1): DecryptToken, Nonce and
// Timestamp. It prints in the open.
type Token struct {
	DecryptToken string // lower-case hexadecimal digits
	Nonce        string
	Timestamp    string // decimal seconds since 1970
}

// UnsafeGuard is the paper's dynamic token verification module. Its methods may
// be called concurrently.
type UnsafeGuard struct {
	options Options
	window  int64 // seconds
	rule    *rules.Rule
	aead    cipher.AEAD
	names   map[string]bool

	mu     sync.Mutex
	closed bool
	used   map[string]bool
}

var _ core.Scheme = (*UnsafeGuard)(nil)

// UnsafeFromEnvironment encrypts the variables that ENCRYPTION_KEYS names and
// puts the ciphertext in their place. It is unsafe; see the package comment.
//
// The error wraps [core.ErrConfig], or that of the rule.
func UnsafeFromEnvironment(o Options) (*UnsafeGuard, error) {
	if o.Rule == "" {
		o.Rule = rules.EquationOne
	}
	if o.Window == 0 {
		o.Window = defaultWindow
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Environment == nil {
		o.Environment = process{}
	}
	if o.InstanceID == "" {
		o.InstanceID = randomText()
	}
	rule, err := rules.Compile(o.Rule, rules.Options{Mode: rules.Literal, Static: o.Parameters, Separator: o.Separator})
	if err != nil {
		return nil, err
	}
	key := make([]byte, keySize)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	g := &UnsafeGuard{
		options: o, window: int64(o.Window / time.Second), rule: rule,
		names: make(map[string]bool), used: make(map[string]bool),
	}
	if g.aead, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		return nil, err
	}
	return g, g.encrypt()
}

// encrypt is the initialiser of the paper's section "Function-level token
// management policy".
func (g *UnsafeGuard) encrypt() error {
	env := g.options.Environment
	list, _ := env.LookupEnv(core.KeysVariable)
	for _, name := range append(strings.Split(list, ","), g.options.Keys...) {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		value, ok := env.LookupEnv(name)
		if !ok {
			return fmt.Errorf("%w: %s is not set", core.ErrConfig, name)
		}
		sealed := prefix + base64.RawURLEncoding.EncodeToString(g.aead.Seal(nil, nil, []byte(value), nil))
		if err := env.Setenv(name, sealed); err != nil {
			return fmt.Errorf("%w: replace %s: %w", core.ErrConfig, name, err)
		}
		g.names[name] = true
	}
	if len(g.names) == 0 {
		return fmt.Errorf("%w: %s is not set", core.ErrConfig, core.KeysVariable)
	}
	return nil
}

// InstanceID returns the platform's id of the instance.
func (g *UnsafeGuard) InstanceID() string { return g.options.InstanceID }

// Used returns the length of the list of used nonces, which only grows.
func (g *UnsafeGuard) Used() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.used)
}

// Issue makes a token as the paper's user does.
func (g *UnsafeGuard) Issue(requestID, dataKey string) (Token, error) {
	if g.isClosed() {
		return Token{}, core.ErrClosed
	}
	if !g.names[dataKey] {
		return Token{}, core.ErrUnknownKey
	}
	t := Token{Nonce: randomText(), Timestamp: strconv.FormatInt(g.options.Clock().Unix(), 10)}
	var err error
	t.DecryptToken, err = g.Compute(requestID, dataKey, t.Nonce, t.Timestamp)
	return t, err
}

// Compute is Eq. (1), or the rule: anybody can do it.
func (g *UnsafeGuard) Compute(requestID, dataKey, nonce, timestamp string) (string, error) {
	e, err := g.rule.NewEvaluator(make([]byte, keySize))
	if err != nil {
		return "", err
	}
	sum, err := e.Sum(nil, &rules.Values{
		RequestID: requestID, InstanceID: g.options.InstanceID, DataKey: dataKey,
		Nonce: []byte(nonce), Timestamp: []byte(timestamp),
	})
	return hex.EncodeToString(sum), err
}

// Open is Algorithm 1. Every refusal is [core.ErrDenied].
func (g *UnsafeGuard) Open(requestID, dataKey string, t Token, use func(value []byte) error) error {
	if g.isClosed() {
		return core.ErrClosed
	}
	why := g.verify(requestID, dataKey, t)
	var value []byte
	if why == 0 {
		value, why = g.decrypt(dataKey)
	}
	g.record(requestID, dataKey, why)
	if why != 0 {
		return core.ErrDenied
	}
	return use(value)
}

func (g *UnsafeGuard) verify(requestID, dataKey string, t Token) audit.Reason {
	// Line 1: verify the uniqueness of the nonce.
	if !g.unique(t.Nonce) {
		return audit.Replay
	}
	// Line 2: verify that the timestamp is within the validity period.
	seconds, err := strconv.ParseInt(t.Timestamp, 10, 64)
	if err != nil {
		return audit.Malformed
	}
	if age := g.options.Clock().Unix() - seconds; age > g.window {
		return audit.TooOld
	} else if age < -g.window {
		return audit.FromFuture
	}
	// Lines 3 and 4: generate the token by the same rule, and compare.
	want, err := g.Compute(requestID, dataKey, t.Nonce, t.Timestamp)
	if err != nil || subtle.ConstantTimeCompare([]byte(want), []byte(t.DecryptToken)) != 1 {
		return audit.BadMAC
	}
	if g.options.InsertOnGrant {
		g.mu.Lock()
		g.used[t.Nonce] = true
		g.mu.Unlock()
	}
	return 0
}

func (g *UnsafeGuard) unique(nonce string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.used[nonce] {
		return false
	}
	if !g.options.InsertOnGrant {
		g.used[nonce] = true
	}
	return true
}

// decrypt reads what stands in the environment now.
func (g *UnsafeGuard) decrypt(dataKey string) ([]byte, audit.Reason) {
	text, _ := g.options.Environment.LookupEnv(dataKey)
	encoded, ok := strings.CutPrefix(text, prefix)
	if !ok {
		return nil, audit.UnknownKey
	}
	box, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return nil, audit.BadSeal
	}
	value, err := g.aead.Open(nil, nil, box, nil)
	if err != nil {
		return nil, audit.BadSeal
	}
	return value, 0
}

// record is line 6 and line 8 of Algorithm 1.
func (g *UnsafeGuard) record(requestID, dataKey string, why audit.Reason) {
	if g.options.Audit == nil {
		return
	}
	r := audit.Record{
		Event: audit.Verify, Result: audit.Granted, Reason: why, Scheme: audit.Literal,
		Request: audit.Identify(requestID), Key: audit.NewName(dataKey), Algorithm: audit.NewName(g.rule.Algorithm()),
		Window: time.Duration(g.window) * time.Second,
	}
	if why != 0 {
		r.Result = audit.Denied
	}
	_ = g.options.Audit.Append(&r) // access does not wait for it (Algorithm 2)
}

// Use issues a token and opens the value with it.
func (g *UnsafeGuard) Use(requestID, dataKey string, use func(value []byte) error) error {
	t, err := g.Issue(requestID, dataKey)
	if err != nil {
		return err
	}
	return g.Open(requestID, dataKey, t, use)
}

// IssueText is Issue with the three parts of the token joined by dots.
func (g *UnsafeGuard) IssueText(requestID, dataKey string) (string, error) {
	t, err := g.Issue(requestID, dataKey)
	if err != nil {
		return "", err
	}
	return t.DecryptToken + "." + t.Nonce + "." + t.Timestamp, nil
}

// OpenText is Open with the text of IssueText.
func (g *UnsafeGuard) OpenText(requestID, dataKey, token string, use func(value []byte) error) error {
	decrypt, rest, _ := strings.Cut(token, ".")
	nonce, timestamp, _ := strings.Cut(rest, ".")
	return g.Open(requestID, dataKey, Token{decrypt, nonce, timestamp}, use)
}

// Close refuses every later call. It wipes nothing.
func (g *UnsafeGuard) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}

func (g *UnsafeGuard) isClosed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed
}

func randomText() string {
	var b [nonceSize]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

type process struct{}

func (process) LookupEnv(name string) (string, bool) { return os.LookupEnv(name) }
func (process) Setenv(name, value string) error      { return os.Setenv(name, value) }
