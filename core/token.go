package core

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
)

// TokenSize is the length of the binary form of a token, in bytes.
const TokenSize = 1 + nonceSize + timeSize + macSize

// TokenTextSize is the length of the text form of a token, in bytes.
const TokenTextSize = TokenSize * 4 / 3

const (
	tokenVersion = 1
	nonceSize    = 16
	timeSize     = 8
	macSize      = 32

	timeStart = 1 + nonceSize
	macStart  = timeStart + timeSize
)

const redacted = "[redacted]"

// Token is a decryption token (paper, Eq. 1): the right to open one value once,
// for one request, in one instance, within the window around its timestamp. It
// holds version, nonce, timestamp and MAC; what else it is bound to is not in
// it and must be given to Open again.
//
// Tokens are equal when they are the same token. The zero Token opens nothing.
//
// A Token is a secret while it is unused. It prints as [redacted] in fmt, JSON
// and log/slog; [Token.AppendBinary] is the way to its content. There are two
// holes, and they are fmt's, which asks no method there: unexported fields of
// other structs, so do not print a struct that hides a Token, and the verb %p,
// which go vet reports.
type Token struct {
	// version (1) | nonce (16) | Unix time in nanoseconds (8, big endian) | MAC (32)
	bytes [TokenSize]byte
}

func (t *Token) nonce() *[nonceSize]byte { return (*[nonceSize]byte)(t.bytes[1:timeStart]) }
func (t *Token) time() []byte            { return t.bytes[timeStart:macStart] }
func (t *Token) mac() *[macSize]byte     { return (*[macSize]byte)(t.bytes[macStart:]) }

// timestamp is in nanoseconds since 1970.
func (t *Token) timestamp() int64 { return int64(binary.BigEndian.Uint64(t.time())) }

func (t *Token) setTimestamp(now int64) { binary.BigEndian.PutUint64(t.time(), uint64(now)) }

// wellFormed tells whether t has the only form that tokens have: with fixed
// widths, all that is left to check is the version and the sign of the time.
func (t *Token) wellFormed() bool { return t.bytes[0] == tokenVersion && t.timestamp() >= 0 }

// ParseToken reads the binary form of a token, all [TokenSize] bytes of it and
// no more. What AppendBinary does not write is refused with [ErrDenied]: every
// token has one form. ParseToken does not verify the token.
func ParseToken(data []byte) (Token, error) {
	var t Token
	if len(data) != TokenSize {
		return Token{}, ErrDenied
	}
	copy(t.bytes[:], data)
	if !t.wellFormed() {
		return Token{}, ErrDenied
	}
	return t, nil
}

// AppendBinary appends the binary form of t to b. It is how a token leaves the
// process, so handle the result as a secret. The zero Token has no binary form
// and gives [ErrDenied].
func (t Token) AppendBinary(b []byte) ([]byte, error) {
	if !t.wellFormed() {
		return b, ErrDenied
	}
	return append(b, t.bytes[:]...), nil
}

// tokenText is base64url without padding (RFC 4648, section 5). As [TokenSize] is
// a multiple of three there are no spare bits, so every text has one decoding
// and every token one text.
var tokenText = base64.RawURLEncoding.Strict()

// ParseTokenText reads the text form of a token, all [TokenTextSize] characters
// of it and no more, and refuses everything else with [ErrDenied]. It does not
// verify the token.
func ParseTokenText(text string) (Token, error) {
	var data [TokenSize]byte
	if len(text) != TokenTextSize {
		return Token{}, ErrDenied
	}
	// The decoder skips line ends; then too few bytes come out.
	n, err := tokenText.Decode(data[:], []byte(text))
	if err != nil || n != TokenSize {
		return Token{}, ErrDenied
	}
	return ParseToken(data[:])
}

// AppendText appends the text form of t to b. As with AppendBinary, the result is
// a secret, and the zero Token gives [ErrDenied]. This is not
// encoding.TextAppender's way to print: [Token.MarshalText] stays redacted.
func (t Token) AppendText(b []byte) ([]byte, error) {
	if !t.wellFormed() {
		return b, ErrDenied
	}
	return tokenText.AppendEncode(b, t.bytes[:]), nil
}

// String returns "[redacted]".
func (t Token) String() string { return redacted }

// GoString returns "[redacted]".
func (t Token) GoString() string { return redacted }

// Format writes "[redacted]", whatever the verb.
func (t Token) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// MarshalText returns "[redacted]". JSON, XML and log/slog use it.
func (t Token) MarshalText() ([]byte, error) { return []byte(redacted), nil }
