package requestsig

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	key = []byte("a key of the network scenario")
)

const window = 5 * time.Minute

// received returns req as a server sees it: written to the wire and read again.
func received(t testing.TB, req *http.Request) *http.Request {
	t.Helper()
	var wire bytes.Buffer
	if err := req.Write(&wire); err != nil {
		t.Fatal(err)
	}
	got, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func signed(t testing.TB, method, url string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := Sign(req, key, now); err != nil {
		t.Fatal(err)
	}
	return req
}

// TestSignatureIsTheDocumentedOne computes the code another way, with crypto/hmac over the bytes written out.
func TestSignatureIsTheDocumentedOne(t *testing.T) {
	req := signed(t, "GET", "http://Target.example:8080/data?size=3&x=%20y")
	message := "\x00\x00\x00\x00\x00\x00\x00\x15dtbench/requestsig/v1" +
		"\x00\x00\x00\x00\x00\x00\x00\x03GET" +
		"\x00\x00\x00\x00\x00\x00\x00\x13target.example:8080" +
		"\x00\x00\x00\x00\x00\x00\x00\x13/data?size=3&x=%20y" +
		"\x00\x00\x00\x00\x00\x00\x00\x1020260301T120000Z"
	h := hmac.New(sha256.New, key)
	h.Write([]byte(message))
	if got, want := req.Header.Get("X-Dtbench-Signature"), "v1="+hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := req.Header.Get("X-Dtbench-Date"); got != "20260301T120000Z" {
		t.Errorf("date %s", got)
	}
}

func TestVerify(t *testing.T) {
	all := []error{ErrKey, ErrBody, ErrMissing, ErrMalformed, ErrMismatch, ErrExpired}
	check := func(name string, want error, change func(r *http.Request), at time.Time) {
		t.Helper()
		r := received(t, signed(t, "GET", "http://target.example/data?size=3"))
		if change != nil {
			change(r)
		}
		err := Verify(r, key, at, window)
		for _, sentinel := range all {
			if errors.Is(err, sentinel) != (sentinel == want) || (err == nil) != (want == nil) {
				t.Errorf("%s: got %v, want %v", name, err, want)
				return
			}
		}
	}
	header := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) {
			if len(values) == 0 {
				r.Header.Del(name)
				return
			}
			r.Header[name] = values
		}
	}
	first := signed(t, "GET", "http://target.example/data?size=3").Header.Get(SignatureHeader)

	check("genuine", nil, nil, now)
	check("other headers", nil, header("X-Other", "value"), now)
	check("host in capitals", nil, func(r *http.Request) { r.Host = "TARGET.example" }, now)

	check("end of the window", nil, nil, now.Add(window+999*time.Millisecond))
	check("too old", ErrExpired, nil, now.Add(window+time.Second))
	check("from the future", nil, nil, now.Add(-window))
	check("too far in the future", ErrExpired, nil, now.Add(-window-time.Second))
	check("forged and too old", ErrMismatch, func(r *http.Request) { r.Host = "other" }, now.Add(window+time.Second))

	check("other method", ErrMismatch, func(r *http.Request) { r.Method = "HEAD" }, now)
	check("other host", ErrMismatch, func(r *http.Request) { r.Host = "target.example:80" }, now)
	check("other path", ErrMismatch, func(r *http.Request) { r.URL.Path = "/Data" }, now)
	check("other query", ErrMismatch, func(r *http.Request) { r.URL.RawQuery = "size=4" }, now)
	check("no query", ErrMismatch, func(r *http.Request) { r.URL.RawQuery = "" }, now)
	check("other date", ErrMismatch, header(DateHeader, "20260301T120001Z"), now)
	check("body", ErrBody, func(r *http.Request) { r.ContentLength = 3 }, now)
	check("chunked body", ErrBody, func(r *http.Request) { r.ContentLength = -1 }, now)

	check("no date", ErrMissing, header(DateHeader), now)
	check("no signature", ErrMissing, header(SignatureHeader), now)
	check("two dates", ErrMalformed, header(DateHeader, "20260301T120000Z", "20260301T120000Z"), now)
	check("two signatures", ErrMalformed, header(SignatureHeader, first, first), now)
	for _, date := range []string{"", "20260301T120000", "2026-03-01T12:00:00Z", "20260301T120000.0Z", "20260230T120000Z", " 20260301T120000Z"} {
		check("date "+date, ErrMalformed, header(DateHeader, date), now)
	}
	for _, signature := range []string{
		"", "v1=", first[3:], "v2=" + first[3:], first + "00", first[:len(first)-2], first[:len(first)-1],
		"v1=" + strings.ToUpper(first[3:]), first + " ", "v1=" + strings.Repeat("g", 64),
	} {
		check("signature "+signature, ErrMalformed, header(SignatureHeader, signature), now)
	}
}

func TestKeys(t *testing.T) {
	r := received(t, signed(t, "GET", "http://target.example/"))
	if err := Verify(r, []byte("another key"), now, window); !errors.Is(err, ErrMismatch) {
		t.Errorf("another key: %v", err)
	}
	if err := Verify(r, nil, now, window); !errors.Is(err, ErrKey) {
		t.Errorf("no key: %v", err)
	}
	if err := Sign(r, nil, now); !errors.Is(err, ErrKey) {
		t.Errorf("no key: %v", err)
	}
	if string(key) != "a key of the network scenario" {
		t.Error("the key was changed")
	}
}

func TestSignRefusesABody(t *testing.T) {
	for _, body := range []interface{ Read([]byte) (int, error) }{strings.NewReader("body"), bufio.NewReader(strings.NewReader("body"))} {
		req, err := http.NewRequest("POST", "http://target.example/", body)
		if err != nil {
			t.Fatal(err)
		}
		if err := Sign(req, key, now); !errors.Is(err, ErrBody) {
			t.Errorf("%T: %v", body, err)
		}
		if req.Header.Get(SignatureHeader) != "" {
			t.Errorf("%T: a header was set", body)
		}
	}
}

// TestOverHTTP uses the signature as the scenario does.
func TestOverHTTP(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := Verify(r, key, now, window); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
		}
	}))
	defer server.Close()
	check := func(path string, sign bool, want int) {
		t.Helper()
		req, err := http.NewRequest("GET", server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if sign {
			if err := Sign(req, key, now); err != nil {
				t.Fatal(err)
			}
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s, signed: %v: status %d, want %d", path, sign, resp.StatusCode, want)
		}
	}
	check("", true, 200)
	check("/a%2Fb/c%20d?x=1&x=2&y", true, 200)
	check("//double?", true, 200)
	check("/", false, 401)
}

// FuzzRoundTrip: what Sign signs, Verify accepts after the wire, for any path, query and host that can be sent; and
// nothing else that differs in the path.
func FuzzRoundTrip(f *testing.F) {
	f.Add("/data", "size=3", "127.0.0.1:8080", "x")
	f.Add("/a%2Fb//c/../d;e", "q=%zz&&=", "host", "%")
	f.Add("", "", "[::1]:1", "/")
	f.Add("/|\"<>\\^`{}", "a b|c", "h", "?")
	f.Add("//host/path", "?#", "ünï.example", "\x00")
	f.Fuzz(func(t *testing.T, path, query, host, more string) {
		req, err := http.NewRequest("GET", "http://"+host+path+"?"+query, nil)
		if err != nil {
			t.Skip("not a URL")
		}
		if err := Sign(req, key, now); err != nil {
			t.Fatal(err)
		}
		var wire bytes.Buffer
		if req.Write(&wire) != nil {
			t.Skip("not a request that net/http sends")
		}
		sent := wire.String()
		r, err := http.ReadRequest(bufio.NewReader(&wire))
		if err != nil {
			t.Skip("not a request that net/http reads")
		}
		// net/http itself changes hosts of other alphabets and zones on the way; those must fail, not pass by accident.
		if err := Verify(r, key, now, window); (err == nil) != strings.EqualFold(r.Host, req.Host) {
			t.Errorf("%q: host %q became %q: %v", sent, req.Host, r.Host, err)
		}
		before := r.URL.RequestURI()
		r.URL.Path, r.URL.RawPath = r.URL.Path+more, ""
		if err := Verify(r, key, now, window); (err == nil) != (strings.EqualFold(r.Host, req.Host) && r.URL.RequestURI() == before) {
			t.Errorf("path %q passes for %q: %v", r.URL.RequestURI(), before, err)
		}
	})
}

// FuzzEncodeIsInjective: different fields never share an encoding.
func FuzzEncodeIsInjective(f *testing.F) {
	f.Add("ab", "c", "a", "bc")
	f.Add("", "x", "x", "")
	f.Add("a\x00\x00\x00\x00\x00\x00\x00\x01", "b", "a", "\x00b")
	f.Fuzz(func(t *testing.T, a1, a2, b1, b2 string) {
		same := bytes.Equal(encode(a1, a2), encode(b1, b2))
		if same != slices.Equal([]string{a1, a2}, []string{b1, b2}) {
			t.Errorf("(%q, %q) and (%q, %q) encode alike", a1, a2, b1, b2)
		}
	})
}

func BenchmarkSign(b *testing.B) {
	b.ReportAllocs()
	req, err := http.NewRequest("GET", "http://127.0.0.1:8080/data", nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := Sign(req, key, now); err != nil {
			b.Fatal(err)
		}
	}
}
