package attack

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/dtbench/dtbench/results"
)

// Read reads a file and refuses, with an error that wraps results.ErrInvalid, one
// of another schema, with unknown words or with figures that are none. Unknown
// fields are ignored.
func Read(r io.Reader) (*File, error) {
	var f File
	if err := json.NewDecoder(r).Decode(&f); err != nil {
		return nil, fmt.Errorf("%w: %w", results.ErrInvalid, err)
	}
	if f.Schema != Schema {
		return nil, fmt.Errorf("%w: schema %q, this dtbench reads %s", results.ErrInvalid, f.Schema, Schema)
	}
	for _, c := range f.Cells {
		switch {
		case c.Attack == "" || c.Variant == "":
			return nil, fmt.Errorf("%w: a cell without attack or variant", results.ErrInvalid)
		case !slices.Contains(Outcomes(), c.Outcome) || !slices.Contains(Outcomes(), c.Expected):
			return nil, fmt.Errorf("%w: %s on %s: outcome %q, expected %q", results.ErrInvalid, c.Attack, c.Variant, c.Outcome, c.Expected)
		case c.Duration < 0 || math.IsNaN(c.Duration):
			return nil, fmt.Errorf("%w: %s on %s: duration %v", results.ErrInvalid, c.Attack, c.Variant, c.Duration)
		}
	}
	return &f, nil
}

// Find returns the cell of an attack on a variant.
func (f *File) Find(attack, variant string) (Cell, bool) {
	i := slices.IndexFunc(f.Cells, func(c Cell) bool { return c.Attack == attack && c.Variant == variant })
	if i < 0 {
		return Cell{}, false
	}
	return f.Cells[i], true
}

// Deviations are the cells that ran and came out in another way than expected.
func (f *File) Deviations() []Cell {
	return f.filter(func(c Cell) bool { return !c.AsExpected() && c.Outcome != CouldNotRun })
}

// NotRun are the cells of which nothing is known.
func (f *File) NotRun() []Cell {
	return f.filter(func(c Cell) bool { return c.Outcome == CouldNotRun })
}

func (f *File) filter(keep func(Cell) bool) []Cell {
	var cells []Cell
	for _, c := range f.Cells {
		if keep(c) {
			cells = append(cells, c)
		}
	}
	return cells
}
