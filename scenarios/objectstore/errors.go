package objectstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// The ways a call fails. No error text holds a secret, a signature or a session token.
var (
	// ErrInvalid says that the client's fields or the arguments do not make a request. Nothing was sent.
	ErrInvalid = errors.New("invalid request to object storage")
	// ErrUnreachable says that no complete HTTP answer came: connection refused, name unknown, TLS failure, timeout.
	ErrUnreachable = errors.New("object storage is unreachable")
	// ErrDenied says that the store refused the credentials (401 or 403): unknown access key, wrong secret, a clock that
	// is more than 15 minutes off, or no permission. StatusError.Code tells them apart.
	ErrDenied = errors.New("object storage denied access")
	// ErrNoBucket says that the bucket does not exist.
	ErrNoBucket = errors.New("bucket does not exist")
	// ErrStatus says that the store answered with any other status outside 200 to 299. A redirect is one of them: it
	// means the wrong endpoint or region.
	ErrStatus = errors.New("object storage failed the request")
)

// StatusError is the answer behind ErrDenied, ErrNoBucket and ErrStatus; it is found by errors.As.
type StatusError struct {
	// StatusCode is the HTTP status, 100 to 999.
	StatusCode int
	// Code is the S3 error code, such as "SignatureDoesNotMatch", or empty when the answer had none.
	Code string

	class   error
	request string
}

func (e *StatusError) Error() string {
	code := ""
	if e.Code != "" {
		code = " " + e.Code
	}
	return fmt.Sprintf("%s: %v: status %d%s", e.request, e.class, e.StatusCode, code)
}

// Unwrap returns the sentinel that the answer belongs to.
func (e *StatusError) Unwrap() error { return e.class }

// errorLimit is how much of an error document is searched for its code, in bytes.
const errorLimit = 8 << 10

func statusError(req *http.Request, resp *http.Response) error {
	// A document that breaks off still has a status to report.
	document, _ := io.ReadAll(io.LimitReader(resp.Body, errorLimit))
	drain(resp.Body)
	e := &StatusError{StatusCode: resp.StatusCode, Code: errorCode(document), class: ErrStatus, request: describe(req)}
	switch {
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		e.class = ErrDenied
	case resp.StatusCode == http.StatusNotFound && e.Code == "NoSuchBucket":
		e.class = ErrNoBucket
	}
	return e
}

// errorCode returns the text of the first Code element (Amazon S3 API Reference, "Error Responses"), or "" when it is not a
// plain word: nothing else of the document, which may quote the request, reaches an error text.
func errorCode(document []byte) string {
	_, rest, ok := bytes.Cut(document, []byte("<Code>"))
	if !ok {
		return ""
	}
	code, _, ok := bytes.Cut(rest, []byte("</Code>"))
	if !ok || len(code) > 64 {
		return ""
	}
	for _, b := range code {
		if !isUnreserved(b) {
			return ""
		}
	}
	return string(code)
}

// unreachable wraps a transport error. A cancelled context says nothing about the store, a deadline that passed does.
func unreachable(req *http.Request, err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // its text would name method and URL again
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w", describe(req), err)
	}
	return fmt.Errorf("%s: %w: %w", describe(req), ErrUnreachable, err)
}

// describe is the request as an error text shows it: method, host and path.
func describe(req *http.Request) string {
	return req.Method + " " + req.URL.Scheme + "://" + req.URL.Host + req.URL.EscapedPath()
}
