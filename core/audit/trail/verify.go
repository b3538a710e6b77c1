package trail

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/dtbench/dtbench/core/audit"
)

// maxLine bounds what is read into memory, in bytes. Lines of package audit are
// far shorter.
const maxLine = 64 << 10

// linePrefix is what every record starts with.
const linePrefix = `{"v":`

// The errors of this package, for use with [errors.Is].
var (
	// ErrNotAudit is wrapped when there is no record at all.
	ErrNotAudit = errors.New("not an audit file")

	// ErrVersion is wrapped when a record is of a schema that is not known.
	ErrVersion = errors.New("unknown schema version")

	// ErrKeyNeeded is wrapped when a chain is keyed and Options.Key is nil.
	ErrKeyNeeded = errors.New("the chain is keyed")
)

// Options say how to read.
type Options struct {
	// Key of an HMAC chain. Chains without a key are then refused, or whoever
	// cannot compute the HMAC could replace the chain by a plain one.
	Key []byte

	// Fields decrypts fields. May be nil.
	Fields *audit.FieldEncryption

	// Mixed passes over lines that are not records, as on a standard output
	// that the function writes to as well. They are counted.
	Mixed bool

	// Closed demands that every chain ends with its closing record, and Head,
	// if not empty, that a chain ends with this hash (hexadecimal). Without
	// them an end that is cut off at the end of a line is not found.
	Closed bool
	Head   string
}

// Chain is what was found of one log.
type Chain struct {
	ID       string `json:"chain"`
	Function string `json:"function,omitempty"`
	Instance string `json:"instance,omitempty"`
	After    string `json:"after,omitempty"`
	Keyed    bool   `json:"keyed"`
	First    int    `json:"first_line"`
	Last     int    `json:"last_line"`
	Records  uint64 `json:"records"`
	Dropped  uint64 `json:"dropped"`
	Closed   bool   `json:"closed"`
	Head     string `json:"head"` // hash of the last record

	hasher  *audit.Hasher
	context Entry // function, instance and so on, of the first record
}

// Break is the first place where a file is not what was written.
type Break struct {
	Line    int    `json:"line"`
	Chain   string `json:"chain,omitempty"`
	Message string `json:"message"`
}

// Report is the outcome of a verification.
type Report struct {
	Lines   int      `json:"lines"`
	Records int      `json:"records"`
	Foreign int      `json:"foreign_lines"` // that Mixed passed over
	Chains  []*Chain `json:"chains"`        // in the order in which they start
	Break   *Break   `json:"break"`         // nil if all is well
}

// Verify reads an audit file and checks every line, up to the first break. Each
// entry that holds is given to each, which may be nil.
//
// A break is no error: it is in the report. Errors are those of r and of each,
// unchanged, and ErrNotAudit, ErrVersion and ErrKeyNeeded, wrapped.
func Verify(r io.Reader, o Options, each func(*Entry) error) (*Report, error) {
	v := verifier{options: o, chains: make(map[string]*Chain)}
	if v.options.Fields == nil {
		v.options.Fields = &audit.FieldEncryption{}
	}
	input := bufio.NewReaderSize(r, maxLine)
	for v.report.Break == nil {
		line, err := input.ReadSlice('\n')
		if err == io.EOF && len(line) == 0 {
			break
		}
		v.report.Lines++
		switch {
		case err == bufio.ErrBufferFull:
			v.broken("", "is longer than %d bytes", maxLine)
		case err == io.EOF:
			v.torn(line)
		case err != nil:
			return nil, err
		default:
			e, err := v.line(line)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", v.report.Lines, err)
			}
			if e != nil && each != nil {
				if err := each(e); err != nil {
					return nil, err
				}
			}
		}
	}
	if v.report.Records == 0 && (v.report.Break == nil || !v.seen) {
		return nil, fmt.Errorf("%w: no line is an audit record", ErrNotAudit)
	}
	v.end()
	return &v.report, nil
}

type verifier struct {
	options Options
	report  Report
	chains  map[string]*Chain
	seen    bool // something that looks like a record
}

func (v *verifier) broken(chain, format string, args ...any) {
	v.report.Break = &Break{Line: v.report.Lines, Chain: chain, Message: fmt.Sprintf(format, args...)}
}

// torn judges a last line without a newline.
func (v *verifier) torn(line []byte) {
	if v.options.Mixed && !bytes.HasPrefix(line, []byte(linePrefix)) {
		v.report.Foreign++
		return
	}
	v.seen = v.seen || bytes.HasPrefix(line, []byte(linePrefix))
	v.broken("", "is cut off: it does not end with a newline")
}

// line checks one line. It returns nil, nil for a break and for a line that is
// passed over.
func (v *verifier) line(line []byte) (*Entry, error) {
	body, hash, ok := audit.SplitLine(line)
	record := bytes.HasPrefix(line, []byte(linePrefix))
	v.seen = v.seen || ok || record
	if !ok || !record {
		if v.options.Mixed && !ok && !record {
			v.report.Foreign++
			return nil, nil
		}
		v.broken("", "is not an audit record, or was changed")
		return nil, nil
	}
	e, err := parse(line)
	switch {
	case errors.Is(err, ErrVersion) && v.report.Records == 0:
		return nil, err
	case err != nil:
		v.broken("", "%v", err)
		return nil, nil
	}
	chain := v.chains[e.Chain]
	if chain == nil {
		if chain, err = v.open(e); chain == nil {
			return nil, err
		}
	} else if !v.follows(chain, e) {
		return nil, nil
	}
	if string(hash) != fmt.Sprintf("%x", chain.hasher.Next(body)) {
		v.broken(e.Chain, "record %d was changed, or a record before it: its hash does not fit", e.Sequence)
		return nil, nil
	}
	e.Line = v.report.Lines
	if e.Function+e.FunctionVersion+e.Instance+e.Region+e.Platform == "" {
		c := &chain.context
		e.Function, e.FunctionVersion, e.Instance, e.Region, e.Platform = c.Function, c.FunctionVersion, c.Instance, c.Region, c.Platform
	}
	if v.chains[e.Chain] == nil {
		v.chains[e.Chain] = chain
		v.report.Chains = append(v.report.Chains, chain)
	}
	chain.Last, chain.Records, chain.Head = e.Line, e.Sequence, e.Hash
	chain.Dropped += e.Dropped
	chain.Closed = e.Event == audit.Closed.String()
	v.report.Records++
	if err := e.reveal(v.options.Fields); err != nil {
		return nil, err
	}
	return e, nil
}

// open starts a chain with its first record.
func (v *verifier) open(e *Entry) (*Chain, error) {
	switch {
	case e.Sequence != 1 || e.Event != audit.Opened.String():
		v.broken(e.Chain, "record %d of a chain whose beginning is missing", e.Sequence)
		return nil, nil
	case e.Keyed && v.options.Key == nil:
		return nil, fmt.Errorf("%w: the key is needed to verify chain %s", ErrKeyNeeded, e.Chain)
	case !e.Keyed && v.options.Key != nil:
		v.broken(e.Chain, "the chain is not keyed: anybody could have written it")
		return nil, nil
	}
	return &Chain{
		ID: e.Chain, Function: e.Function, Instance: e.Instance, After: e.After, Keyed: e.Keyed,
		First: v.report.Lines, hasher: audit.NewHasher(v.options.Key), context: *e,
	}, nil
}

// follows tells whether e is the next record of its chain.
func (v *verifier) follows(c *Chain, e *Entry) bool {
	switch {
	case c.Closed:
		v.broken(e.Chain, "record %d follows the closing record", e.Sequence)
	case e.Sequence <= c.Records:
		v.broken(e.Chain, "record %d comes again or too late, after record %d on line %d", e.Sequence, c.Records, c.Last)
	case e.Sequence == c.Records+2:
		v.broken(e.Chain, "record %d is missing", c.Records+1)
	case e.Sequence > c.Records+1:
		v.broken(e.Chain, "records %d to %d are missing", c.Records+1, e.Sequence-1)
	default:
		return true
	}
	return false
}

// end checks what only the end of the file can show.
func (v *verifier) end() {
	if v.report.Break != nil {
		return
	}
	if v.options.Closed {
		for _, c := range v.report.Chains {
			if !c.Closed {
				v.report.Break = &Break{Line: c.Last, Chain: c.ID, Message: fmt.Sprintf("the chain ends with record %d and not with a closing record", c.Records)}
				return
			}
		}
	}
	if v.options.Head != "" && !slices.ContainsFunc(v.report.Chains, func(c *Chain) bool { return c.Head == v.options.Head }) {
		v.report.Break = &Break{Line: v.report.Lines, Message: "no chain ends with the given hash: the end was cut off, or the chain was computed anew"}
	}
}
