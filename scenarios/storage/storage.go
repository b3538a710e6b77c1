// Package storage is the paper's object-storage scenario: a function that
// writes one object with a protected secret key.
package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/function"
	"github.com/dtbench/dtbench/scenarios/objectstore"
)

// Result says what was written.
type Result struct {
	Bytes int `json:"bytes"`
}

// Outside is a function's way out. The zero value is the real one; a simulated
// platform, whose time does not pass by itself, supplies its own.
type Outside struct {
	Transport http.RoundTripper // nil: a new http.Transport, without the machine's proxy settings
	Now       func() time.Time  // dates signatures; nil: time.Now
}

// Client is an HTTP client over it.
func (o Outside) Client() *http.Client {
	if o.Transport == nil {
		// Proxy settings of a machine must not reach what is measured.
		return &http.Client{Transport: &http.Transport{}}
	}
	return &http.Client{Transport: o.Transport}
}

// New reads the store and the object's size from the settings.
func New(setting func(string) string) (function.Handler, error) { return Outside{}.Storage(setting) }

// Storage is New over that way out.
func (o Outside) Storage(setting func(string) string) (function.Handler, error) {
	writer, err := o.Writer(setting)
	if err != nil {
		return nil, err
	}
	size, err := strconv.Atoi(setting(scenarios.ObjectSize))
	if err != nil || size < 0 {
		return nil, fmt.Errorf("%s: want a number of bytes", scenarios.ObjectSize)
	}
	return func(ctx context.Context, req function.Request, secrets function.Secrets) (any, error) {
		body := bytes.Repeat([]byte{'d'}, size)
		if err := writer.Write(ctx, req.ID, body, secrets); err != nil {
			return nil, err
		}
		return Result{Bytes: size}, nil
	}, nil
}

// Writer writes objects for a function; the network scenario uses it too.
type Writer struct {
	client objectstore.Client
	object string
}

// Writer reads the store from the settings.
func (o Outside) Writer(setting func(string) string) (*Writer, error) {
	for _, name := range []string{scenarios.StoreEndpoint, scenarios.StoreRegion, scenarios.StoreBucket, scenarios.StoreAccessKey, scenarios.StoreObject} {
		if setting(name) == "" {
			return nil, fmt.Errorf("%s is not set", name)
		}
	}
	w := &Writer{client: Store(setting), object: setting(scenarios.StoreObject)}
	w.client.HTTP, w.client.Now = o.Client(), o.Now
	return w, nil
}

// Store is the object store that the settings name.
func Store(setting func(string) string) objectstore.Client {
	return objectstore.Client{
		Endpoint:  setting(scenarios.StoreEndpoint),
		Region:    setting(scenarios.StoreRegion),
		Bucket:    setting(scenarios.StoreBucket),
		AccessKey: setting(scenarios.StoreAccessKey),
	}
}

// Write stores body. The secret is in reach while the request is signed, not
// while it travels; where the secrets come with a signer it is never in reach.
func (w *Writer) Write(ctx context.Context, requestID string, body []byte, secrets function.Secrets) error {
	var put *http.Request
	var err error
	if signer, ok := secrets.(function.Signer); ok {
		put, err = w.client.SignPutBy(ctx, w.object, body, func(payload [sha256.Size]byte) (objectstore.Authorization, error) {
			h, err := signer.SignPut(requestID, scenarios.StoreSecretKey, w.object, payload)
			return objectstore.Authorization{Date: h.Date, Header: h.Authorization}, err
		})
	} else {
		err = secrets.Use(requestID, scenarios.StoreSecretKey, func(secret []byte) (err error) {
			put, err = w.client.SignPut(ctx, w.object, body, secret)
			return err
		})
	}
	if err != nil {
		return err
	}
	return w.client.Send(put)
}
