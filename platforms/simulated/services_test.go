package simulated

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/dtbench/dtbench/scenarios/objectstore"
	"github.com/dtbench/dtbench/scenarios/requestsig"
)

// The store takes what its credentials have signed, and nothing else.
func TestTheStoreChecksSignatures(t *testing.T) {
	a := newAccount(1)
	now := epoch.Add(time.Hour)
	check := func(what string, want int, secret string, change func(req *http.Request, body *[]byte)) {
		t.Helper()
		c := objectstore.Client{Endpoint: a.Endpoint, Region: a.Region, Bucket: a.Bucket, AccessKey: a.AccessKey, Now: func() time.Time { return now }}
		body := []byte("a body")
		req, err := c.SignPut(context.Background(), "folder/an object", body, []byte(secret))
		if err != nil {
			t.Fatal(err)
		}
		change(req, &body)
		if got := a.store(req, body, now).StatusCode; got != want {
			t.Errorf("%s: status %d, want %d", what, got, want)
		}
	}
	header := func(name, value string) func(*http.Request, *[]byte) {
		return func(req *http.Request, _ *[]byte) { req.Header.Set(name, value) }
	}
	check("as signed", http.StatusOK, a.SecretKey, func(*http.Request, *[]byte) {})
	check("another secret", http.StatusForbidden, "wrong", func(*http.Request, *[]byte) {})
	check("another object", http.StatusForbidden, a.SecretKey, func(r *http.Request, _ *[]byte) { r.URL.Path += "2" })
	check("another bucket", http.StatusNotFound, a.SecretKey, func(r *http.Request, _ *[]byte) { r.URL.Path = "/other/x" })
	check("another body", http.StatusForbidden, a.SecretKey, func(_ *http.Request, body *[]byte) { *body = []byte("b body") })
	check("another hash", http.StatusForbidden, a.SecretKey, header("X-Amz-Content-Sha256", "0"))
	check("another date", http.StatusForbidden, a.SecretKey, header("X-Amz-Date", "20250101T010001Z"))
	check("an old date", http.StatusForbidden, a.SecretKey, header("X-Amz-Date", "20240101T000000Z"))
	check("no signature", http.StatusForbidden, a.SecretKey, header("Authorization", ""))
	check("a read", http.StatusMethodNotAllowed, a.SecretKey, func(r *http.Request, _ *[]byte) { r.Method = http.MethodGet })
}

func TestTheTargetChecksSignatures(t *testing.T) {
	a := newAccount(1)
	check := func(what string, want int, key string, age time.Duration) {
		t.Helper()
		req, err := http.NewRequest(http.MethodGet, a.TargetURL, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := requestsig.Sign(req, []byte(key), epoch); err != nil {
			t.Fatal(err)
		}
		if got := a.target(req, 5, epoch.Add(age)).StatusCode; got != want {
			t.Errorf("%s: status %d, want %d", what, got, want)
		}
	}
	check("as signed", http.StatusOK, a.TargetKey, time.Minute)
	check("another key", http.StatusUnauthorized, "wrong", 0)
	check("an old date", http.StatusUnauthorized, a.TargetKey, time.Hour)
}

func TestAccountsDependOnTheSeed(t *testing.T) {
	first, again := newAccount(1), newAccount(1)
	if first != again || first == newAccount(2) {
		t.Error("the account is not drawn from the seed")
	}
}
