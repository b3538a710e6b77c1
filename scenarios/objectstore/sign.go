package objectstore

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/dtbench/dtbench/scenarios/internal/wipehmac"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	timeFormat = "20060102T150405Z"
	dateLength = len("20060102")
	terminator = "aws4_request"
)

// signer signs requests to S3 for one access key in one region.
type signer struct {
	accessKey string
	region    string
	trace     func(stage string, k *keyring)
}

// keyring is the chain of keys between the secret access key and the signature. It lives for one signature: vendor SDKs
// keep the derived key for the day, which spares four HMACs and leaves a usable credential in memory.
type keyring struct {
	mac                            *wipehmac.MAC
	date, region, service, signing [wipehmac.Size]byte
	signature                      [wipehmac.Size]byte // public: it travels in the request
}

func (k *keyring) wipe() {
	clear(k.date[:])
	clear(k.region[:])
	clear(k.service[:])
	clear(k.signing[:])
}

// sign dates the request, whose body has the sum payload, and adds x-amz-content-sha256, x-amz-date and Authorization to it. It signs the
// host, the query, and every header that req has at that moment; values must be free of leading, trailing and
// repeated spaces, as all those of this package are.
func (s *signer) sign(req *http.Request, payload [sha256.Size]byte, now time.Time, secret []byte) {
	stamp := now.UTC().Format(timeFormat)
	payloadHash := hex.EncodeToString(payload[:])
	req.Header["X-Amz-Content-Sha256"] = []string{payloadHash}
	req.Header["X-Amz-Date"] = []string{stamp}

	canonical, signedHeaders := canonicalRequest(req, payloadHash)
	scope := stamp[:dateLength] + "/" + s.region + "/s3/" + terminator
	digest := sha256.Sum256(canonical)
	toSign := make([]byte, 0, 256)
	toSign = append(toSign, algorithm+"\n"...)
	toSign = append(toSign, stamp...)
	toSign = append(toSign, '\n')
	toSign = append(toSign, scope...)
	toSign = append(toSign, '\n')
	toSign = hex.AppendEncode(toSign, digest[:])

	signature := s.signature(toSign, stamp[:dateLength], secret)
	req.Header["Authorization"] = []string{
		algorithm + " Credential=" + s.accessKey + "/" + scope + ", SignedHeaders=" + signedHeaders + ", Signature=" + signature,
	}
}

// signature derives the signing key from secret, signs with it, and wipes every key of the chain before it returns.
func (s *signer) signature(toSign []byte, date string, secret []byte) string {
	k := &keyring{mac: wipehmac.New()}
	defer func() {
		k.wipe()
		if s.trace != nil {
			s.trace("wiped", k)
		}
	}()
	k.mac.Sum(&k.date, []byte(date), []byte("AWS4"), secret)
	k.mac.Sum(&k.region, []byte(s.region), k.date[:])
	k.mac.Sum(&k.service, []byte("s3"), k.region[:])
	k.mac.Sum(&k.signing, []byte(terminator), k.service[:])
	k.mac.Sum(&k.signature, toSign, k.signing[:])
	if s.trace != nil {
		s.trace("derived", k)
	}
	return hex.EncodeToString(k.signature[:])
}

// canonicalRequest returns the canonical form of req and the list of the headers in it.
func canonicalRequest(req *http.Request, payloadHash string) (canonical []byte, signedHeaders string) {
	names := make([]string, 1, len(req.Header)+1)
	names[0] = "host"
	for name := range req.Header {
		names = append(names, strings.ToLower(name))
	}
	slices.Sort(names)
	signedHeaders = strings.Join(names, ";")

	b := make([]byte, 0, 512)
	line := func(s string) {
		b = append(b, s...)
		b = append(b, '\n')
	}
	line(req.Method)
	line(req.URL.EscapedPath())
	line(canonicalQuery(req.URL))
	for _, name := range names {
		value := req.Host
		if name != "host" {
			value = strings.Join(req.Header.Values(name), ",")
		}
		b = append(b, name...)
		b = append(b, ':')
		line(value)
	}
	line("")
	line(signedHeaders)
	return append(b, payloadHash...), signedHeaders
}

// canonicalQuery returns the query's parameters, escaped, sorted by name and then by value. A parameter without a value
// gets an empty one.
func canonicalQuery(u *url.URL) string {
	if u.RawQuery == "" {
		return ""
	}
	var pairs [][2]string
	for name, values := range u.Query() {
		for _, value := range values {
			pairs = append(pairs, [2]string{escape(name, ""), escape(value, "")})
		}
	}
	// By name first: sorting "name=value" would put "a-b=" before "a=".
	slices.SortFunc(pairs, func(a, b [2]string) int {
		return cmp.Or(strings.Compare(a[0], b[0]), strings.Compare(a[1], b[1]))
	})
	parts := make([]string, len(pairs))
	for i, pair := range pairs {
		parts[i] = pair[0] + "=" + pair[1]
	}
	return strings.Join(parts, "&")
}
