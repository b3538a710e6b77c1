// Package lambdaguard puts a guard in front of an AWS Lambda handler. In
//
//	lambda.Start(handle)
//
// the line becomes
//
//	lambda.Start(lambdaguard.Wrap(guard, handle))
//
// and handle opens protected values with access.Use(ctx, "API_KEY", …). Tokens
// are bound to the request id that Lambda gives the invocation. Lambda may freeze
// an instance when the handler returns: to have refusals in the log by then, and
// under asynchronous audit grants, end it with guard.Flush(ctx).
package lambdaguard

import (
	"context"
	"errors"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/core/access"
)

// ErrNoRequestID is returned for an invocation without a request id, which the
// Lambda runtime never makes: the wrapped handler was called by something else.
// The handler is not called.
var ErrNoRequestID = errors.New("lambdaguard: the context carries no Lambda request id")

// Option adds to what a token is bound to and what refusals are counted by.
type Option func(*handler)

// WithSource names who sent an event, for the counting and blocking of refusals:
// such as the caller's account in an authorizer's context. Choose a field that
// the sender cannot write. Source must not keep event.
func WithSource(source func(ctx context.Context, event []byte) string) Option {
	return func(h *handler) { h.source = source }
}

// WithCallChain names the callers before this function, outermost first, as the
// event carries them. Chain must not keep event.
func WithCallChain(chain func(ctx context.Context, event []byte) []string) Option {
	return func(h *handler) { h.chain = chain }
}

// Wrap returns a handler for lambda.Start that gives the handler it wraps access
// to the guard. Handle has any form that [lambda.NewHandler] takes, or is a
// [lambda.Handler]. Errors of the handler come back as they are, except that of
// a context without a request id.
func Wrap(g access.Guard, handle any, options ...Option) lambda.Handler {
	h := &handler{guard: g, next: lambda.NewHandler(handle)}
	for _, option := range options {
		option(h)
	}
	return h
}

type handler struct {
	guard  access.Guard
	next   lambda.Handler
	source func(context.Context, []byte) string
	chain  func(context.Context, []byte) []string
}

// Invoke implements lambda.Handler.
func (h *handler) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	lc, ok := lambdacontext.FromContext(ctx)
	if !ok || lc.AwsRequestID == "" {
		return nil, ErrNoRequestID
	}
	r := core.Request{ID: lc.AwsRequestID}
	if h.source != nil {
		r.Source = h.source(ctx, event)
	}
	if h.chain != nil {
		r.CallChain = h.chain(ctx, event)
	}
	return h.next.Invoke(access.With(ctx, h.guard, r), event)
}
