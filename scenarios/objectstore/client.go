// Package objectstore writes an object to S3-compatible storage: one request, signed with AWS Signature Version 4.
//
// It is the storage client of the functions under test, of both variants, so it is small (standard library only, no
// XML), and it takes the secret access key as bytes and wipes everything that it derives from it before it returns. A
// vendor SDK would undo the protection that is being measured: it takes the secret as a string and keeps copies of it
// and of the derived keys for the life of the process.
//
// The payload is always hashed in full into x-amz-content-sha256 and sent as it is: never aws-chunked, no trailing
// checksum. Amazon S3, the S3-compatible endpoints of Alibaba OSS and Tencent COS, and versitygw accept that form; the
// two clouds reject aws-chunked. It refuses redirects, because a signature holds for one host.
//
// Sources: Amazon S3 API Reference, "Authenticating Requests: Using the Authorization Header (AWS Signature Version
// 4)" and "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk"; Amazon S3 User
// Guide, "Virtual hosting of general purpose buckets".
package objectstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Client is one bucket at one endpoint for one access key. Set the fields before the first call; after that its methods
// may be called concurrently. The secret is not part of it: every call takes it and keeps nothing of it.
type Client struct {
	// Endpoint is the service, scheme://host[:port], without bucket and path: "http://127.0.0.1:9000",
	// "https://s3.eu-west-1.amazonaws.com", "https://s3.oss-cn-hangzhou-internal.aliyuncs.com",
	// "https://cos.ap-guangzhou.myqcloud.com". The scheme is http or https.
	Endpoint string
	// Region is the region in the signature's scope, such as "us-east-1".
	Region string
	// Bucket is the name of the bucket: letters, digits, '-', '_', '.' (COS: with the suffix "-appid").
	Bucket string
	// AccessKey is the access key id: public, it travels in clear in every request.
	AccessKey string
	// SessionToken is the token of temporary credentials, or empty. It travels in clear in every request, and net/http
	// keeps copies of what it sent: unlike the secret it is not protected.
	SessionToken string
	// Addressing says where the bucket's name goes; the zero value, AddressingAuto, chooses by the endpoint's host.
	Addressing Addressing
	// HTTP sends the requests; nil means http.DefaultClient. Its CheckRedirect is not used.
	HTTP *http.Client
	// Now is the clock that dates the signature; nil means time.Now. Stores refuse a date more than 15 minutes off.
	Now func() time.Time

	trace func(stage string, k *keyring) // tests only: sees the derived keys before and after the wipe
}

// Put stores body under key, replacing what was there. A key is 1 to 1024 bytes of UTF-8; '/' in it is kept. Body may
// be empty and is not changed, nor is secret, the secret access key; neither is retained.
//
// The error matches, by errors.Is, one of ErrInvalid, ErrUnreachable, ErrDenied, ErrNoBucket and ErrStatus, or the
// context's error when ctx was cancelled.
func (c *Client) Put(ctx context.Context, key string, body, secret []byte) error {
	req, err := c.SignPut(ctx, key, body, secret)
	if err != nil {
		return err
	}
	return c.Send(req)
}

// SignPut returns the request that Put would send, so that a caller can let go of the secret before the request travels:
// nothing in it tells the secret. It is sent once, by Send, within the 15 minutes for which stores take its date. Body
// must not change until then. The error matches ErrInvalid.
func (c *Client) SignPut(ctx context.Context, key string, body, secret []byte) (*http.Request, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	return c.sign(ctx, http.MethodPut, key, body, secret)
}

// Send sends what SignPut returned, under the context that SignPut was given. Errors are those of Put.
func (c *Client) Send(req *http.Request) error {
	_, err := c.send(req)
	return err
}

// Get returns the whole object under key, for tests and for checks before a run: it is held in memory, whatever its
// size. A key that does not exist is an ErrStatus with the code NoSuchKey. Other errors are those of Put.
func (c *Client) Get(ctx context.Context, key string, secret []byte) ([]byte, error) {
	return c.object(ctx, http.MethodGet, key, nil, secret)
}

// Delete removes the object under key. Removing one that does not exist is no error in S3. Errors are those of Put.
func (c *Client) Delete(ctx context.Context, key string, secret []byte) error {
	_, err := c.object(ctx, http.MethodDelete, key, nil, secret)
	return err
}

// CreateBucket creates the client's bucket in the client's region. One that this account owns already is no error: the
// store's BucketAlreadyOwnedByYou is swallowed. Other errors are those of Put.
func (c *Client) CreateBucket(ctx context.Context, secret []byte) error {
	var body []byte
	// us-east-1 is the default and may not be named (Amazon S3 API Reference, "CreateBucket").
	if c.Region != "us-east-1" {
		body = []byte(`<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
			`<LocationConstraint>` + c.Region + `</LocationConstraint></CreateBucketConfiguration>`)
	}
	_, err := c.do(ctx, http.MethodPut, "", body, secret)
	var status *StatusError
	if errors.As(err, &status) && status.Code == "BucketAlreadyOwnedByYou" {
		return nil
	}
	return err
}

func (c *Client) object(ctx context.Context, method, key string, body, secret []byte) ([]byte, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	return c.do(ctx, method, key, body, secret)
}

func (c *Client) do(ctx context.Context, method, key string, body, secret []byte) ([]byte, error) {
	req, err := c.sign(ctx, method, key, body, secret)
	if err != nil {
		return nil, err
	}
	return c.send(req)
}

// sign builds the signed request for the object under key, or for the bucket when key is empty. Everything derived from
// secret is wiped when it returns.
func (c *Client) sign(ctx context.Context, method, key string, body, secret []byte) (*http.Request, error) {
	req, err := c.request(ctx, method, key, body)
	if err != nil {
		return nil, err
	}
	return req, c.signRequest(req, sha256.Sum256(body), secret)
}

// request builds a request without a signature.
func (c *Client) request(ctx context.Context, method, key string, body []byte) (*http.Request, error) {
	target, err := c.address(key)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, c.Endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	req.URL, req.Host = target, target.Host
	if c.SessionToken != "" {
		req.Header.Set("X-Amz-Security-Token", c.SessionToken)
	}
	return req, nil
}

func (c *Client) signRequest(req *http.Request, payload [sha256.Size]byte, secret []byte) error {
	if err := c.checkCredentials(secret); err != nil {
		return err
	}
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	s := signer{accessKey: c.AccessKey, region: c.Region, trace: c.trace}
	s.sign(req, payload, now(), secret)
	return nil
}

// send sends a signed request and returns the body of a successful answer to a GET.
func (c *Client) send(req *http.Request) ([]byte, error) {
	sender := http.Client{}
	if c.HTTP != nil {
		sender = *c.HTTP
	}
	sender.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := sender.Do(req)
	if err != nil {
		return nil, unreachable(req, err)
	}
	defer resp.Body.Close()

	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, statusError(req, resp)
	}
	if req.Method == http.MethodGet {
		data, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, unreachable(req, err)
		}
		return data, nil
	}
	drain(resp.Body)
	return nil, nil
}

// drainLimit is how much of an answer's body is read so that the connection can be reused, in bytes. The answers to PUT
// and DELETE are empty and error documents are short; a longer body costs more than a new connection.
const drainLimit = 64 << 10

func drain(body io.Reader) { io.CopyN(io.Discard, body, drainLimit) }
