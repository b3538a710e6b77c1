// Package requestsig signs a bodiless HTTP request with a shared key, and checks the signature.
//
// It is how the network scenario proves to its target who is calling: an HMAC-SHA256 over method, host, path with query,
// and date, in two headers. The key stays bytes and everything derived from it is wiped, as in package objectstore. The
// fields are framed by their lengths, so that no two requests share an encoding; joined without frames, a
// signature could be moved to another request by shifting a boundary.
//
// A signature may be used again until its window has passed: the target keeps no memory of requests. Whoever
// needs more puts a nonce into the path or the query, both of which are signed. A body is not covered, so a request with
// one is refused on both sides.
package requestsig

import (
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/dtbench/dtbench/scenarios/internal/wipehmac"
)

const (
	// DateHeader holds the time of signing, UTC, as 20060102T150405Z, in whole seconds.
	DateHeader = "X-Dtbench-Date"
	// SignatureHeader holds "v1=" and the 64 lower-case hexadecimal digits of the code.
	SignatureHeader = "X-Dtbench-Signature"

	dateFormat = "20060102T150405Z"
	version    = "v1="
	label      = "dtbench/requestsig/v1" // keeps these codes apart from any other use of the key
)

// The reasons for which Sign and Verify refuse.
var (
	// ErrKey says that the key is empty.
	ErrKey = errors.New("empty signature key")
	// ErrBody says that the request has a body, which the signature would not cover.
	ErrBody = errors.New("request with a body cannot be signed")
	// ErrMissing says that the request is not signed: one of the headers is absent.
	ErrMissing = errors.New("request is not signed")
	// ErrMalformed says that a header occurs twice or is not exactly what Sign writes.
	ErrMalformed = errors.New("malformed request signature")
	// ErrMismatch says that the key or the request is not the one that was signed.
	ErrMismatch = errors.New("request signature does not match")
	// ErrExpired says that the signature is genuine and its date outside the window, before or after.
	ErrExpired = errors.New("request signature is outside its time window")
)

// Sign dates req with now, to the second, and sets both headers, replacing earlier ones. It covers the method, the host, the
// path and the query as they are at that moment; other headers may still change. It does not change or keep key, and
// wipes what it derives from it. The error is ErrKey or ErrBody.
func Sign(req *http.Request, key []byte, now time.Time) error {
	if err := check(req, key); err != nil {
		return err
	}
	date := now.UTC().Format(dateFormat)
	code := sum(req, key, date)
	req.Header.Set(DateHeader, date)
	req.Header.Set(SignatureHeader, version+hex.EncodeToString(code[:]))
	return nil
}

// Verify checks a request that a server received: that Sign signed exactly this method, host, path and query with key,
// not more than window before or after now, both to the second. Behind a proxy that rewrites the host it fails. It
// compares in constant time, and the code before the date, so that an error tells nothing to a caller without the key.
//
// The error matches ErrKey, ErrBody, ErrMissing, ErrMalformed, ErrMismatch or ErrExpired. Verify may be called
// concurrently; it reads req and key only.
func Verify(req *http.Request, key []byte, now time.Time, window time.Duration) error {
	if err := check(req, key); err != nil {
		return err
	}
	date, err := single(req, DateHeader)
	if err != nil {
		return err
	}
	signature, err := single(req, SignatureHeader)
	if err != nil {
		return err
	}
	signed, err := time.Parse(dateFormat, date)
	if err != nil || signed.Format(dateFormat) != date {
		return fmt.Errorf("%w: %s", ErrMalformed, DateHeader)
	}
	digits, ok := strings.CutPrefix(signature, version)
	received, err := hex.DecodeString(digits)
	if !ok || err != nil || len(received) != wipehmac.Size || digits != strings.ToLower(digits) {
		return fmt.Errorf("%w: %s", ErrMalformed, SignatureHeader)
	}

	code := sum(req, key, date)
	if subtle.ConstantTimeCompare(code[:], received) != 1 {
		return ErrMismatch
	}
	if age := now.Truncate(time.Second).Sub(signed); age > window || -age > window {
		return fmt.Errorf("%w: %v old, allowed are %v", ErrExpired, age, window)
	}
	return nil
}

func check(req *http.Request, key []byte) error {
	if len(key) == 0 {
		return ErrKey
	}
	// A server's request has a Body without content, and a length of -1 when it is chunked.
	if req.ContentLength != 0 || req.RequestURI == "" && req.Body != nil && req.Body != http.NoBody {
		return ErrBody
	}
	return nil
}

func single(req *http.Request, name string) (string, error) {
	switch values := req.Header.Values(name); len(values) {
	case 0:
		return "", fmt.Errorf("%w: no %s", ErrMissing, name)
	case 1:
		return values[0], nil
	default:
		return "", fmt.Errorf("%w: %s occurs %d times", ErrMalformed, name, len(values))
	}
}

func sum(req *http.Request, key []byte, date string) [wipehmac.Size]byte {
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	method := req.Method
	if method == "" {
		method = http.MethodGet // as net/http sends it
	}
	var code [wipehmac.Size]byte
	wipehmac.New().Sum(&code, encode(label, method, strings.ToLower(host), req.URL.RequestURI(), date), key)
	return code
}

// encode joins the fields, each behind its length as eight bytes, big end first. Different fields never share an
// encoding.
func encode(fields ...string) []byte {
	out := make([]byte, 0, 256)
	for _, field := range fields {
		out = binary.BigEndian.AppendUint64(out, uint64(len(field)))
		out = append(out, field...)
	}
	return out
}
