package rules

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A node is a call, a parameter or a literal.
type node struct {
	algorithm *algorithm // of a call
	arguments []*node
	parameter string
	literal   string
}

// String returns the canonical text.
func (n *node) String() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *node) write(b *strings.Builder) {
	switch {
	case n.algorithm != nil:
		b.WriteString("$" + n.algorithm.name + "(")
		for i, a := range n.arguments {
			if i > 0 {
				b.WriteString(", ")
			}
			a.write(b)
		}
		b.WriteByte(')')
	case n.parameter != "":
		b.WriteString("$" + n.parameter)
	default:
		quote(b, n.literal)
	}
}

// quote writes a literal with the escapes of the grammar and no others. Bytes
// that are not UTF-8 came from \x and go back to it.
func quote(b *strings.Builder, s string) {
	b.WriteByte('"')
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteByte(s[i])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f || r == utf8.RuneError && size == 1:
			fmt.Fprintf(b, `\x%02x`, s[i])
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	b.WriteByte('"')
}

// parser is a recursive descent over the text; MaxDepth bounds the recursion.
type parser struct {
	text    string
	at      int
	depth   int
	calls   int
	options Options
}

func (p *parser) rule() (*node, error) {
	if len(p.text) > MaxSize {
		return nil, p.errorf(0, "the rule has %d bytes, at most %d are allowed", len(p.text), MaxSize)
	}
	if at := invalidUTF8(p.text); at >= 0 {
		return nil, p.errorf(at, "the rule is not valid UTF-8")
	}
	p.space()
	if p.at == len(p.text) {
		return nil, p.errorf(p.at, "the rule is empty; the default is %s", EquationOne)
	}
	start := p.at
	n, err := p.argument()
	if err != nil {
		return nil, err
	}
	if n.algorithm == nil {
		return nil, p.errorf(start, "a rule is a call of an algorithm, such as %s", EquationOne)
	}
	p.space()
	if p.at < len(p.text) {
		return nil, p.errorf(p.at, "%s after the end of the rule", p.found())
	}
	return n, nil
}

func (p *parser) argument() (*node, error) {
	if p.at < len(p.text) && p.text[p.at] == '"' {
		literal, err := p.string()
		return &node{literal: literal}, err
	}
	if p.at == len(p.text) || p.text[p.at] != '$' {
		return nil, p.errorf(p.at, "expected $name or a string in double quotes, found %s", p.found())
	}
	start := p.at
	p.at++
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	after := p.at
	p.space()
	if p.at < len(p.text) && p.text[p.at] == '(' {
		return p.call(name, start)
	}
	p.at = after
	return p.parameter(name, start)
}

func (p *parser) call(name string, start int) (*node, error) {
	a := findAlgorithm(name)
	if a == nil {
		return nil, p.errorf(start, "unknown algorithm $%s%s", name, suggest(name, Algorithms()))
	}
	if err := p.checkAlgorithm(a, start); err != nil {
		return nil, err
	}
	if p.depth++; p.depth > MaxDepth {
		return nil, p.errorf(start, "calls are nested more than %d deep", MaxDepth)
	}
	if p.calls++; p.calls > MaxCalls {
		return nil, p.errorf(start, "more than %d calls", MaxCalls)
	}
	n := &node{algorithm: a}
	p.at++ // the parenthesis
	for {
		p.space()
		if len(n.arguments) == MaxArguments {
			return nil, p.errorf(p.at, "more than %d arguments", MaxArguments)
		}
		argument, err := p.argument()
		if err != nil {
			return nil, err
		}
		n.arguments = append(n.arguments, argument)
		p.space()
		switch {
		case p.at < len(p.text) && p.text[p.at] == ',':
			p.at++
		case p.at < len(p.text) && p.text[p.at] == ')':
			p.at++
			p.depth--
			return n, nil
		default:
			return nil, p.errorf(p.at, "expected , or ) in the arguments of $%s, found %s", name, p.found())
		}
	}
}

func (p *parser) parameter(name string, start int) (*node, error) {
	_, static := p.options.Static[name]
	switch {
	case builtins[name] != nil || static:
		return &node{parameter: name}, nil
	case findAlgorithm(name) != nil:
		return nil, p.errorf(start, "$%s is an algorithm and needs arguments: $%s(…)", name, name)
	}
	known := Builtin()
	for s := range p.options.Static {
		known = append(known, s)
	}
	return nil, p.errorf(start, "unknown parameter $%s%s", name, suggest(name, known))
}

func (p *parser) name() (string, error) {
	start := p.at
	for p.at < len(p.text) && isNameByte(p.text[p.at], p.at > start) {
		p.at++
		if p.at-start > MaxName {
			return "", p.errorf(start, "a name of more than %d characters", MaxName)
		}
	}
	if p.at < len(p.text) && p.text[p.at] >= 'A' && p.text[p.at] <= 'Z' {
		return "", p.errorf(p.at, "names are in lower case")
	}
	if p.at == start {
		return "", p.errorf(p.at, "expected a name after $, found %s", p.found())
	}
	return p.text[start:p.at], nil
}

// string reads a literal, the quotes and escapes of which it removes.
func (p *parser) string() (string, error) {
	start := p.at
	var b strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		c := p.text[p.at]
		switch {
		case c == '"':
			p.at++
			return b.String(), nil
		case c < ' ' || c == 0x7f:
			return "", p.errorf(p.at, `a control character in a string; write it as \x%02x`, c)
		case c == '\\':
			unescaped, length := unescape(p.text[p.at:])
			if length == 0 {
				return "", p.errorf(p.at, `unknown escape; there are \" \\ \n \t and \x with two hexadecimal digits`)
			}
			b.WriteByte(unescaped)
			p.at += length - 1
		default:
			b.WriteByte(c)
		}
	}
	return "", p.errorf(start, "the string is not closed")
}

// unescape reads the escape that s starts with; length 0 means there is none.
func unescape(s string) (value byte, length int) {
	if len(s) < 2 {
		return 0, 0
	}
	switch s[1] {
	case '"', '\\':
		return s[1], 2
	case 'n':
		return '\n', 2
	case 't':
		return '\t', 2
	case 'x':
		if len(s) >= 4 {
			high, low := strings.IndexByte(hexDigits, s[2]|0x20), strings.IndexByte(hexDigits, s[3]|0x20)
			if high >= 0 && low >= 0 {
				return byte(high<<4 | low), 4
			}
		}
	}
	return 0, 0
}

const hexDigits = "0123456789abcdef"

func (p *parser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// found names what stands at the place of an error.
func (p *parser) found() string {
	if p.at >= len(p.text) {
		return "the end"
	}
	r, _ := utf8.DecodeRuneInString(p.text[p.at:])
	return fmt.Sprintf("%q", r)
}

func isNameByte(c byte, inside bool) bool {
	return c >= 'a' && c <= 'z' || inside && (c >= '0' && c <= '9' || c == '_')
}

func isName(s string) bool {
	for i := range len(s) {
		if !isNameByte(s[i], i > 0) {
			return false
		}
	}
	return s != "" && len(s) <= MaxName
}

// invalidUTF8 returns where s stops being UTF-8, or -1.
func invalidUTF8(s string) int {
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return i
		}
	}
	return -1
}

// suggest returns a hint when one known name is at most two edits away.
func suggest(name string, known []string) string {
	best, distance := "", 3
	for _, k := range known {
		if d := edits(name, k); d < distance || d == distance && d < 3 && k < best {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return " (did you mean $" + best + "?)"
}

// edits is the Levenshtein distance.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
