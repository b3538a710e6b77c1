package objectstore

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/scenarios/internal/wipehmac"
)

const (
	awsAccessKey = "AKIAIOSFODNN7EXAMPLE"
	awsSecretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

var awsDate = time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)

// TestAWSExamples signs the four requests that Amazon publishes with their signatures: Amazon S3 API Reference, "Signature
// Calculations for the Authorization Header: Transferring Payload in a Single Chunk", "Examples: Signature Calculations".
func TestAWSExamples(t *testing.T) {
	check := func(name, method, key, query, body string, header http.Header, signedHeaders, want string) {
		t.Helper()
		c := &Client{
			Endpoint: "https://s3.amazonaws.com", Region: "us-east-1", Bucket: "examplebucket",
			AccessKey: awsAccessKey,
		}
		target, err := c.address(key)
		if err != nil {
			t.Fatal(err)
		}
		target.RawQuery = query
		req := &http.Request{Method: method, URL: target, Host: target.Host, Header: header}
		s := signer{accessKey: c.AccessKey, region: c.Region}
		s.sign(req, sha256.Sum256([]byte(body)), awsDate, []byte(awsSecretKey))

		wantHeader := "AWS4-HMAC-SHA256 Credential=" + awsAccessKey + "/20130524/us-east-1/s3/aws4_request, SignedHeaders=" +
			signedHeaders + ", Signature=" + want
		if got := req.Header.Get("Authorization"); got != wantHeader {
			t.Errorf("%s:\n got %s\nwant %s", name, got, wantHeader)
		}
	}

	check("GET Object", "GET", "test.txt", "", "", http.Header{"Range": {"bytes=0-9"}},
		"host;range;x-amz-content-sha256;x-amz-date",
		"f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
	check("PUT Object", "PUT", "test$file.text", "", "Welcome to Amazon S3.",
		http.Header{"Date": {"Fri, 24 May 2013 00:00:00 GMT"}, "X-Amz-Storage-Class": {"REDUCED_REDUNDANCY"}},
		"date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
		"98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
	check("GET Bucket Lifecycle", "GET", "", "lifecycle", "", http.Header{},
		"host;x-amz-content-sha256;x-amz-date",
		"fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
	check("Get Bucket (List Objects)", "GET", "", "max-keys=2&prefix=J", "", http.Header{},
		"host;x-amz-content-sha256;x-amz-date",
		"34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
}

// TestPutWipesTheDerivedKeys looks at the keyring of a real Put, refused and accepted: full before the wipe, so that the
// test is not empty, and zero when Put returns.
func TestPutWipesTheDerivedKeys(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusForbidden} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		defer server.Close()

		var kept *keyring
		keys := func(k *keyring) [][wipehmac.Size]byte {
			return [][wipehmac.Size]byte{k.date, k.region, k.service, k.signing}
		}
		zero := [wipehmac.Size]byte{}
		stages := ""
		c := &Client{
			Endpoint: server.URL, Region: "us-east-1", Bucket: "b", AccessKey: awsAccessKey,
			trace: func(stage string, k *keyring) {
				stages += stage + " "
				kept = k
				for i, key := range keys(k) {
					if (key == zero) != (stage == "wiped") {
						t.Errorf("status %d, stage %s: key %d of the chain is %x", status, stage, i, key)
					}
				}
			},
		}
		secret := []byte(awsSecretKey)
		err := c.Put(t.Context(), "k", []byte("body"), secret)
		if (err != nil) != (status != http.StatusOK) {
			t.Errorf("status %d: %v", status, err)
		}
		if stages != "derived wiped " {
			t.Errorf("status %d: stages %q", status, stages)
		}
		for i, key := range keys(kept) {
			if key != zero {
				t.Errorf("status %d: key %d of the chain survives Put: %x", status, i, key)
			}
		}
		if string(secret) != awsSecretKey {
			t.Error("Put changed the caller's secret")
		}
	}
}

// TestPutWipesWhenNothingIsSent covers the error path behind the signature: an endpoint that refuses connections.
func TestPutWipesWhenNothingIsSent(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	wiped := false
	c := &Client{
		Endpoint: server.URL, Region: "us-east-1", Bucket: "b", AccessKey: awsAccessKey,
		trace: func(stage string, k *keyring) { wiped = stage == "wiped" && k.signing == [wipehmac.Size]byte{} },
	}
	if err := c.Put(context.Background(), "k", nil, []byte(awsSecretKey)); err == nil {
		t.Fatal("Put succeeded at a closed port")
	}
	if !wiped {
		t.Error("the derived keys were not wiped")
	}
}

func TestCanonicalQuerySortsByName(t *testing.T) {
	check := func(query, want string) {
		t.Helper()
		c := &Client{Endpoint: "http://localhost", Bucket: "b"}
		u, err := c.address("")
		if err != nil {
			t.Fatal(err)
		}
		u.RawQuery = query
		if got := canonicalQuery(u); got != want {
			t.Errorf("query %q: got %q, want %q", query, got, want)
		}
	}
	check("", "")
	check("a-b=1&a=2", "a=2&a-b=1")
	check("a=2&a=1&a", "a=&a=1&a=2")
	check("marker=some/key~+x", "marker=some%2Fkey~%20x")
}

func TestEscape(t *testing.T) {
	check := func(in, want string) {
		t.Helper()
		if got := escape(in, "/"); got != want {
			t.Errorf("escape(%q) = %q, want %q", in, got, want)
		}
	}
	unreserved := "ABCXYZabcxyz0189-._~"
	check(unreserved, unreserved)
	check("a/b//c", "a/b//c")
	check("a b+c%d", "a%20b%2Bc%25d")
	check("é\x00\xff", "%C3%A9%00%FF")
	check("?#[]@!$&'()*,;=:", strings.ToUpper("%3f%23%5b%5d%40%21%24%26%27%28%29%2a%2c%3b%3d%3a"))
}
