// Package access carries a guard and the request it is asked for through a
// context, so that business code can open a protected value without knowing which
// platform called it: [Use] is the whole of it.
//
// core/lambdaguard and core/httpguard put the pair there; code that serves
// another contract does so itself, with [With].
package access

import (
	"context"
	"errors"

	"github.com/dtbench/dtbench/core"
)

// ErrNoGuard is returned by [Use] when nobody put a guard into the context: the
// handler is not wrapped, or was given a context of another origin.
var ErrNoGuard = errors.New("access: the context carries no guard; wrap the handler, see core/lambdaguard and core/httpguard")

// Guard opens values. *core.Guard is one.
type Guard interface {
	// UseFor issues a token for the request, opens the value of dataKey with it
	// and lends it to use.
	UseFor(r core.Request, dataKey string, use func(value []byte) error) error
}

type contextKey struct{}

type pair struct {
	guard   Guard
	request core.Request
}

// With returns a context for the handling of one request.
func With(ctx context.Context, g Guard, r core.Request) context.Context {
	return context.WithValue(ctx, contextKey{}, pair{g, r})
}

// Use opens a protected value for the request of ctx and lends it to use: the
// bytes are wiped when use returns and must not be kept. Errors are those of
// [core.Guard.Use], or [ErrNoGuard].
//
// It may be called concurrently, and from use. A context that outlives its
// request opens values in the name of that request.
func Use(ctx context.Context, dataKey string, use func(value []byte) error) error {
	p, ok := ctx.Value(contextKey{}).(pair)
	if !ok || p.guard == nil {
		return ErrNoGuard
	}
	return p.guard.UseFor(p.request, dataKey, use)
}

// Request is the request of ctx, and whether it carries one.
func Request(ctx context.Context) (core.Request, bool) {
	p, ok := ctx.Value(contextKey{}).(pair)
	return p.request, ok
}
