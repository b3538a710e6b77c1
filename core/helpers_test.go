package core

import (
	"errors"
	"io"
	"sync"
	"testing"
	"time"
)

const (
	requestID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
	password  = "correct-horse-battery-staple"
	apiKey    = "sk-live-0123456789abcdef0123456789abcdef0123456789abcdef01234567"
)

// variables is an environment that no test shares with the process.
type variables struct {
	values map[string]string
	refuse string // Setenv fails for this name
}

var errReadOnly = errors.New("read-only variable")

func (v *variables) LookupEnv(name string) (string, bool) {
	value, ok := v.values[name]
	return value, ok
}

func (v *variables) Setenv(name, value string) error {
	if name == v.refuse {
		return errReadOnly
	}
	v.values[name] = value
	return nil
}

func (v *variables) Unsetenv(name string) error {
	delete(v.values, name)
	return nil
}

func (v *variables) Environ() (list []string) {
	for name, value := range v.values {
		list = append(list, name+"="+value)
	}
	return list
}

func twoSecrets() *variables {
	return &variables{values: map[string]string{
		KeysVariable:  "DB_PASSWORD, API_KEY",
		"DB_PASSWORD": password,
		"API_KEY":     apiKey,
		"REGION":      "cn-hangzhou",
	}}
}

// manualClock moves only when a test moves it.
type manualClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *manualClock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *manualClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newClock() *manualClock { return &manualClock{now: time.Unix(1_764_000_000, 0)} }

// counting gives the bytes seed, seed+1, seed+2, …
type counting struct {
	mu   sync.Mutex
	next byte
}

func (c *counting) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range p {
		p[i] = c.next
		c.next++
	}
	return len(p), nil
}

// failing gives good bytes and then an error.
func failing(good int64) io.Reader {
	return io.MultiReader(io.LimitReader(&counting{}, good), errorReader{})
}

var errNoEntropy = errors.New("no entropy")

type errorReader struct{}

func (errorReader) Read([]byte) (int, error) { return 0, errNoEntropy }

func newGuard(t testing.TB, cfg Config) *Guard {
	t.Helper()
	if cfg.Environment == nil {
		cfg.Environment = twoSecrets()
	}
	if cfg.Policy == nil {
		cfg.Policy = quiet()
	}
	g, err := FromEnvironment(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	return g
}

// quiet is a policy that records nothing and ends nothing.
func quiet() *Policy {
	return &Policy{
		Audit:    AuditPolicy{Mode: AuditOff},
		Response: ResponsePolicy{AlertAfter: -1, BlockAfter: -1, TerminateAfter: -1},
	}
}

func issue(t testing.TB, g *Guard, request, key string) Token {
	t.Helper()
	token, err := g.Issue(request, key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func ignore([]byte) error { return nil }

func internals(g *Guard) *state { return *g.state }

// count returns how many verifications had an outcome.
func count(g *Guard, outcome reason) uint64 { return internals(g).outcomes[outcome].Load() }
