package httpguard_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/core/access"
	"github.com/dtbench/dtbench/core/httpguard"
)

type lender struct{ asked []core.Request }

func (l *lender) UseFor(r core.Request, _ string, use func([]byte) error) error {
	l.asked = append(l.asked, r)
	return use([]byte("value"))
}

// handle opens a value and answers with the status of what came of it.
var handle = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if err := access.Use(r.Context(), "KEY", func([]byte) error { return nil }); err != nil {
		w.WriteHeader(httpguard.Status(err))
	}
})

func serve(h http.Handler, change func(*http.Request)) int {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = "192.0.2.7:4711"
	change(r)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func TestEveryRequestGetsAnIDOfItsOwn(t *testing.T) {
	var l lender
	h := httpguard.Wrap(&l, handle)
	for range 2 {
		// What the client calls itself is not believed.
		if code := serve(h, func(r *http.Request) { r.Header.Set("X-Fc-Request-Id", "mine") }); code != http.StatusOK {
			t.Errorf("status %d", code)
		}
	}
	if len(l.asked) != 2 || len(l.asked[0].ID) != 32 || l.asked[0].ID == l.asked[1].ID || l.asked[0].Source != "" {
		t.Errorf("asked for %+v", l.asked)
	}
}

func TestThePlatformsHeaderAndOptions(t *testing.T) {
	var l lender
	h := httpguard.Wrap(&l, handle, httpguard.WithRequestIDHeader("X-Fc-Request-Id"), httpguard.WithSource(httpguard.RemoteAddress),
		httpguard.WithCallChain(func(r *http.Request) []string { return strings.Split(r.Header.Get("Chain"), ",") }))
	check := func(want int, ids ...string) {
		t.Helper()
		if code := serve(h, func(r *http.Request) { r.Header["X-Fc-Request-Id"] = ids; r.Header.Set("Chain", "a,b") }); code != want {
			t.Errorf("%d ids: status %d, want %d", len(ids), code, want)
		}
	}
	check(http.StatusOK, "r-1")
	check(http.StatusBadRequest)
	check(http.StatusBadRequest, "")
	check(http.StatusBadRequest, "r-1", "r-2")
	check(http.StatusBadRequest, strings.Repeat("x", 257))
	if want := []core.Request{{ID: "r-1", Source: "192.0.2.7", CallChain: []string{"a", "b"}}}; !reflect.DeepEqual(l.asked, want) {
		t.Errorf("asked for %+v", l.asked)
	}
}

func TestRemoteAddress(t *testing.T) {
	check := func(address, want string) {
		t.Helper()
		if got := httpguard.RemoteAddress(&http.Request{RemoteAddr: address}); got != want {
			t.Errorf("%q gives %q, want %q", address, got, want)
		}
	}
	check("192.0.2.7:80", "192.0.2.7")
	check("[2001:db8::1]:80", "2001:db8::1")
	check("@", "@") // a Unix socket
}

func TestStatus(t *testing.T) {
	check := func(err error, want int) {
		t.Helper()
		if got := httpguard.Status(err); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
	check(core.ErrDenied, 403)
	check(fmt.Errorf("paying: %w", core.ErrDenied), 403)
	check(core.ErrClosed, 503)
	check(core.ErrExpired, 503)
	check(core.ErrUnknownKey, 500)
	check(access.ErrNoGuard, 500)
	check(errors.New("other"), 500)
	check(nil, 500)
}
