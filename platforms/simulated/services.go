package simulated

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/objectstore"
	"github.com/dtbench/dtbench/scenarios/requestsig"
)

// window is how old a signature may be, as S3 has it.
const window = 15 * time.Minute

// Account is what functions need to reach the object store and the network
// target that the platform answers for. The hosts exist nowhere else.
type Account struct {
	Endpoint, Region, Bucket, AccessKey, SecretKey string // of the store
	TargetURL, TargetKey                           string
}

// newAccount draws the credentials from the seed.
func newAccount(seed uint64) Account {
	source := mathrand.NewChaCha8(sha256.Sum256(fmt.Appendf(nil, "dtbench/account/v1 %d", seed)))
	text := func(n int) string {
		b := make([]byte, n)
		_, _ = source.Read(b) // never fails
		return hex.EncodeToString(b)
	}
	return Account{
		Endpoint: "http://store.simulated.invalid", Region: "us-east-1", Bucket: "dtbench", AccessKey: "dtbench" + text(6), SecretKey: text(20),
		TargetURL: "http://target.simulated.invalid/", TargetKey: text(20),
	}
}

// RoundTrip answers for the store and the target, and charges the wait. It is
// the whole network of an instance.
func (w *World) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		_ = req.Body.Close() // it is memory
	}
	account := &w.platform.account
	switch "http://" + req.URL.Host {
	case account.Endpoint:
		w.charge(w.draw.StorageMS)
		return account.store(req, body, w.Now()), nil
	case strings.TrimSuffix(account.TargetURL, "/"):
		w.charge(w.draw.NetworkMS)
		size, _ := strconv.ParseInt(w.Setting(scenarios.ObjectSize), 10, 64) // 0 when it is not set
		return account.target(req, size, w.Now()), nil
	}
	return nil, fmt.Errorf("%s is not reachable from the simulated platform", req.URL.Host)
}

// store is an object store that takes PUT requests and checks their AWS
// Signature Version 4: the request is signed again with the same date and
// credentials, and must come out the same.
func (a *Account) store(req *http.Request, body []byte, now time.Time) *http.Response {
	if req.Method != http.MethodPut {
		return answer(req, http.StatusMethodNotAllowed, nil)
	}
	key, ok := strings.CutPrefix(req.URL.Path, "/"+a.Bucket+"/")
	if !ok {
		return answer(req, http.StatusNotFound, nil)
	}
	date, err := time.Parse("20060102T150405Z", req.Header.Get("X-Amz-Date"))
	if err != nil || now.Sub(date).Abs() > window {
		return answer(req, http.StatusForbidden, nil)
	}
	client := objectstore.Client{
		Endpoint: a.Endpoint, Region: a.Region, Bucket: a.Bucket, AccessKey: a.AccessKey, Now: func() time.Time { return date },
	}
	again, err := client.SignPut(context.Background(), key, body, []byte(a.SecretKey))
	if err != nil {
		return answer(req, http.StatusBadRequest, nil)
	}
	for _, header := range []string{"X-Amz-Content-Sha256", "Authorization"} {
		if subtle.ConstantTimeCompare([]byte(req.Header.Get(header)), []byte(again.Header.Get(header))) != 1 {
			return answer(req, http.StatusForbidden, nil)
		}
	}
	return answer(req, http.StatusOK, nil)
}

// target answers a signed GET with size bytes.
func (a *Account) target(req *http.Request, size int64, now time.Time) *http.Response {
	if err := requestsig.Verify(req, []byte(a.TargetKey), now, window); err != nil {
		return answer(req, http.StatusUnauthorized, nil)
	}
	return answer(req, http.StatusOK, bytes.Repeat([]byte{'t'}, int(size)))
}

func answer(req *http.Request, status int, body []byte) *http.Response {
	return &http.Response{
		Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}
