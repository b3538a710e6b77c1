// Package function is the frame that every deployed function shares: the
// handler's signature, the way to a secret, and the wrapper that proves the
// temperature of an invocation and times it by the function's own clock.
//
// It knows no platform (scenarios/contract speaks to those) and no variant
// (scenarios/secrets supplies one), and it is linked into what is measured, so
// it stays small.
package function

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/dtbench/dtbench/scenarios/monotonic"
)

// Request is one invocation as a handler sees it.
type Request struct {
	ID    string // unique per invocation, given by the platform
	Event []byte // JSON
}

// Secrets is how a handler gets at a protected value. The variants of a
// function differ in nothing else.
type Secrets interface {
	// Use calls use with the plaintext of the named secret. The bytes are
	// valid until use returns and must not be kept. An error of use comes back
	// as it is; any other error means that access was refused or the name is
	// unknown, and use was not called.
	Use(requestID, name string, use func(secret []byte) error) error
}

// Signer is what a way to the secrets offers beside [Secrets] when it can sign a
// write to the object store without handing the key over.
type Signer interface {
	// SignPut signs, with the named secret, a PUT of the object whose content has
	// this SHA-256 sum. It returns the headers that the request needs. An error
	// means that access was refused, whatever the reason.
	SignPut(requestID, name, object string, payload [32]byte) (PutHeaders, error)
}

// PutHeaders make a PUT valid for its object, its content and some minutes.
type PutHeaders struct{ Date, Authorization string }

// Requests is what a way to the secrets implements when it wants to know which
// request runs: it can then refuse all others.
type Requests interface {
	Begin(requestID string)
	End()
}

// Handler is the business of a function. Its result becomes the "result" of
// the answer and must be fit for JSON.
type Handler func(ctx context.Context, req Request, secrets Secrets) (any, error)

// Setup makes a handler from the function's plain settings, once per instance.
type Setup func(setting func(name string) string) (Handler, error)

// Provider makes the way to the secrets, once per instance.
type Provider func() (Secrets, error)

// Answer is what an invocation returns.
type Answer struct {
	Instance   string  `json:"instance"`   // random, drawn at the start of the process
	Invocation int     `json:"invocation"` // counts this instance's invocations from 1
	Timings    Timings `json:"timings"`
	Result     any     `json:"result"`
}

// Timings are the function's own, in nanoseconds. The first three are instants
// on the clock of scenarios/monotonic, the others durations.
type Timings struct {
	Main    int64 `json:"main_ns"`    // first statement of main
	Ready   int64 `json:"ready_ns"`   // about to ask for the first event
	Entered int64 `json:"entered_ns"` // first statement of the handler
	Handler int64 `json:"handler_ns"` // the handler
	Secrets int64 `json:"secrets_ns"` // inside secret access, the use of the value left out
}

// Instance is one running copy of a function. Invocations must come one at a
// time, as every contract here guarantees.
type Instance struct {
	host        Host
	id          string
	invocations int
	handler     Handler
	secrets     timedSecrets
	handed      Secrets  // what handlers get: secrets, as a Signer where it is one
	requests    Requests // nil where nobody wants to know
	main, ready int64
	clock       pair
}

// Host is what an instance takes from the place that it lives in. A simulated
// platform, where functions have no process of their own, supplies another.
type Host struct {
	Setting func(name string) string // the function's plain settings
	Random  io.Reader                // draws the instance's id
	Now     func() time.Time         // the function's own clock
	Shared  func() int64             // the clock of scenarios/monotonic
}

var process = Host{Setting: os.Getenv, Random: rand.Reader, Now: time.Now, Shared: monotonic.Now}

// Start runs the initialisation of a function and is the first thing its main
// calls. With the argument --probe the process writes one byte and exits
// instead: the floor under every start-up time.
func Start(setup Setup, provider Provider) (*Instance, error) {
	main := monotonic.Now()
	if len(os.Args) > 1 && os.Args[1] == "--probe" {
		_, _ = os.Stdout.Write([]byte{'.'})
		os.Exit(0)
	}
	return start(process, main, setup, provider)
}

// StartOn is Start on a host that is not a process.
func StartOn(host Host, setup Setup, provider Provider) (*Instance, error) {
	return start(host, host.Shared(), setup, provider)
}

func start(host Host, main int64, setup Setup, provider Provider) (*Instance, error) {
	in := &Instance{host: host, main: main}
	var id [16]byte
	if _, err := io.ReadFull(host.Random, id[:]); err != nil {
		return nil, err
	}
	in.id = hex.EncodeToString(id[:])
	secrets, err := provider()
	if err != nil {
		return nil, fmt.Errorf("secrets: %w", err)
	}
	in.secrets.inner, in.secrets.now, in.handed = secrets, host.Now, &in.secrets
	if signer, ok := secrets.(Signer); ok {
		in.handed = timedSigner{&in.secrets, signer}
	}
	in.requests, _ = secrets.(Requests)
	in.clock = host.pair()
	if in.handler, err = setup(host.Setting); err != nil {
		return nil, fmt.Errorf("setup: %w", err)
	}
	return in, nil
}

// Ready marks the end of initialisation. The contract calls it right before it
// asks for the first event.
func (in *Instance) Ready() { in.ready = in.host.Shared() }

// Invoke runs the handler once and encodes its answer.
func (in *Instance) Invoke(ctx context.Context, req Request) ([]byte, error) {
	entered := in.host.Now()
	in.invocations++
	in.secrets.spent = 0
	if in.requests != nil {
		in.requests.Begin(req.ID)
		defer in.requests.End()
	}
	result, err := in.handler(ctx, req, in.handed)
	took := in.host.Now().Sub(entered)
	if err != nil {
		return nil, err
	}
	return json.Marshal(Answer{
		Instance:   in.id,
		Invocation: in.invocations,
		Timings: Timings{
			Main:    in.main,
			Ready:   in.ready,
			Entered: in.clock.instant(entered),
			Handler: int64(took),
			Secrets: int64(in.secrets.spent),
		},
		Result: result,
	})
}

// pair is one instant on both clocks. Both count CLOCK_MONOTONIC on Linux; the
// runtime reads it through the vDSO, without the system call that a reading for
// other processes takes.
type pair struct {
	shared int64
	own    time.Time
}

// pair reads both clocks in succession. A process that is preempted between
// the readings would carry the gap in every later instant, so the closest of a
// few attempts is kept.
func (h Host) pair() pair {
	var best pair
	for closest, attempt := int64(1<<62), 0; attempt < 20 && closest > 2000; attempt++ {
		before := h.Shared()
		own := h.Now()
		if gap := h.Shared() - before; gap < closest {
			closest, best = gap, pair{shared: before + gap/2, own: own}
		}
	}
	return best
}

func (p pair) instant(t time.Time) int64 { return p.shared + int64(t.Sub(p.own)) }

// timedSecrets adds up the time spent in access, without what the handler does
// with the value.
type timedSecrets struct {
	inner Secrets
	now   func() time.Time
	spent time.Duration
}

func (s *timedSecrets) Use(requestID, name string, use func([]byte) error) error {
	var using time.Duration
	begin := s.now()
	err := s.inner.Use(requestID, name, func(secret []byte) error {
		opened := s.now()
		defer func() { using += s.now().Sub(opened) }()
		return use(secret)
	})
	s.spent += s.now().Sub(begin) - using
	return err
}

// timedSigner counts signing as access: it happens where the secret is.
type timedSigner struct {
	*timedSecrets
	inner Signer
}

func (s timedSigner) SignPut(requestID, name, object string, payload [32]byte) (PutHeaders, error) {
	begin := s.now()
	headers, err := s.inner.SignPut(requestID, name, object, payload)
	s.spent += s.now().Sub(begin)
	return headers, err
}
