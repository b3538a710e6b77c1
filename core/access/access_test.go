package access_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/core/access"
)

// lender is a guard that lends the same value to everybody and remembers.
type lender struct {
	asked []core.Request
	keys  []string
}

func (l *lender) UseFor(r core.Request, dataKey string, use func([]byte) error) error {
	l.asked, l.keys = append(l.asked, r), append(l.keys, dataKey)
	return use([]byte("value"))
}

func TestUseAsksForTheRequestOfTheContext(t *testing.T) {
	var l lender
	want := core.Request{ID: "r-1", Source: "s", CallChain: []string{"a", "b"}}
	ctx := access.With(context.Background(), &l, want)
	mine := errors.New("mine")
	err := access.Use(ctx, "KEY", func(value []byte) error {
		if string(value) != "value" {
			t.Errorf("lent %q", value)
		}
		return mine
	})
	if err != mine || !reflect.DeepEqual(l.asked, []core.Request{want}) || l.keys[0] != "KEY" {
		t.Errorf("%v, asked for %+v of %v", err, l.keys, l.asked)
	}
	if r, ok := access.Request(ctx); !ok || !reflect.DeepEqual(r, want) {
		t.Errorf("Request gives %+v, %t", r, ok)
	}

	// The innermost wins.
	inner := access.With(ctx, &l, core.Request{ID: "r-2"})
	if err := access.Use(inner, "KEY", func([]byte) error { return nil }); err != nil || l.asked[1].ID != "r-2" {
		t.Errorf("%v, asked by %q", err, l.asked[1].ID)
	}
}

func TestWithoutAGuard(t *testing.T) {
	for _, ctx := range []context.Context{context.Background(), access.With(context.Background(), nil, core.Request{ID: "r"})} {
		err := access.Use(ctx, "KEY", func([]byte) error { t.Error("lent"); return nil })
		if !errors.Is(err, access.ErrNoGuard) {
			t.Errorf("got %v", err)
		}
	}
	if _, ok := access.Request(context.Background()); ok {
		t.Error("a request out of nothing")
	}
}
