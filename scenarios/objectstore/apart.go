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

// AuthorizePut signs a PUT of the object under key whose body has the given sum: the half of SignPut that needs the
// secret, for a process that never sees the body. It dates the signature by the client's clock and wipes everything
// derived from secret. The error matches ErrInvalid.
func (c *Client) AuthorizePut(key string, payload [sha256.Size]byte, secret []byte) (Authorization, error) {
	if err := checkKey(key); err != nil {
		return Authorization{}, err
	}
	req, err := c.request(context.Background(), http.MethodPut, key, nil)
	if err == nil {
		err = c.signRequest(req, payload, secret)
	}
	if err != nil {
		return Authorization{}, err
	}
	return Authorization{Date: req.Header.Get("X-Amz-Date"), Header: req.Header.Get("Authorization")}, nil
}

// SignPutBy is SignPut for a caller that has no secret: authorize returns what AuthorizePut gave elsewhere, for a client
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
