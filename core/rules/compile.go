package rules

import (
	"encoding/binary"
	"encoding/hex"
	"hash"
	"slices"
)

const (
	ruleLabel = "dtbench/core rule v1"
	callLabel = "dtbench/core rule call v1"
)

// A part appends one argument, framed or not as the mode wants it.
type part func(e *Evaluator, buffer []byte) []byte

// A callSite is a call in the text: each has a hash state of its own in every
// evaluator.
type callSite struct {
	new   func() hash.Hash
	keyed bool
}

type compiler struct {
	rule   *Rule
	static map[string]string
}

func (c *compiler) compile(root *node) {
	r := c.rule
	r.algorithm = root.algorithm
	if r.mode == Hardened {
		for _, name := range bound {
			c.use(name)
			r.arguments = append(r.arguments, framed(builtins[name]))
		}
	}
	r.arguments = append(r.arguments, c.arguments(root, true)...)
	r.outermost = c.site(root.algorithm, r.mode == Hardened || root.algorithm.keyed)
	slices.Sort(r.parameters)
}

// arguments compiles those of a call. The outermost hardened call has bound its
// own already.
func (c *compiler) arguments(n *node, outermost bool) []part {
	var parts []part
	for i, a := range n.arguments {
		if outermost && c.rule.mode == Hardened && slices.Contains(bound[:], a.parameter) {
			continue
		}
		if i > 0 && c.rule.separator != "" {
			parts = append(parts, constant(c.rule.separator))
		}
		parts = append(parts, c.argument(a))
	}
	return parts
}

func (c *compiler) argument(n *node) part {
	hardened := c.rule.mode == Hardened
	switch {
	case n.algorithm != nil:
		return c.call(n)
	case n.parameter == "":
		if hardened {
			return constant(string(appendField(nil, n.literal)))
		}
		return constant(n.literal)
	}
	c.use(n.parameter)
	value := builtins[n.parameter]
	if value == nil {
		value = constant(c.static[n.parameter])
	}
	if hardened {
		return framed(value)
	}
	return value
}

// call compiles an inner call: its frame is built behind the one that it belongs
// to, hashed, and replaced by the digest.
func (c *compiler) call(n *node) part {
	site := c.site(n.algorithm, n.algorithm.keyed)
	parts := c.arguments(n, false)
	if c.rule.mode == Literal {
		return func(e *Evaluator, buffer []byte) []byte {
			start := len(buffer)
			digest := e.digest(site, buffer, start, parts)
			return hex.AppendEncode(e.frame[:start], digest)
		}
	}
	prefix := appendField(appendField(nil, callLabel), n.algorithm.name)
	return func(e *Evaluator, buffer []byte) []byte {
		start := len(buffer)
		digest := e.digest(site, append(buffer, prefix...), start, parts)
		return appendField(e.frame[:start], digest)
	}
}

func (c *compiler) site(a *algorithm, keyed bool) int {
	c.rule.calls = append(c.rule.calls, callSite{a.new, keyed})
	c.rule.keyed = c.rule.keyed || keyed
	return len(c.rule.calls) - 1
}

func (c *compiler) use(name string) {
	if !slices.Contains(c.rule.parameters, name) {
		c.rule.parameters = append(c.rule.parameters, name)
	}
}

func constant(s string) part {
	return func(_ *Evaluator, buffer []byte) []byte { return append(buffer, s...) }
}

// framed puts the length in front of a value once it is known.
func framed(value part) part {
	return func(e *Evaluator, buffer []byte) []byte {
		start := len(buffer)
		buffer = value(e, append(buffer, 0, 0, 0, 0))
		binary.BigEndian.PutUint32(buffer[start:], uint32(len(buffer)-start-4))
		return buffer
	}
}

// appendField appends the length of a field, as 32 bits in big-endian order, and
// the field.
func appendField[T string | []byte](dst []byte, field T) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(field)))
	return append(dst, field...)
}
