package rules

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The errors of this package, for use with [errors.Is].
var (
	// ErrRule is wrapped by every error of Compile.
	ErrRule = errors.New("rules: bad rule")

	// ErrWeak is wrapped when a rule names md5 or sha1 without the opt-in.
	ErrWeak = errors.New("rules: weak hash")

	// ErrFIPS is wrapped when FIPS 140-only mode does not allow an algorithm.
	ErrFIPS = errors.New("rules: not allowed in FIPS 140-only mode")

	// ErrKey is wrapped by NewEvaluator for a key that is too short.
	ErrKey = errors.New("rules: key too short")

	// ErrValues is returned by Sum for a nonce or a timestamp that does not have
	// its fixed width.
	ErrValues = errors.New("rules: nonce or timestamp of the wrong width")
)

// Error says what is wrong with the text of a rule, and where.
type Error struct {
	Offset  int // in bytes from the start of the text
	Line    int // from 1
	Column  int // from 1, in characters
	Message string

	excerpt string // the line, or the part of it around the column
	caret   int    // characters of the excerpt before the column
	kind    error
}

// excerptWidth keeps excerpt and caret within 80 columns, indent included.
const excerptWidth = 72

// Error returns three lines: position and message, the line in question, and a
// caret below the place. Control characters in the excerpt are shown as "?".
func (e *Error) Error() string {
	return fmt.Sprintf("rules: line %d, column %d: %s\n    %s\n    %s^", e.Line, e.Column, e.Message, e.excerpt, strings.Repeat(" ", e.caret))
}

// Unwrap returns ErrRule and, where it applies, ErrWeak or ErrFIPS.
func (e *Error) Unwrap() []error {
	if e.kind == nil {
		return []error{ErrRule}
	}
	return []error{ErrRule, e.kind}
}

func (p *parser) errorf(offset int, format string, args ...any) error {
	return p.wrapf(nil, offset, format, args...)
}

func (p *parser) wrapf(kind error, offset int, format string, args ...any) error {
	text := p.text[:min(len(p.text), MaxSize)]
	offset = min(offset, len(text))
	start := strings.LastIndexByte(text[:offset], '\n') + 1
	line := text[start:]
	if end := strings.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	column := utf8.RuneCountInString(text[start:offset])
	excerpt, caret := window([]rune(printable(line)), column)
	return &Error{
		Offset: offset, Line: strings.Count(text[:offset], "\n") + 1, Column: column + 1,
		Message: fmt.Sprintf(format, args...), excerpt: excerpt, caret: caret, kind: kind,
	}
}

// printable replaces what a terminal would act on.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError {
			return '?'
		}
		return r
	}, s)
}

// window cuts a long line around the column, and marks where it did.
func window(line []rune, column int) (string, int) {
	if len(line) <= excerptWidth {
		return string(line), column
	}
	start := min(max(0, column-excerptWidth/2), len(line)-excerptWidth)
	cut := append([]rune(nil), line[start:start+excerptWidth]...)
	if start > 0 {
		cut[0] = '…'
	}
	if start+excerptWidth < len(line) {
		cut[len(cut)-1] = '…'
	}
	return string(cut), column - start
}
