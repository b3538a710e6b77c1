package objectstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dtbench/dtbench/scenarios/objectstore"
)

const secretText = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

func newClient(endpoint string) *objectstore.Client {
	return &objectstore.Client{Endpoint: endpoint, Region: "us-east-1", Bucket: "bucket", AccessKey: "AKID"}
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// TestPutOnTheWire holds the shape that OSS, COS and S3 all accept: payload hashed, length known, no aws-chunked, no
// checksum trailer.
func TestPutOnTheWire(t *testing.T) {
	check := func(body, wantHash string) {
		t.Helper()
		server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
			got, err := io.ReadAll(r.Body)
			if err != nil || string(got) != body {
				t.Errorf("body %q, %v; want %q", got, err, body)
			}
			if r.Method != http.MethodPut || r.RequestURI != "/bucket/dir/a%20b" {
				t.Errorf("got %s %s", r.Method, r.RequestURI)
			}
			if got := r.Header.Get("X-Amz-Content-Sha256"); got != wantHash {
				t.Errorf("x-amz-content-sha256 is %s, want %s", got, wantHash)
			}
			if got := r.Header.Get("X-Amz-Date"); got != "20260301T120000Z" {
				t.Errorf("x-amz-date is %s", got)
			}
			if r.ContentLength != int64(len(body)) || len(r.TransferEncoding) > 0 {
				t.Errorf("content length %d, transfer encoding %v", r.ContentLength, r.TransferEncoding)
			}
			for name := range r.Header {
				if lower := strings.ToLower(name); strings.Contains(lower, "checksum") || strings.Contains(lower, "trailer") ||
					lower == "content-encoding" || lower == "x-amz-security-token" {
					t.Errorf("unwanted header %s", name)
				}
			}
		})
		c := newClient(server.URL)
		c.Now = func() time.Time { return time.Date(2026, 3, 1, 13, 0, 0, 0, time.FixedZone("", 3600)) }
		if err := c.Put(t.Context(), "dir/a b", []byte(body), []byte(secretText)); err != nil {
			t.Error(err)
		}
	}
	check("hello", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
	check("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
}

// TestSignPutThenSend clears the secret in between, as the functions do.
func TestSignPutThenSend(t *testing.T) {
	signatures := []string{}
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != "body" || r.RequestURI != "/bucket/k" {
			t.Errorf("got %s with %q, %v", r.RequestURI, body, err)
		}
		signatures = append(signatures, r.Header.Get("Authorization"))
	})
	c := newClient(server.URL)
	c.Now = func() time.Time { return time.Unix(1_800_000_000, 0) }
	secret := []byte(secretText)
	if err := c.Put(t.Context(), "k", []byte("body"), secret); err != nil {
		t.Fatal(err)
	}
	req, err := c.SignPut(t.Context(), "k", []byte("body"), secret)
	if err != nil {
		t.Fatal(err)
	}
	clear(secret)
	if err := c.Send(req); err != nil {
		t.Fatal(err)
	}
	if len(signatures) != 2 || signatures[0] != signatures[1] {
		t.Errorf("Put and SignPut differ: %q", signatures)
	}
	if _, err := c.SignPut(t.Context(), "", nil, []byte(secretText)); !errors.Is(err, objectstore.ErrInvalid) {
		t.Errorf("empty key: %v", err)
	}
}

func TestSessionTokenIsSentAndSigned(t *testing.T) {
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("X-Amz-Security-Token"); got != "token/+=" {
			t.Errorf("token %q", got)
		}
		if got := r.Header.Get("Authorization"); !strings.Contains(got, "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,") {
			t.Errorf("the token is not signed: %s", got)
		}
	})
	c := newClient(server.URL)
	c.SessionToken = "token/+="
	if err := c.Put(t.Context(), "k", nil, []byte(secretText)); err != nil {
		t.Error(err)
	}
}

func TestGetAndDelete(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789"), 50_000)
	deleted := false
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet:
			w.Write(content)
		case http.MethodDelete:
			deleted = r.URL.Path == "/bucket/k"
			w.WriteHeader(http.StatusNoContent)
		}
	})
	c := newClient(server.URL)
	got, err := c.Get(t.Context(), "k", []byte(secretText))
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
	if err := c.Delete(t.Context(), "k", []byte(secretText)); err != nil || !deleted {
		t.Errorf("deleted: %v, %v", deleted, err)
	}
}

func TestStatusErrors(t *testing.T) {
	all := []error{
		objectstore.ErrInvalid, objectstore.ErrUnreachable, objectstore.ErrDenied, objectstore.ErrNoBucket,
		objectstore.ErrStatus,
	}
	check := func(status int, document, wantCode string, want error) {
		t.Helper()
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, strings.ReplaceAll(document, "AUTHORIZATION", r.Header.Get("Authorization")))
		})
		err := newClient(server.URL).Put(t.Context(), "k", []byte("body"), []byte(secretText))
		for _, sentinel := range all {
			if errors.Is(err, sentinel) != (sentinel == want) {
				t.Errorf("status %d: %v; matches %q: %v", status, err, sentinel, errors.Is(err, sentinel))
			}
		}
		var detail *objectstore.StatusError
		if !errors.As(err, &detail) || detail.StatusCode != status || detail.Code != wantCode {
			t.Errorf("status %d: detail %+v, want code %q", status, detail, wantCode)
			return
		}
		if text := err.Error(); strings.Contains(text, "Signature=") || strings.Contains(text, secretText) ||
			!strings.Contains(text, fmt.Sprint("status ", status)) || !strings.Contains(text, wantCode) {
			t.Errorf("error text %q", text)
		}
	}
	document := func(code string) string {
		return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>` + code + `</Code><Message>AUTHORIZATION</Message></Error>`
	}

	check(403, document("SignatureDoesNotMatch"), "SignatureDoesNotMatch", objectstore.ErrDenied)
	check(403, document("InvalidAccessKeyId"), "InvalidAccessKeyId", objectstore.ErrDenied)
	check(401, "", "", objectstore.ErrDenied)
	check(404, document("NoSuchBucket"), "NoSuchBucket", objectstore.ErrNoBucket)
	check(404, document("NoSuchKey"), "NoSuchKey", objectstore.ErrStatus)
	check(404, "not found", "", objectstore.ErrStatus)
	check(400, document("AuthorizationHeaderMalformed"), "AuthorizationHeaderMalformed", objectstore.ErrStatus)
	check(503, document("SlowDown"), "SlowDown", objectstore.ErrStatus)
	check(500, document("AUTHORIZATION"), "", objectstore.ErrStatus) // a code that is no plain word is dropped
	check(500, "<Code>cut", "", objectstore.ErrStatus)
}

// TestRedirectsAreNotFollowed: the signature of one host must not be sent to another.
func TestRedirectsAreNotFollowed(t *testing.T) {
	other := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") })
	for _, status := range []int{301, 302, 307, 308} {
		server := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, status) })
		err := newClient(server.URL).Put(t.Context(), "k", []byte("body"), []byte(secretText))
		var detail *objectstore.StatusError
		if !errors.Is(err, objectstore.ErrStatus) || !errors.As(err, &detail) || detail.StatusCode != status {
			t.Errorf("status %d: %v", status, err)
		}
	}
}

func TestUnreachable(t *testing.T) {
	check := func(name string, ctx context.Context, endpoint string, want, wantNot error) {
		t.Helper()
		err := newClient(endpoint).Put(ctx, "k", []byte("body"), []byte(secretText))
		if !errors.Is(err, want) || wantNot != nil && errors.Is(err, wantNot) {
			t.Errorf("%s: %v", name, err)
		}
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	check("closed port", t.Context(), closed.URL, objectstore.ErrUnreachable, objectstore.ErrDenied)

	// A listener that nobody accepts from: the connection stands, the answer never comes.
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	endpoint := "http://" + silent.Addr().String()
	deadline, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	check("deadline", deadline, endpoint, objectstore.ErrUnreachable, nil)
	check("deadline", deadline, endpoint, context.DeadlineExceeded, nil)
	cancelled, cancelNow := context.WithCancel(t.Context())
	cancelNow()
	check("cancelled", cancelled, endpoint, context.Canceled, objectstore.ErrUnreachable)

	// An answer that breaks off.
	broken := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "short")
	})
	_, err = newClient(broken.URL).Get(t.Context(), "k", []byte(secretText))
	if !errors.Is(err, objectstore.ErrUnreachable) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("broken answer: %v", err)
	}
}

func TestInvalidSendsNothing(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	check := func(name, key, secret string, change func(c *objectstore.Client)) {
		t.Helper()
		c := newClient(server.URL)
		change(c)
		err := c.Put(t.Context(), key, nil, []byte(secret))
		if !errors.Is(err, objectstore.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error shows a password: %v", name, err)
		}
	}
	same := func(*objectstore.Client) {}

	check("empty key", "", secretText, same)
	check("long key", strings.Repeat("k", 1025), secretText, same)
	check("key not UTF-8", "\xff", secretText, same)
	check("empty secret", "k", "", same)
	for _, bucket := range []string{"", ".", "..", "a/b", "a b", "bücket", "b?x"} {
		check("bucket "+bucket, "k", secretText, func(c *objectstore.Client) { c.Bucket = bucket })
	}
	for _, endpoint := range []string{
		"", "127.0.0.1:9000", "localhost", "ftp://host", "http://", "http://user:hunter2@host", "http://host/path", "http://host?q",
		"http://host?", "http://host#f", "http://user:hunter2@host:port", "http://[fe80::1%25eth0]:80", "http://ünï",
	} {
		check("endpoint "+endpoint, "k", secretText, func(c *objectstore.Client) { c.Endpoint = endpoint })
	}
	for _, accessKey := range []string{"", "AK\n", "a b", "a/b", "a,b", "a=b"} {
		check("access key "+accessKey, "k", secretText, func(c *objectstore.Client) { c.AccessKey = accessKey })
	}
	for _, region := range []string{"", "us east", "us/east", "<r>"} {
		check("region "+region, "k", secretText, func(c *objectstore.Client) { c.Region = region })
	}
	check("session token", "k", secretText, func(c *objectstore.Client) { c.SessionToken = "a\r\nX: y" })
	check("addressing", "k", secretText, func(c *objectstore.Client) { c.Addressing = 7 })
	check("virtual-hosted address", "k", secretText, func(c *objectstore.Client) {
		c.Addressing = objectstore.AddressingVirtualHosted
	})
}

// TestAddressing looks at the URL and the Host that a request goes to.
func TestAddressing(t *testing.T) {
	check := func(endpoint string, addressing objectstore.Addressing, want string) {
		t.Helper()
		got := ""
		c := newClient(endpoint)
		c.Addressing = addressing
		c.HTTP = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			got = r.URL.String()
			if r.Host != r.URL.Host {
				t.Errorf("%s: host %s, URL %s", endpoint, r.Host, r.URL)
			}
			return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
		})}
		if err := c.Put(t.Context(), "a/b", nil, []byte(secretText)); err != nil {
			t.Errorf("%s: %v", endpoint, err)
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", endpoint, got, want)
		}
	}
	const auto, path, virtual = objectstore.AddressingAuto, objectstore.AddressingPath, objectstore.AddressingVirtualHosted

	check("http://127.0.0.1:9000", auto, "http://127.0.0.1:9000/bucket/a/b")
	check("http://[::1]:9000/", auto, "http://[::1]:9000/bucket/a/b")
	check("http://localhost:9000", auto, "http://localhost:9000/bucket/a/b")
	check("https://minio.example.org", auto, "https://minio.example.org/bucket/a/b")
	check("https://s3.amazonaws.com", auto, "https://bucket.s3.amazonaws.com/a/b")
	check("https://s3.cn-north-1.amazonaws.com.cn", auto, "https://bucket.s3.cn-north-1.amazonaws.com.cn/a/b")
	check("https://S3.OSS-cn-hangzhou-internal.Aliyuncs.com", auto, "https://bucket.S3.OSS-cn-hangzhou-internal.Aliyuncs.com/a/b")
	check("https://cos.ap-guangzhou.myqcloud.com", auto, "https://bucket.cos.ap-guangzhou.myqcloud.com/a/b")
	check("https://notaliyuncs.com", auto, "https://notaliyuncs.com/bucket/a/b")
	check("https://s3.amazonaws.com", path, "https://s3.amazonaws.com/bucket/a/b")
	check("http://store.local:9000", virtual, "http://bucket.store.local:9000/a/b")
	check("https://host:443", auto, "https://host/bucket/a/b")
	check("http://host:80", auto, "http://host/bucket/a/b")
	check("http://host:443", auto, "http://host:443/bucket/a/b")
	check("http://host:", auto, "http://host/bucket/a/b")
	check("https://[::1]:443", auto, "https://[::1]/bucket/a/b")
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestConnectionIsReused: a hot start must not pay for a new connection, whatever the answer before was.
func TestConnectionIsReused(t *testing.T) {
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if strings.HasSuffix(r.URL.Path, "denied") {
			w.WriteHeader(http.StatusForbidden)
		}
		w.Write(bytes.Repeat([]byte("x"), 20_000))
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()

	c := newClient(server.URL)
	c.HTTP = &http.Client{Transport: &http.Transport{}}
	for i := range 10 {
		key := []string{"fine", "denied"}[i%2]
		err := c.Put(t.Context(), key, make([]byte, 5000), []byte(secretText))
		if (err != nil) != (key == "denied") {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("10 requests used %d connections", n)
	}
}

func TestCreateBucket(t *testing.T) {
	check := func(region string, status int, answer, wantBody string, want error) {
		t.Helper()
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if r.Method != http.MethodPut || r.RequestURI != "/bucket" || !strings.Contains(string(body), wantBody) || (wantBody == "") != (len(body) == 0) {
				t.Errorf("%s %s %q", r.Method, r.RequestURI, body)
			}
			w.WriteHeader(status)
			io.WriteString(w, answer)
		})
		c := newClient(server.URL)
		c.Region = region
		if err := c.CreateBucket(t.Context(), []byte(secretText)); !errors.Is(err, want) {
			t.Errorf("region %s, status %d: %v, want %v", region, status, err, want)
		}
	}
	check("us-east-1", 200, "", "", nil)
	check("eu-west-1", 200, "", "<LocationConstraint>eu-west-1</LocationConstraint>", nil)
	check("us-east-1", 409, "<Code>BucketAlreadyOwnedByYou</Code>", "", nil)
	check("us-east-1", 409, "<Code>BucketAlreadyExists</Code>", "", objectstore.ErrStatus)
}
