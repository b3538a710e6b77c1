package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// A journal is JSON Lines: the first line is a File without samples, each
// further line an Entry. It exists while a run does, so that a crash or a
// kill -9 loses the line being written and nothing else.

// CellKey names a cell of a run.
type CellKey struct {
	Scenario string `json:"scenario"`
	Variant  string `json:"variant"`
	Start    Start  `json:"start"`
}

// Key returns the name of c.
func (c *Cell) Key() CellKey { return CellKey{c.Scenario, c.Variant, c.Start} }

// Cell returns the cell named k, nil where the file has none.
func (f *File) Cell(k CellKey) *Cell {
	for i := range f.Cells {
		if f.Cells[i].Key() == k {
			return &f.Cells[i]
		}
	}
	return nil
}

// Entry is one line of a journal: exactly one of Pair, Single, Dropped and
// Stopped is set.
type Entry struct {
	// Pair is a cold sample and the hot sample of the same instance.
	Pair *Pair `json:"pair,omitempty"`
	// Single is a cold sample whose hot cell has stopped.
	Single *Single `json:"single,omitempty"`
	// Dropped is an attempt that was discarded.
	Dropped *Reason `json:"dropped,omitempty"`
	// Stopped ends a cell early.
	Stopped *Reason `json:"stopped,omitempty"`
}

// Pair is what one instance gives: its first and its third invocation.
type Pair struct {
	Scenario string `json:"scenario"`
	Variant  string `json:"variant"`
	Cold     Sample `json:"cold"`
	Hot      Sample `json:"hot"`
}

// Single is a cold sample without a hot one.
type Single struct {
	Scenario string `json:"scenario"`
	Variant  string `json:"variant"`
	Cold     Sample `json:"cold"`
}

// Reason says what happened to a cell.
type Reason struct {
	CellKey
	Reason string `json:"reason"`
}

// Apply adds e to f, the one place where samples enter cells, in a run as well
// as when a journal is read. A pair for a full cold cell takes the place of a
// cold sample that never got its hot one. Errors wrap ErrInvalid.
func (f *File) Apply(e Entry) error {
	switch {
	case e.Pair != nil:
		cold, err := f.mustCell(CellKey{e.Pair.Scenario, e.Pair.Variant, Cold})
		if err != nil {
			return err
		}
		hot, err := f.mustCell(CellKey{e.Pair.Scenario, e.Pair.Variant, Hot})
		if err != nil {
			return err
		}
		if len(cold.Samples) >= f.Experiment.Runs {
			cold.dropUnpaired(hot)
		}
		cold.Samples = append(cold.Samples, e.Pair.Cold)
		hot.Samples = append(hot.Samples, e.Pair.Hot)
	case e.Single != nil:
		cold, err := f.mustCell(CellKey{e.Single.Scenario, e.Single.Variant, Cold})
		if err != nil {
			return err
		}
		cold.Samples = append(cold.Samples, e.Single.Cold)
	case e.Dropped != nil:
		c, err := f.mustCell(e.Dropped.CellKey)
		if err != nil {
			return err
		}
		for i := range c.Dropped {
			if c.Dropped[i].Reason == e.Dropped.Reason {
				c.Dropped[i].Count++
				return nil
			}
		}
		c.Dropped = append(c.Dropped, Drop{Reason: e.Dropped.Reason, Count: 1})
	case e.Stopped != nil:
		c, err := f.mustCell(e.Stopped.CellKey)
		if err != nil {
			return err
		}
		c.Stopped = e.Stopped.Reason
	default:
		return fmt.Errorf("%w: a journal line that says nothing", ErrInvalid)
	}
	return nil
}

func (f *File) mustCell(k CellKey) (*Cell, error) {
	if c := f.Cell(k); c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("%w: no cell %s/%s/%s", ErrInvalid, k.Scenario, k.Variant, k.Start)
}

// dropUnpaired removes the last cold sample whose instance gave no hot one.
func (c *Cell) dropUnpaired(hot *Cell) {
	paired := map[string]bool{}
	for i := range hot.Samples {
		paired[hot.Samples[i].Instance] = true
	}
	for i := len(c.Samples) - 1; i >= 0; i-- {
		if !paired[c.Samples[i].Instance] {
			c.Samples = append(c.Samples[:i], c.Samples[i+1:]...)
			return
		}
	}
}

// Journal appends entries to the file of a running experiment. It is not safe
// for concurrent use.
type Journal struct {
	f    *os.File
	path string
}

// CreateJournal starts a journal at path with head, whose samples (of an
// earlier partial file) it keeps. An existing file is replaced.
func CreateJournal(path string, head *File) (*Journal, error) {
	data, err := json.Marshal(head)
	if err != nil {
		return nil, err
	}
	err = Replace(path, 0o644, func(w io.Writer) error {
		_, err := w.Write(append(data, '\n'))
		return err
	})
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	return &Journal{f: f, path: path}, nil
}

// Append writes one entry in a single write, so that a kill tears the last
// line at most.
func (j *Journal) Append(e Entry) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = j.f.Write(append(data, '\n'))
	return err
}

// Close closes the journal and leaves it on disk.
func (j *Journal) Close() error { return j.f.Close() }

// Remove closes the journal and deletes it: its result file is written.
func (j *Journal) Remove() error { return errors.Join(j.f.Close(), os.Remove(j.path)) }

// ReadJournal gives the file that the journal at path amounts to, with status
// interrupted. A torn last line is left out; any other damage is an error that
// wraps ErrInvalid and names the line.
func ReadJournal(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file *File
	lines := bufio.NewReader(bytes.NewReader(data))
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err != nil { // no newline: a torn last line, or the end
			break
		}
		if file == nil {
			if file, err = Read(bytes.NewReader(line)); err != nil {
				return nil, fmt.Errorf("%s: line %d: %w", path, n, err)
			}
			continue
		}
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w: %w", path, n, ErrInvalid, err)
		}
		if err := file.Apply(e); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", path, n, err)
		}
	}
	if file == nil {
		return nil, fmt.Errorf("%s: %w: the journal has no complete first line", path, ErrInvalid)
	}
	file.Status = Interrupted
	if err := file.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}
