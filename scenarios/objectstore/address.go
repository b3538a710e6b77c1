package objectstore

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Addressing is where a request names its bucket (Amazon S3 User Guide, "Virtual hosting of general purpose buckets").
type Addressing int

const (
	// AddressingAuto is virtual-hosted for hosts of aliyuncs.com, myqcloud.com, amazonaws.com and amazonaws.com.cn, whose
	// services ask for it, and path style for every other host, IP addresses and localhost among them.
	AddressingAuto Addressing = iota
	// AddressingPath is scheme://host/bucket/key.
	AddressingPath
	// AddressingVirtualHosted is scheme://bucket.host/key.
	AddressingVirtualHosted
)

// virtualHostedDomains are the clouds whose buckets are host names.
var virtualHostedDomains = []string{".aliyuncs.com", ".myqcloud.com", ".amazonaws.com", ".amazonaws.com.cn"}

// maxKey is the longest object key in bytes (Amazon S3 User Guide, "Naming Amazon S3 objects").
const maxKey = 1024

func checkKey(key string) error {
	switch {
	case key == "":
		return fmt.Errorf("%w: the object key is empty", ErrInvalid)
	case len(key) > maxKey:
		return fmt.Errorf("%w: the object key has %d bytes, more than %d", ErrInvalid, len(key), maxKey)
	case !utf8.ValidString(key):
		return fmt.Errorf("%w: the object key is not UTF-8", ErrInvalid)
	}
	return nil
}

// address returns the URL of the object under key, or of the bucket when key is empty. Its escaped path is the
// canonical URI of the signature.
func (c *Client) address(key string) (*url.URL, error) {
	u, err := c.endpoint()
	if err != nil {
		return nil, err
	}
	if !validBucket(c.Bucket) {
		return nil, fmt.Errorf("%w: bucket %q: want letters, digits, '-', '_' and '.'", ErrInvalid, c.Bucket)
	}
	virtual, err := c.virtualHosted(u)
	if err != nil {
		return nil, err
	}

	u.Path = "/" + key
	if virtual {
		u.Host = c.Bucket + "." + u.Host
	} else if u.Path = "/" + c.Bucket; key != "" {
		u.Path += "/" + key
	}
	u.RawPath = escape(u.Path, "/")
	return u, nil
}

// endpoint parses and checks Endpoint, and drops the scheme's own port from it: the Host that is signed must be the one
// that is sent, and services compute it without a default port.
func (c *Client) endpoint() (*url.URL, error) {
	bad := func(why string) error {
		return fmt.Errorf("%w: endpoint: want scheme://host[:port], %s", ErrInvalid, why)
	}
	u, err := url.Parse(c.Endpoint)
	switch {
	case err != nil: // not quoted: the text could hold a password
		return nil, bad("this does not parse")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, bad("the scheme is neither http nor https")
	case u.Hostname() == "" || !isToken(u.Host) || strings.Contains(u.Host, "%"):
		return nil, bad("the host is missing or not plain ASCII")
	case u.User != nil:
		return nil, bad("it holds a user name; credentials have fields of their own")
	case u.Path != "" && u.Path != "/", u.RawQuery != "", u.ForceQuery, u.Fragment != "":
		return nil, bad("it goes on after the host")
	}
	host := strings.TrimSuffix(u.Host, ":")
	if port := u.Port(); u.Scheme == "http" && port == "80" || u.Scheme == "https" && port == "443" {
		host = strings.TrimSuffix(host, ":"+port)
	}
	return &url.URL{Scheme: u.Scheme, Host: host}, nil
}

func (c *Client) virtualHosted(u *url.URL) (bool, error) {
	host := u.Hostname()
	_, err := netip.ParseAddr(host)
	isIP := err == nil
	switch c.Addressing {
	case AddressingAuto:
		if !isIP {
			for _, domain := range virtualHostedDomains {
				if strings.HasSuffix(strings.ToLower(host), domain) {
					return true, nil
				}
			}
		}
		return false, nil
	case AddressingPath:
		return false, nil
	case AddressingVirtualHosted:
		if isIP {
			return false, fmt.Errorf("%w: virtual-hosted addressing needs a host name, not the address %s", ErrInvalid, host)
		}
		return true, nil
	}
	return false, fmt.Errorf("%w: unknown addressing %d", ErrInvalid, c.Addressing)
}

func validBucket(name string) bool {
	for i := range len(name) {
		if b := name[i]; !isUnreserved(b) || b == '~' {
			return false
		}
	}
	return name != "" && strings.Trim(name, ".") != "" // "." and ".." are not names in a path
}

// checkCredentials refuses what could not be signed or sent, so that it is not mistaken for an unreachable store.
func (c *Client) checkCredentials(secret []byte) error {
	switch {
	case len(secret) == 0:
		return fmt.Errorf("%w: the secret key is empty", ErrInvalid)
	case c.AccessKey == "" || !isToken(c.AccessKey) || strings.ContainsAny(c.AccessKey, "/,="):
		return fmt.Errorf("%w: the access key is empty or holds a space, '/', ',', '=' or a control character", ErrInvalid)
	case c.Region == "" || !isRegion(c.Region):
		return fmt.Errorf("%w: region %q: want letters, digits and '-'", ErrInvalid, c.Region)
	case !isToken(c.SessionToken):
		return fmt.Errorf("%w: the session token holds a space or a control character", ErrInvalid)
	}
	return nil
}

// isToken reports whether s is printable ASCII without a space.
func isToken(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func isRegion(s string) bool {
	for i := range len(s) {
		if b := s[i]; !isUnreserved(b) || b == '.' || b == '~' {
			return false
		}
	}
	return true
}

func isUnreserved(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' ||
		b == '-' || b == '_' || b == '.' || b == '~'
}

// escape is UriEncode of the signature's definition: every byte but the unreserved characters of RFC 3986 and those in
// keep becomes %XX in upper case.
func escape(s, keep string) string {
	const upperHex = "0123456789ABCDEF"
	plain := func(b byte) bool { return isUnreserved(b) || strings.IndexByte(keep, b) >= 0 }
	n := 0
	for i := range len(s) {
		if !plain(s[i]) {
			n++
		}
	}
	if n == 0 {
		return s
	}
	out := make([]byte, 0, len(s)+2*n)
	for i := range len(s) {
		if b := s[i]; plain(b) {
			out = append(out, b)
		} else {
			out = append(out, '%', upperHex[b>>4], upperHex[b&15])
		}
	}
	return string(out)
}
