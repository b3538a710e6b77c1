package rules

import (
	"crypto/fips140"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
)

// Size is the length of a result under [Hardened], in bytes.
const Size = 32

// Limits on a rule's text. Beyond them it is refused, before anything is built.
const (
	MaxSize      = 4096 // bytes of text
	MaxDepth     = 8    // calls inside one another, the outermost included
	MaxName      = 64   // bytes of a name
	MaxArguments = 32   // arguments of one call
	MaxCalls     = 32   // calls in a rule
	MaxStatic    = 4096 // bytes of a custom static parameter's value
)

// Widths of the two fields that [Hardened] wants in fixed form, in bytes, and
// the shortest key of an HMAC.
const (
	NonceSize     = 16
	TimestampSize = 8
	MinKeySize    = 32 // what RFC 5869 asks of a key that others are derived from
)

const (
	// EquationOne is Eq. (1) of the paper with SHA-256. As a [Hardened] rule it
	// adds nothing to what is always bound, and is the default.
	EquationOne = "$sha256($requestid, $instanceid, $nonce, $timestamp, $datakey)"

	// Sample is the paper's own example. As a [Literal] rule it leaves out
	// nonce, timestamp and data key, so one token opens everything (T9).
	Sample = "$md5($requestid, $instanceid)"
)

// Mode is how the fields of a rule become the bytes that are hashed.
type Mode uint8

const (
	// Hardened frames every field, always binds the five fields of Eq. (1) and
	// is always keyed. It is the zero value.
	Hardened Mode = iota

	// Literal concatenates, as the paper does. It is not safe.
	Literal
)

func (m Mode) String() string {
	if m == Literal {
		return "literal"
	}
	return "hardened"
}

// Options say how a rule is compiled. The zero value is the hardened scheme
// without custom parameters.
type Options struct {
	Mode Mode

	// Static holds the custom static parameters by name. Compile copies what
	// the rule uses. Values have at most MaxStatic bytes; they are never
	// printed, but they are not wiped either.
	Static map[string]string

	// UnsafeAllowWeakHashes admits md5 and sha1, in whatever form, to a
	// Hardened rule. Collisions of both can be computed. Literal rules need no
	// permission, or the paper's sample could not be run.
	UnsafeAllowWeakHashes bool

	// Separator is put between the arguments of a Literal call. A field that
	// contains it makes two readings of one text (T8). Hardened refuses it.
	Separator string
}

// Rule is a compiled rule. It is immutable and may be used concurrently; what
// computes is an [Evaluator], one per goroutine.
type Rule struct {
	mode       Mode
	text       string // canonical
	algorithm  *algorithm
	parameters []string
	separator  string
	arguments  []part
	calls      []callSite // hash states that an evaluator needs
	keyed      bool
	outermost  int // index in calls
}

// Compile reads a rule.
//
// Every error is an [*Error] that wraps [ErrRule] and points into the text; it
// also wraps [ErrWeak] for md5 or sha1 without the opt-in, and [ErrFIPS] for an
// algorithm that FIPS 140-only mode (GODEBUG=fips140=only) does not allow. The
// text of the rule, its literals included, appears in errors; the values of
// static parameters do not.
//
// Literal rules are not tested for FIPS: as in any plain implementation of the
// paper, md5 then panics when an evaluator is made (T21).
func Compile(text string, o Options) (*Rule, error) {
	p := parser{text: text, options: o}
	if err := p.checkOptions(); err != nil {
		return nil, err
	}
	root, err := p.rule()
	if err != nil {
		return nil, err
	}
	r := &Rule{mode: o.Mode, text: root.String(), separator: o.Separator}
	c := compiler{rule: r, static: o.Static}
	c.compile(root)
	return r, nil
}

// String returns the canonical text.
func (r *Rule) String() string { return r.text }

// Mode returns what the rule was compiled for.
func (r *Rule) Mode() Mode { return r.mode }

// Algorithm returns the name of the outermost algorithm as it is computed:
// under Hardened always with "hmac_".
func (r *Rule) Algorithm() string {
	if r.mode == Hardened {
		return r.algorithm.keyedName()
	}
	return r.algorithm.name
}

// Parameters returns the names of all parameters that the result depends on,
// sorted, those that Hardened adds included.
func (r *Rule) Parameters() []string { return slices.Clone(r.parameters) }

// Uses tells whether the result depends on a parameter.
func (r *Rule) Uses(name string) bool { return slices.Contains(r.parameters, name) }

// Keyed tells whether an evaluator needs a key.
func (r *Rule) Keyed() bool { return r.keyed }

// Size returns the length of the result in bytes: [Size] under Hardened, that of
// the algorithm under Literal.
func (r *Rule) Size() int {
	if r.mode == Hardened {
		return Size
	}
	return r.algorithm.size
}

// Fingerprint returns the SHA-256 of the canonical text, which is also what the
// key of a hardened result is derived with. Static values are not part of it.
func (r *Rule) Fingerprint() [sha256.Size]byte { return sha256.Sum256([]byte(r.text)) }

// Builtin returns the names of the built-in dynamic parameters, sorted.
func Builtin() []string { return slices.Sorted(maps.Keys(builtins)) }

// Algorithms returns the names of all algorithms, sorted.
func Algorithms() []string {
	names := make([]string, len(algorithms))
	for i := range algorithms {
		names[i] = algorithms[i].name
	}
	slices.Sort(names)
	return names
}

// fipsOnly is a variable for the sake of one test: the real thing is tested in a
// child process.
var fipsOnly = fips140.Enforced

func (p *parser) checkOptions() error {
	if p.options.Mode > Literal {
		return p.errorf(0, "unknown mode %d", p.options.Mode)
	}
	if p.options.Mode == Hardened && p.options.Separator != "" {
		return p.errorf(0, "a separator is for literal rules: hardened fields are framed by their length")
	}
	for _, name := range slices.Sorted(maps.Keys(p.options.Static)) {
		switch {
		case !isName(name):
			return p.errorf(0, "static parameter %.80q: a name is a letter and then letters, digits and _, in lower case, at most %d", name, MaxName)
		case builtins[name] != nil:
			return p.errorf(0, "static parameter $%s: the name is built in", name)
		case findAlgorithm(name) != nil:
			return p.errorf(0, "static parameter $%s: the name is an algorithm's", name)
		case len(p.options.Static[name]) > MaxStatic:
			return p.errorf(0, "static parameter $%s has %d bytes, at most %d are allowed", name, len(p.options.Static[name]), MaxStatic)
		}
	}
	return nil
}

// checkAlgorithm refuses what the options and the FIPS mode do not allow.
func (p *parser) checkAlgorithm(a *algorithm, offset int) error {
	if p.options.Mode != Hardened {
		return nil
	}
	if !a.approved && fipsOnly() {
		return p.wrapf(ErrFIPS, offset, "$%s is not allowed in FIPS 140-only mode", a.name)
	}
	if a.weak && !p.options.UnsafeAllowWeakHashes {
		return p.wrapf(ErrWeak, offset, "$%s is broken: choose sha256, or opt in with UnsafeAllowWeakHashes", a.name)
	}
	return nil
}

// Format keeps a rule from being printed with its closures and static values.
func (r *Rule) Format(f fmt.State, _ rune) { fmt.Fprint(f, r.text) }
