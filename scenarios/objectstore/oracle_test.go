package objectstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// awsAuthorization returns the Authorization header that the AWS SDK's signer gives for req. The SDK signs
// Content-Length too, which is optional; without it both sign the same headers.
func awsAuthorization(t testing.TB, req *http.Request, body []byte, c *Client, secret []byte, now time.Time) string {
	t.Helper()
	copied := req.Clone(context.Background())
	copied.ContentLength = 0
	copied.Header.Del("Authorization")
	payload := sha256.Sum256(body)
	err := v4.NewSigner().SignHTTP(context.Background(),
		aws.Credentials{AccessKeyID: c.AccessKey, SecretAccessKey: string(secret), SessionToken: c.SessionToken},
		copied, hex.EncodeToString(payload[:]), "s3", c.Region, now,
		func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err != nil {
		t.Fatal(err)
	}
	return copied.Header.Get("Authorization")
}

// errCaptured ends a request of the AWS SDK once its URL is known.
var errCaptured = errors.New("captured")

type capture struct{ req *http.Request }

func (c *capture) Do(req *http.Request) (*http.Response, error) {
	c.req = req
	return nil, errCaptured
}

// awsURL returns the path and the host to which the AWS SDK's S3 client sends a PUT of the key.
func awsURL(t testing.TB, c *Client, key string, pathStyle bool) (host, path string) {
	t.Helper()
	sent := &capture{}
	client := s3.New(s3.Options{
		BaseEndpoint:               aws.String(c.Endpoint),
		Region:                     c.Region,
		Credentials:                credentials.NewStaticCredentialsProvider("a", "s", ""),
		UsePathStyle:               pathStyle,
		HTTPClient:                 sent,
		Retryer:                    aws.NopRetryer{},
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
	})
	_, err := client.PutObject(context.Background(), &s3.PutObjectInput{
		Bucket: &c.Bucket, Key: &key, Body: bytes.NewReader(nil),
	})
	if sent.req == nil {
		t.Fatalf("the SDK sent nothing for key %q: %v", key, err)
	}
	return sent.req.URL.Host, sent.req.URL.EscapedPath()
}

// compare holds this package's request against the SDK's: where it goes, and how it is signed.
func compare(t testing.TB, c *Client, key string, body, secret []byte, now time.Time) {
	t.Helper()
	c.Now = func() time.Time { return now }
	req, err := c.SignPut(context.Background(), key, body, secret)
	if err != nil {
		t.Fatalf("key %q: %v", key, err)
	}
	if got, want := req.Header.Get("Authorization"), awsAuthorization(t, req, body, c, secret, now); got != want {
		t.Errorf("key %q, body %x:\n got %s\nwant %s", key, body, got, want)
	}
	host, path := awsURL(t, c, key, c.Addressing == AddressingPath)
	if req.URL.Host != host || req.URL.EscapedPath() != path {
		t.Errorf("key %q goes to %s%s, want %s%s", key, req.URL.Host, req.URL.EscapedPath(), host, path)
	}
}

var oddKeys = []string{
	"plain.txt", "a/b/c", "test$file.text", "space and+plus", "percent%20%zz%", "ünïcödé/日本語/🙂", "//double//slash/",
	"/leading", "q?a=b&c#d", "tilde~*'()!,;:@=", `back\slash"quote<>{}|^` + "`", "tab\tand\u00a0nbsp\x7f", "é vs e\u0301", ".", "a/./b",
	strings.Repeat("k", 1024),
}

func TestAgainstAWSSDK(t *testing.T) {
	now := time.Date(2026, 2, 28, 23, 59, 59, 999e6, time.FixedZone("", 9*3600))
	for _, addressing := range []Addressing{AddressingPath, AddressingVirtualHosted} {
		for _, token := range []string{"", "FwoGZXIvYXdzEXAMPLE//////////wEaDNotSecret="} {
			for _, key := range oddKeys {
				for _, body := range [][]byte{nil, []byte("x"), make([]byte, 70_000)} {
					c := &Client{
						Endpoint: "https://s3.eu-west-1.amazonaws.com", Region: "eu-west-1", Bucket: "some-bucket",
						AccessKey: awsAccessKey, SessionToken: token, Addressing: addressing,
					}
					compare(t, c, key, body, []byte(awsSecretKey), now)
				}
			}
		}
	}
}

func FuzzAgainstAWSSDK(f *testing.F) {
	for i, key := range oddKeys {
		f.Add(key, []byte("body"), []byte(awsSecretKey), int64(i)*86_399)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		key := make([]rune, 1+random.IntN(20))
		for i := range key {
			key[i] = rune(1 + random.IntN(0x2ff))
		}
		secret := make([]byte, 1+random.IntN(130))
		for i := range secret {
			secret[i] = byte('!' + random.IntN('~'-'!'))
		}
		f.Add(string(key), secret, secret, random.Int64N(1<<33))
	}
	f.Fuzz(func(t *testing.T, key string, body, secret []byte, seconds int64) {
		if checkKey(key) != nil || len(secret) == 0 || !utf8.Valid(secret) {
			t.Skip("not an input that both accept")
		}
		c := &Client{
			Endpoint: "http://127.0.0.1:9000", Region: "us-east-1", Bucket: "bucket", AccessKey: "AK",
			Addressing: AddressingPath,
		}
		compare(t, c, key, body, secret, time.Unix(seconds&(1<<37-1), 0))
	})
}

func BenchmarkSign(b *testing.B) {
	c := &Client{Endpoint: "http://127.0.0.1:9000", Region: "us-east-1", Bucket: "bucket", AccessKey: awsAccessKey}
	target, err := c.address("some/object")
	if err != nil {
		b.Fatal(err)
	}
	body, secret := make([]byte, 1024), []byte(awsSecretKey)
	request := func() *http.Request {
		return &http.Request{Method: http.MethodPut, URL: target, Host: target.Host, Header: http.Header{}}
	}
	b.Run("objectstore", func(b *testing.B) {
		b.ReportAllocs()
		s := signer{accessKey: c.AccessKey, region: c.Region}
		for b.Loop() {
			s.sign(request(), sha256.Sum256(body), awsDate, secret)
		}
	})
	// The SDK's signer keeps the derived key of the day, so it computes one HMAC where the other computes five.
	b.Run("aws-sdk-go-v2", func(b *testing.B) {
		b.ReportAllocs()
		signer := v4.NewSigner()
		sdk := aws.Credentials{AccessKeyID: c.AccessKey, SecretAccessKey: awsSecretKey}
		for b.Loop() {
			payload := sha256.Sum256(body)
			err := signer.SignHTTP(context.Background(), sdk, request(), hex.EncodeToString(payload[:]), "s3", c.Region, awsDate,
				func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
