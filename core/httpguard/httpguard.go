// Package httpguard puts a guard in front of a net/http handler, for functions
// that platforms call by HTTP (Alibaba Cloud Function Compute custom runtimes,
// Tencent Cloud web functions) and for servers. In
//
//	http.ListenAndServe(address, mux)
//
// the line becomes
//
//	http.ListenAndServe(address, httpguard.Wrap(guard, mux))
//
// and handlers open protected values with access.Use(r.Context(), "API_KEY", …).
package httpguard

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net"
	"net/http"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/core/access"
)

// Option says where the facts about a request come from.
type Option func(*middleware)

// WithRequestIDHeader takes the request id from a header that the platform sets
// on every request, such as X-Fc-Request-Id, and refuses a request without
// exactly one with 400. Use it only behind a platform that overwrites what the
// client sent: budgets are counted by request id. Without this option every
// request gets a random id.
func WithRequestIDHeader(name string) Option {
	return func(m *middleware) { m.header = name }
}

// WithSource names who sent a request, for the counting and blocking of
// refusals: [RemoteAddress], or an identity that was authenticated before.
func WithSource(source func(*http.Request) string) Option {
	return func(m *middleware) { m.source = source }
}

// WithCallChain names the callers before this function, outermost first.
func WithCallChain(chain func(*http.Request) []string) Option {
	return func(m *middleware) { m.chain = chain }
}

// RemoteAddress is the address of the peer without its port. Behind a gateway all
// requests share it, and one bad client has all of them blocked.
func RemoteAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// Wrap returns a handler that gives the handler it wraps access to the guard.
func Wrap(g access.Guard, next http.Handler, options ...Option) http.Handler {
	m := &middleware{guard: g, next: next}
	for _, option := range options {
		option(m)
	}
	return m
}

type middleware struct {
	guard  access.Guard
	next   http.Handler
	header string
	source func(*http.Request) string
	chain  func(*http.Request) []string
}

// maxRequestID is the length that core takes, in bytes.
const maxRequestID = 256

// ServeHTTP implements http.Handler.
func (m *middleware) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request := core.Request{}
	if m.header == "" {
		var id [16]byte
		rand.Read(id[:])
		request.ID = hex.EncodeToString(id[:])
	} else {
		values := r.Header.Values(m.header)
		if len(values) != 1 || values[0] == "" || len(values[0]) > maxRequestID {
			http.Error(w, "no usable "+m.header, http.StatusBadRequest)
			return
		}
		request.ID = values[0]
	}
	if m.source != nil {
		request.Source = m.source(r)
	}
	if m.chain != nil {
		request.CallChain = m.chain(r)
	}
	m.next.ServeHTTP(w, r.WithContext(access.With(r.Context(), m.guard, request)))
}

// Status is the HTTP status for an error of access.Use: 403 for a refusal, 503
// for a guard that is closed (the instance is being replaced) or a value that has
// expired, 500 for everything else, nil included, because it has no error to tell.
func Status(err error) int {
	switch {
	case errors.Is(err, core.ErrDenied):
		return http.StatusForbidden
	case errors.Is(err, core.ErrClosed), errors.Is(err, core.ErrExpired):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
