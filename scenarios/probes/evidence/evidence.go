// Package evidence is what attack code brings back: where it found something,
// and the SHA-256 of it. The secret itself never leaves the process that found
// it. Whoever planted a random canary compares hashes, and knows.
package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
)

// Prey is the form of what an attacker looks for, as real ones look for "AKIA"
// and the sixteen characters behind it.
type Prey struct {
	Marker string `json:"marker"` // how it begins; at least four bytes
	Length int    `json:"length"` // of the whole, in bytes
}

// Finding is a value of the form that was looked for.
type Finding struct {
	Place  string `json:"place"`  // such as "/proc/self/environ"
	SHA256 string `json:"sha256"` // of the value, in hex
	Copies int    `json:"copies"`
}

// Sight is what one look brought.
type Sight struct {
	Findings []Finding `json:"findings,omitempty"`
	Read     []string  `json:"read,omitempty"`    // what was read without an error
	Refused  []string  `json:"refused,omitempty"` // what was not, and why
	Bytes    int64     `json:"bytes"`             // read
}

// Search adds what it finds in data, and returns how much. The values must lie
// in data whole.
func (s *Sight) Search(place string, data []byte, prey Prey) int {
	found := 0
	for at := 0; ; at++ {
		i := bytes.Index(data[at:], []byte(prey.Marker))
		if i < 0 || len(prey.Marker) < 4 || at+i+prey.Length > len(data) {
			return found
		}
		at += i
		s.add(place, data[at:at+prey.Length])
		found++
	}
}

func (s *Sight) add(place string, value []byte) {
	hash := Hash(value)
	for i := range s.Findings {
		if f := &s.Findings[i]; f.Place == place && f.SHA256 == hash {
			f.Copies++
			return
		}
	}
	s.Findings = append(s.Findings, Finding{Place: place, SHA256: hash, Copies: 1})
}

// Looked notes that a place was read, or why not.
func (s *Sight) Looked(place string, n int, err error) {
	s.Bytes += int64(n)
	if err != nil {
		if p := (*fs.PathError)(nil); errors.As(err, &p) {
			err = p.Err // the place is named already
		}
		s.Refused = append(s.Refused, fmt.Sprintf("%s: %v", place, err))
		return
	}
	s.Read = append(s.Read, place)
}

// Of returns the findings of one value, given by its hash.
func (s *Sight) Of(hash string) []Finding {
	var found []Finding
	for _, f := range s.Findings {
		if f.SHA256 == hash {
			found = append(found, f)
		}
	}
	return found
}

// Hash is the SHA-256 of value in hex.
func Hash(value []byte) string {
	sum := sha256.Sum256(value)
	return hex.EncodeToString(sum[:])
}
