//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/dtbench/dtbench/scenarios/objectstore"
	"github.com/dtbench/dtbench/scenarios/services/child"
)

const (
	accessKey = "DTBENCHTESTACCESSKEY"
	secretKey = "dtstore/test+SECRET/0123456789abcdefghij"
	bucket    = "bench"
)

var executable string

// TestMain builds the real program once.
func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "dtstore-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		executable = filepath.Join(dir, "dtstore")
		if out, err := exec.Command("go", "build", "-o", executable, ".").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

func environment() []string {
	return []string{accessKeyVariable + "=" + accessKey, secretKeyVariable + "=" + secretKey}
}

// start starts a store in a directory of its own and returns a client of it and that directory.
func start(t *testing.T, args ...string) (*child.Running, *objectstore.Client, string) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "store")
	store, err := child.Start(t.Context(), child.Command{
		Path: executable,
		Args: append([]string{"--root", root, "--bucket", bucket}, args...),
		Env:  environment(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Stop(); err != nil {
			t.Error(err)
		}
	})
	return store, newClient(t, store.Endpoint), root
}

func newClient(t *testing.T, endpoint string) *objectstore.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &objectstore.Client{
		Endpoint: endpoint, Region: "us-east-1", Bucket: bucket, AccessKey: accessKey,
		HTTP: &http.Client{Transport: transport, Timeout: 20 * time.Second},
	}
}

func newSDK(endpoint string) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: &endpoint, Region: "us-east-1", UsePathStyle: true,
		Credentials:                credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	})
}

// TestObjects writes with this project's client and reads as a file and with the vendor's client, and the other way round, with
// either kind of metadata.
func TestObjects(t *testing.T) {
	for _, metadata := range []string{"auto", "sidecar"} {
		t.Run(metadata, func(t *testing.T) {
			store, client, root := start(t, "--metadata", metadata)
			sdk, ctx, secret := newSDK(store.Endpoint), t.Context(), []byte(secretKey)

			check := func(key string, body []byte) {
				t.Helper()
				if err := client.Put(ctx, key, body, secret); err != nil {
					t.Errorf("put %q: %v", key, err)
					return
				}
				file, err := os.ReadFile(filepath.Join(root, "objects", bucket, filepath.FromSlash(key)))
				if err != nil || !bytes.Equal(file, body) {
					t.Errorf("%q as a file: %d bytes, want %d; %v", key, len(file), len(body), err)
				}
				got, err := sdk.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: &key})
				if err != nil {
					t.Errorf("SDK get %q: %v", key, err)
					return
				}
				defer got.Body.Close()
				read, err := io.ReadAll(got.Body)
				if err != nil || !bytes.Equal(read, body) {
					t.Errorf("SDK get %q: %d bytes, want %d; %v", key, len(read), len(body), err)
				}
				if err := client.Delete(ctx, key, secret); err != nil {
					t.Errorf("delete %q: %v", key, err)
				}
				_, err = client.Get(ctx, key, secret)
				var status *objectstore.StatusError
				if !errors.As(err, &status) || status.Code != "NoSuchKey" {
					t.Errorf("get %q after delete: %v", key, err)
				}
			}
			check("plain", []byte("body"))
			check("empty", nil)
			check("a/b/c.json", bytes.Repeat([]byte("0123456789"), 100))
			check("large", bytes.Repeat([]byte("x"), 3<<20))
			check("test$file.text", []byte("x"))
			check("space and+plus %41 (1)!*'~@&=;,", []byte("x"))
			check("ünïcödé/日本語", []byte("x"))
			check("q?a=b&c", []byte("x"))

			_, err := sdk.PutObject(ctx, &s3.PutObjectInput{
				Bucket: aws.String(bucket), Key: aws.String("from the SDK"), Body: strings.NewReader("theirs"),
			})
			if err != nil {
				t.Fatal(err)
			}
			if got, err := client.Get(ctx, "from the SDK", secret); err != nil || string(got) != "theirs" {
				t.Errorf("get: %q, %v", got, err)
			}
			if err := client.CreateBucket(ctx, secret); err != nil {
				t.Errorf("the bucket exists already: %v", err)
			}
		})
	}
}

// TestDenied: the store really checks signatures.
func TestDenied(t *testing.T) {
	store, client, root := start(t)
	check := func(name string, want error, wantCode string, change func(c *objectstore.Client, secret []byte)) {
		t.Helper()
		c := newClient(t, store.Endpoint)
		secret := []byte(secretKey)
		change(c, secret)
		err := c.Put(t.Context(), "denied", []byte("body"), secret)
		var status *objectstore.StatusError
		if !errors.Is(err, want) || !errors.As(err, &status) || status.Code != wantCode {
			t.Errorf("%s: %v; want %v, %s", name, err, want, wantCode)
		}
	}
	check("wrong secret", objectstore.ErrDenied, "SignatureDoesNotMatch", func(_ *objectstore.Client, secret []byte) { secret[0]++ })
	check("wrong access key", objectstore.ErrDenied, "InvalidAccessKeyId", func(c *objectstore.Client, _ []byte) { c.AccessKey = "OTHER" })
	check("no bucket", objectstore.ErrNoBucket, "NoSuchBucket", func(c *objectstore.Client, _ []byte) { c.Bucket = "other" })
	check("wrong region", objectstore.ErrStatus, "AuthorizationHeaderMalformed", func(c *objectstore.Client, _ []byte) { c.Region = "eu-west-1" })
	check("old date", objectstore.ErrDenied, "RequestTimeTooSkewed", func(c *objectstore.Client, _ []byte) {
		c.Now = func() time.Time { return time.Now().Add(-time.Hour) }
	})

	// A body that is not the signed one, as an attacker on the way would make it.
	req, err := client.SignPut(t.Context(), "denied", []byte("body"), []byte(secretKey))
	if err != nil {
		t.Fatal(err)
	}
	req.Body, req.GetBody = io.NopCloser(strings.NewReader("BODY")), nil
	if err := client.Send(req); !errors.Is(err, objectstore.ErrStatus) || !strings.Contains(err.Error(), "XAmzContentSHA256Mismatch") {
		t.Errorf("changed body: %v", err)
	}

	for _, method := range []string{"GET", "PUT", "DELETE"} {
		req, err := http.NewRequest(method, store.Endpoint+"/"+bucket+"/denied", strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.HTTP.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("unsigned %s: status %d", method, resp.StatusCode)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "objects", bucket, "denied")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a refused object is there: %v", err)
	}
}

func TestOtherRegion(t *testing.T) {
	_, client, _ := start(t, "--region", "cn-hangzhou")
	client.Region = "cn-hangzhou"
	if err := client.Put(t.Context(), "k", []byte("body"), []byte(secretKey)); err != nil {
		t.Error(err)
	}
}

// TestEnds: each way to end it works while a connection is open, gives exit code 0, and closes the port.
func TestEnds(t *testing.T) {
	check := func(name string, end func(*child.Running) error) {
		t.Helper()
		store, client, _ := start(t)
		if err := client.Put(t.Context(), "k", []byte("body"), []byte(secretKey)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		began := time.Now()
		if err := end(store); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		select {
		case <-store.Done():
			t.Logf("%s: ended after %v", name, time.Since(began).Round(time.Millisecond))
		case <-time.After(20 * time.Second):
			t.Errorf("%s: still running", name)
		}
		if err := store.Stop(); err != nil { // an exit code other than 0 is an error here
			t.Errorf("%s: %v", name, err)
		}
		if err := client.Put(t.Context(), "k", nil, []byte(secretKey)); !errors.Is(err, objectstore.ErrUnreachable) {
			t.Errorf("%s: after the end: %v", name, err)
		}
	}
	signal := func(s os.Signal) func(*child.Running) error {
		return func(store *child.Running) error {
			process, err := os.FindProcess(store.PID())
			if err != nil {
				return err
			}
			return process.Signal(s)
		}
	}
	check("standard input", (*child.Running).Stop)
	check("SIGTERM", signal(syscall.SIGTERM))
	check("SIGINT", signal(os.Interrupt))
}

// TestOutput: one line on standard output, nothing on standard error, nothing but the directory of its own.
func TestOutput(t *testing.T) {
	root := filepath.Join(t.TempDir(), "store")
	cmd := exec.Command(executable, "--root", root, "--bucket", bucket)
	cmd.Env = environment()
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 256)
	n, err := stdout.Read(first)
	if err != nil {
		t.Errorf("read the line: %v, stderr %q", err, stderr.String())
	}
	line := regexp.MustCompile(`^\{"endpoint":"(http://127\.0\.0\.1:[0-9]+)"\}\n$`).FindStringSubmatch(string(first[:n]))
	if line == nil {
		t.Errorf("standard output %q", first[:n])
	} else if err := newClient(t, line[1]).Put(t.Context(), "k", []byte("body"), []byte(secretKey)); err != nil {
		t.Errorf("right after the line: %v", err)
	}
	lifeline.Close()
	rest, err := io.ReadAll(stdout)
	if err != nil || len(rest) > 0 {
		t.Errorf("then %q, %v", rest, err)
	}
	if err := cmd.Wait(); err != nil || stderr.Len() > 0 {
		t.Errorf("%v, standard error %q", err, stderr.String())
	}
}

func TestUsageAndFailures(t *testing.T) {
	check := func(wantCode int, want string, env []string, args ...string) {
		t.Helper()
		_, err := child.Start(t.Context(), child.Command{Path: executable, Args: args, Env: env})
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("exit status %d: dtstore: ", wantCode)) ||
			!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secretKey) {
			t.Errorf("%q: %v; want exit status %d, %q", args, err, wantCode, want)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(t.TempDir(), "store")

	check(child.ExitUsage, "--root is missing", environment(), "--bucket", bucket)
	check(child.ExitUsage, "--bucket is missing", environment(), "--root", root)
	check(child.ExitUsage, "--bucket is missing or not", environment(), "--root", root, "--bucket", "../up")
	check(child.ExitUsage, "want auto, xattr or sidecar", environment(), "--root", root, "--bucket", bucket, "--metadata", "none")
	check(child.ExitUsage, "not defined: -nonsense", environment(), "--nonsense")
	check(child.ExitUsage, `unexpected argument "more"`, environment(), "--root", root, "--bucket", bucket, "more")
	check(child.ExitUsage, "DTSTORE_ACCESS_KEY is not set", environment()[1:], "--root", root, "--bucket", bucket)
	check(child.ExitUsage, "DTSTORE_SECRET_KEY is not set", environment()[:1], "--root", root, "--bucket", bucket)
	check(child.ExitFailed, "not a directory", environment(), "--root", file, "--bucket", bucket)
	check(child.ExitFailed, "InvalidBucketName", environment(), "--root", root, "--bucket", "Not_A_Bucket")
}

// TestTakenPort: a port that another process took between choice and bind costs another attempt, nothing more. It runs the
// gateway in the test's own process, which therefore changes its directory.
func TestTakenPort(t *testing.T) {
	t.Chdir(t.TempDir())
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	c := config{
		root: filepath.Join(t.TempDir(), "store"), bucket: bucket, region: "us-east-1", metadata: "auto",
		accessKey: accessKey, secretKey: secretKey,
	}
	if err := c.makeDirectories(); err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	tries := 0
	err = run(ctx, c, func() (string, error) {
		if tries++; tries < 3 {
			return taken.Addr().String(), nil
		}
		return freeAddress()
	}, func(endpoint string) error {
		err := newClient(t, endpoint).Put(ctx, "k", []byte("body"), []byte(secretKey))
		cancel()
		return err
	})
	if err != nil || tries != 3 {
		t.Errorf("%d tries, %v", tries, err)
	}

	tries = 0
	err = run(t.Context(), c, func() (string, error) {
		tries++
		return taken.Addr().String(), nil
	}, func(string) error { return errors.New("ready without a port") })
	if err == nil || !strings.Contains(err.Error(), "address already in use") || tries != attempts {
		t.Errorf("%d tries, %v", tries, err)
	}
}

// BenchmarkPut compares a hot PUT of 1 KiB by this project's client with the same by the vendor's.
func BenchmarkPut(b *testing.B) {
	root := filepath.Join(b.TempDir(), "store")
	store, err := child.Start(b.Context(), child.Command{Path: executable, Args: []string{"--root", root, "--bucket", bucket}, Env: environment()})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Stop()
	body, secret := make([]byte, 1024), []byte(secretKey)
	b.Run("objectstore", func(b *testing.B) {
		b.ReportAllocs()
		client := &objectstore.Client{
			Endpoint: store.Endpoint, Region: "us-east-1", Bucket: bucket, AccessKey: accessKey,
			HTTP: &http.Client{Transport: &http.Transport{}},
		}
		for b.Loop() {
			if err := client.Put(b.Context(), "k", body, secret); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("aws-sdk-go-v2", func(b *testing.B) {
		b.ReportAllocs()
		client := newSDK(store.Endpoint)
		for b.Loop() {
			_, err := client.PutObject(b.Context(), &s3.PutObjectInput{
				Bucket: aws.String(bucket), Key: aws.String("k"), Body: bytes.NewReader(body),
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestVendorSignerIsAccepted makes sure that the store's denials are about signatures and not about this project's form:
// a request signed by the vendor's signer alone passes, and fails once its path is changed.
func TestVendorSignerIsAccepted(t *testing.T) {
	store, client, _ := start(t)
	check := func(signedPath, sentPath string, want int) {
		t.Helper()
		body := []byte("body")
		req, err := http.NewRequest("PUT", store.Endpoint+signedPath, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		hash := sha256.Sum256(body)
		payload := hex.EncodeToString(hash[:])
		req.Header.Set("X-Amz-Content-Sha256", payload)
		err = v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey},
			req, payload, "s3", "us-east-1", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Path = sentPath
		resp, err := client.HTTP.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("signed %s, sent %s: status %d, want %d", signedPath, sentPath, resp.StatusCode, want)
		}
	}
	check("/bench/k", "/bench/k", 200)
	check("/bench/k", "/bench/other", 403)
}
