package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

const (
	maxID   = 128 // bytes that are shown
	maxName = 64
	maxRun  = 40 // a longer run of digits and letters looks like a token, a key or a signature
)

// ID is an identifier that comes from outside: a request id, a caller, a
// function name. It shows itself if it looks like an identifier, and a digest of
// itself if it does not: see [Identify]. The zero ID is left out of records.
type ID struct {
	text string
	name bool // held to the form of a Name
}

// Identify makes an ID. What has 1 to 128 characters out of letters, digits and
// . _ : / @ $ # + -, no unbroken run of letters, digits, _ and - longer than
// 40, and does not start like a known credential or a sealed value is shown as
// it is: UUIDs, ARNs, host names, mail addresses. Everything else is shown as
// "sha256:" and 16 hexadecimal digits. It neither allocates nor looks: that is left
// to whoever shows the ID, and many are not shown.
func Identify(s string) ID { return ID{text: s} }

// String returns what records show.
func (i ID) String() string {
	if i.shown() {
		return i.text
	}
	return string(i.appendTo(nil))
}

// Format writes what String returns, whatever the verb.
func (i ID) Format(f fmt.State, _ rune) { io.WriteString(f, i.String()) }

// MarshalText returns what String returns.
func (i ID) MarshalText() ([]byte, error) { return i.appendTo(nil), nil }

func (i ID) appendTo(b []byte) []byte {
	if i.shown() {
		return append(b, i.text...)
	}
	sum := sha256.Sum256([]byte(i.text))
	return hex.AppendEncode(append(b, "sha256:"...), sum[:8])
}

func (i ID) zero() bool { return i.text == "" }

func (i ID) shown() bool {
	if i.name {
		return isName(i.text)
	}
	return plausible(i.text)
}

// credentialPrefixes are how well-known secrets, and our own ciphertext, start, by
// their first byte.
var credentialPrefixes = func() (p [256][]string) {
	for _, s := range []string{"dt1.", "dt2.", "AKIA", "ASIA", "LTAI", "STS.", "AKID", "ghp_", "gho_", "github_pat_", "glpat-", "sk-", "sk_", "rk_", "xox", "eyJ", "AIza"} {
		p[s[0]] = append(p[s[0]], s)
	}
	return p
}()

func plausible(s string) bool {
	if len(s) > maxID {
		return false
	}
	for i := range len(s) {
		if class[s[i]] == 0 {
			return false
		}
	}
	if len(s) > maxRun && longestRun(s) > maxRun {
		return false
	}
	if s == "" {
		return true
	}
	for _, prefix := range credentialPrefixes[s[0]] {
		if strings.HasPrefix(s, prefix) {
			return false
		}
	}
	return true
}

func longestRun(s string) int {
	run, longest := 0, 0
	for i := range len(s) {
		if run++; class[s[i]] == breakByte {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}

const (
	wordByte = iota + 1 // of names too
	dashByte
	breakByte
)

// class tells what a byte of an identifier is; 0 means that it has no place in
// one. Nothing in it needs an escape in JSON.
var class = func() (c [256]uint8) {
	for b := byte('0'); b <= 'z'; b++ {
		if b <= '9' || b >= 'a' || b >= 'A' && b <= 'Z' {
			c[b] = wordByte
		}
	}
	c['_'], c['-'] = wordByte, dashByte
	for _, b := range []byte(".:/@$#+") {
		c[b] = breakByte
	}
	return c
}()

// Name is a name that the operator gave: a data key, an algorithm. It has 1 to
// 64 letters, digits and underscores; see [NewName].
type Name struct{ id ID }

// NewName makes a Name. What is no name is shown as a digest, as in [Identify].
func NewName(s string) Name { return Name{ID{s, true}} }

func isName(s string) bool {
	if len(s) > maxName {
		return false
	}
	for i := range len(s) {
		if class[s[i]] != wordByte {
			return false
		}
	}
	return true
}

// String returns what records show.
func (n Name) String() string { return n.id.String() }

// Format writes what String returns, whatever the verb.
func (n Name) Format(f fmt.State, _ rune) { io.WriteString(f, n.String()) }

// MarshalText returns what String returns.
func (n Name) MarshalText() ([]byte, error) { return n.id.MarshalText() }
