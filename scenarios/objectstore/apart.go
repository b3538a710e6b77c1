package objectstore

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
)

// Authorization is a signature and what it holds for, in the form of headers.
type Authorization struct {
	Date   string // x-amz-date
	Header string // Authorization
}

// PutAuthorizer signs PUTs of one object whose content it never sees: the half of SignPut that needs the secret, for a
// process of its own. What does not change from one signature to the next is laid out once. It may be used by one
// goroutine at a time.
type PutAuthorizer struct {
	client *Client
	put    *http.Request
}

// PutAuthorizer makes the authorizer of the object under key. The error matches ErrInvalid.
func (c *Client) PutAuthorizer(key string) (*PutAuthorizer, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	put, err := c.request(context.Background(), http.MethodPut, key, nil)
	return &PutAuthorizer{c, put}, err
}

// Authorize signs a PUT whose body has the given sum. It dates the signature by the client's clock and wipes everything
// derived from secret. The error matches ErrInvalid.
func (p *PutAuthorizer) Authorize(payload [sha256.Size]byte, secret []byte) (Authorization, error) {
	// Every header of a request is signed, and these are the ones of the last time.
	for _, name := range []string{"X-Amz-Content-Sha256", "X-Amz-Date", "Authorization"} {
		delete(p.put.Header, name)
	}
	if err := p.client.signRequest(p.put, payload, secret); err != nil {
		return Authorization{}, err
	}
	return Authorization{Date: p.put.Header.Get("X-Amz-Date"), Header: p.put.Header.Get("Authorization")}, nil
}

// SignPutBy is SignPut for a caller that has no secret: authorize returns what a PutAuthorizer gave elsewhere, for a client
// with the same endpoint, region, bucket, access key and session token. Its error comes back as it is.
func (c *Client) SignPutBy(ctx context.Context, key string, body []byte, authorize func(payload [sha256.Size]byte) (Authorization, error)) (*http.Request, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	req, err := c.request(ctx, http.MethodPut, key, body)
	if err != nil {
		return nil, err
	}
	payload := sha256.Sum256(body)
	a, err := authorize(payload)
	if err != nil {
		return nil, err
	}
	req.Header["X-Amz-Content-Sha256"] = []string{fmt.Sprintf("%x", payload)}
	req.Header["X-Amz-Date"] = []string{a.Date}
	req.Header["Authorization"] = []string{a.Header}
	return req, nil
}
