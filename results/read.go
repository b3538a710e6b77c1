package results

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// ErrInvalid is wrapped by every refusal of a file: malformed JSON, an unknown
// version, a value that no run can produce. The message names the place.
var ErrInvalid = errors.New("not a valid result file")

//go:embed results.schema.json
var schemaJSON []byte

// maxFileBytes bounds what a reader takes into memory. A full run is below
// 200 kB; the largest sensible one (thousands of runs) below 50 MB.
const maxFileBytes = 256 << 20

// ReadFile reads and validates the result file at path. Errors wrap ErrInvalid
// for content and the os error for a file that cannot be read; both name path.
func ReadFile(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// Read decodes and validates one result file. Partial and interrupted files
// are accepted; unknown fields are ignored, so that a later minor version can
// add some. Summaries and overheads come back as stored: recompute them.
func Read(r io.Reader) (*File, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFileBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFileBytes {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrInvalid, maxFileBytes)
	}
	if err := checkVersion(data); err != nil {
		return nil, err
	}
	if err := checkSchema(data); err != nil {
		return nil, err
	}
	var file File
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if err := file.Validate(); err != nil {
		return nil, err
	}
	return &file, nil
}

// checkVersion looks at the schema name before anything else, so that a file of
// a later major version is refused for that and not for its fields.
func checkVersion(data []byte) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return fmt.Errorf("%w: it is empty", ErrInvalid)
	}
	var head struct {
		Schema *string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return fmt.Errorf("%w: malformed JSON: %w", ErrInvalid, describeJSON(err))
	}
	switch {
	case head.Schema == nil:
		return fmt.Errorf("%w: no \"schema\" field", ErrInvalid)
	case *head.Schema != Schema:
		return fmt.Errorf("%w: schema %q, this version reads %q", ErrInvalid, *head.Schema, Schema)
	}
	return nil
}

// describeJSON adds the offset that encoding/json knows and does not print.
func describeJSON(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("%w (at byte %d)", err, syntax.Offset)
	}
	return err
}

var compileSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaJSON))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("results.schema.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("results.schema.json")
})

// checkSchema holds data against the committed JSON Schema and reports the
// first violation by its place in the document.
func checkSchema(data []byte) error {
	schema, err := compileSchema()
	if err != nil {
		return err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("%w: malformed JSON: %w", ErrInvalid, err)
	}
	err = schema.Validate(doc)
	var v *jsonschema.ValidationError
	if errors.As(err, &v) {
		for len(v.Causes) > 0 {
			v = v.Causes[0]
		}
		printer := message.NewPrinter(language.English)
		text := v.ErrorKind.LocalizedString(printer)
		switch k := v.ErrorKind.(type) {
		case *kind.Minimum:
			got, _ := k.Got.Float64()
			text = fmt.Sprintf("negative value %v", got)
		case *kind.Maximum:
			got, _ := k.Got.Float64()
			text = fmt.Sprintf("implausible value %v", got)
		}
		return fmt.Errorf("%w: %s: %s", ErrInvalid, place(v.InstanceLocation), text)
	}
	return err
}

// place writes a JSON location as people read it: cells[3].samples[0].total_ms.
func place(location []string) string {
	var b strings.Builder
	for _, part := range location {
		if _, err := strconv.Atoi(part); err == nil {
			b.WriteString("[" + part + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(part)
	}
	if b.Len() == 0 {
		return "the document"
	}
	return b.String()
}

// Validate checks what a schema cannot say: cells are unique and declared,
// instances and invocation counters prove the temperature, orders are unique.
// Errors wrap ErrInvalid and name the place.
func (f *File) Validate() error {
	if f.Experiment.Trim > (f.Experiment.Runs-1)/2 { // not 2·trim, which may overflow
		return fmt.Errorf("%w: experiment.trim: %d dropped at each end leave nothing of %d runs", ErrInvalid, f.Experiment.Trim, f.Experiment.Runs)
	}
	seen := map[string]bool{}
	orders := map[int]string{}
	born := map[string]string{} // instance → the place of its cold sample
	for i := range f.Cells {
		c := &f.Cells[i]
		at := fmt.Sprintf("cells[%d]", i)
		key := c.Scenario + "/" + c.Variant + "/" + string(c.Start)
		if seen[key] {
			return fmt.Errorf("%w: %s: a second cell %s", ErrInvalid, at, key)
		}
		seen[key] = true
		if !slices.Contains(f.Experiment.Scenarios, c.Scenario) {
			return fmt.Errorf("%w: %s.scenario: %q is not one of the experiment's", ErrInvalid, at, c.Scenario)
		}
		if !slices.Contains(f.Experiment.Variants, c.Variant) {
			return fmt.Errorf("%w: %s.variant: %q is not one of the experiment's", ErrInvalid, at, c.Variant)
		}
		if len(c.Samples) > f.Experiment.Runs {
			return fmt.Errorf("%w: %s: %d samples in a run of %d", ErrInvalid, at, len(c.Samples), f.Experiment.Runs)
		}
		instances := map[string]bool{}
		for j := range c.Samples {
			s := &c.Samples[j]
			at := fmt.Sprintf("%s.samples[%d]", at, j)
			if instances[s.Instance] {
				return fmt.Errorf("%w: %s.instance: seen before in the same cell", ErrInvalid, at)
			}
			instances[s.Instance] = true
			if other, ok := born[s.Instance]; ok && c.Start == Cold {
				return fmt.Errorf("%w: %s.instance: %s has the same one", ErrInvalid, at, other)
			}
			if c.Start == Cold {
				born[s.Instance] = at
			}
			if err := s.check(c.Start, at, orders); err != nil {
				return err
			}
		}
	}
	return f.checkPairs()
}

// checkPairs holds every hot sample to be the third invocation of an instance
// whose first is in the cold cell.
func (f *File) checkPairs() error {
	for i := range f.Cells {
		hot := &f.Cells[i]
		if hot.Start != Hot || len(hot.Samples) == 0 {
			continue
		}
		cold := f.Cell(CellKey{hot.Scenario, hot.Variant, Cold})
		if cold == nil {
			continue // a missing cell is for compare to name
		}
		first := map[string]bool{}
		for j := range cold.Samples {
			first[cold.Samples[j].Instance] = true
		}
		for j := range hot.Samples {
			if s := &hot.Samples[j]; !first[s.Instance] {
				return fmt.Errorf("%w: cells[%d].samples[%d].instance: it has no cold sample", ErrInvalid, i, j)
			}
		}
	}
	return nil
}

func (s *Sample) check(start Start, at string, orders map[int]string) error {
	if other, ok := orders[s.Order]; ok {
		return fmt.Errorf("%w: %s.order: %d is also that of %s", ErrInvalid, at, s.Order, other)
	}
	orders[s.Order] = at
	if want := map[Start]int{Cold: 1, Hot: 3}[start]; s.Invocation != want {
		return fmt.Errorf("%w: %s.invocation: %d in a %s cell", ErrInvalid, at, s.Invocation, start)
	}
	return nil
}
