package main

import (
	"bufio"
	"bytes"
	"io"
	"regexp"
)

// instancePrefix is what the local platform puts before each line that an
// instance prints: hello/optimized #3 | …
var instancePrefix = regexp.MustCompile(`^[^ |]+ #[0-9]+ \| `)

// withoutPrefixes makes the log of a run, where the records of all instances
// stand among what the functions print, readable as what they are. A file of
// another kind comes back as it is, and isRunLog is false.
func withoutPrefixes(r io.Reader) (_ io.Reader, isRunLog bool) {
	lines := bufio.NewReaderSize(r, 128<<10)
	head, _ := lines.Peek(256) // a short file has less
	if !instancePrefix.Match(head) {
		return lines, false
	}
	return &prefixReader{lines: lines}, true
}

// prefixReader drops the prefix of every line.
type prefixReader struct {
	lines *bufio.Reader
	rest  []byte // of the current line
}

func (p *prefixReader) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		line, err := p.lines.ReadBytes('\n')
		if len(line) == 0 {
			return 0, err
		}
		p.rest = bytes.TrimPrefix(line, instancePrefix.Find(line))
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}
