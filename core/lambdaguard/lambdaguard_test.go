package lambdaguard_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/core/access"
	"github.com/dtbench/dtbench/core/lambdaguard"
)

type lender struct{ asked []core.Request }

func (l *lender) UseFor(r core.Request, _ string, use func([]byte) error) error {
	l.asked = append(l.asked, r)
	return use([]byte("value"))
}

func invocation(id string) context.Context {
	return lambdacontext.NewContext(context.Background(), &lambdacontext.LambdaContext{AwsRequestID: id})
}

func TestTheHandlerIsAskedForInTheNameOfItsInvocation(t *testing.T) {
	type in struct{ Name string }
	var l lender
	handle := func(ctx context.Context, event in) (string, error) {
		err := access.Use(ctx, "KEY", func([]byte) error { return nil })
		return "hello " + event.Name, err
	}
	h := lambdaguard.Wrap(&l, handle,
		lambdaguard.WithSource(func(_ context.Context, event []byte) string { return "from " + string(event[:1]) }),
		lambdaguard.WithCallChain(func(context.Context, []byte) []string { return []string{"gateway"} }))
	for _, id := range []string{"r-1", "r-2"} {
		out, err := h.Invoke(invocation(id), []byte(`{"Name":"world"}`))
		if err != nil || string(out) != `"hello world"` {
			t.Errorf("%s, %v", out, err)
		}
	}
	want := []core.Request{
		{ID: "r-1", Source: "from {", CallChain: []string{"gateway"}},
		{ID: "r-2", Source: "from {", CallChain: []string{"gateway"}},
	}
	if !reflect.DeepEqual(l.asked, want) {
		t.Errorf("asked for %+v", l.asked)
	}
}

func TestErrorsComeBackAsTheyAre(t *testing.T) {
	mine := errors.New("mine")
	h := lambdaguard.Wrap(&lender{}, lambdaguard.Wrap(&lender{}, func(context.Context) error { return mine })) // a lambda.Handler is taken too
	if _, err := h.Invoke(invocation("r"), nil); !errors.Is(err, mine) {
		t.Errorf("got %v", err)
	}
}

func TestWithoutARequestIDNothingRuns(t *testing.T) {
	h := lambdaguard.Wrap(&lender{}, func(context.Context) error { t.Error("it ran"); return nil })
	for _, ctx := range []context.Context{context.Background(), invocation("")} {
		if _, err := h.Invoke(ctx, nil); !errors.Is(err, lambdaguard.ErrNoRequestID) {
			t.Errorf("got %v", err)
		}
	}
}
