package profiles

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/reproduction"
)

// SamplesSchema names the version of the format of Samples.
const SamplesSchema = "dtbench/profile-samples/v1"

// Quantity is what a series holds the values of, one per process. Times are
// milliseconds of processor time, memory is bytes.
type Quantity string

// The quantities.
const (
	ImportMS      Quantity = "import_ms"       // loading the mechanism's code and what that needs
	ImportBytes   Quantity = "import_bytes"    // growth of the peak resident set by it
	InitMS        Quantity = "init_ms"         // making keys and encrypting one variable
	FirstAccessMS Quantity = "first_access_ms" // the first access to the secret
	AccessMS      Quantity = "access_ms"       // one of the accesses after it, the mean of many
	NonceBytes    Quantity = "nonce_bytes"     // growth of the resident set per used nonce
	ProcessBytes  Quantity = "process_bytes"   // peak resident set before the mechanism is loaded
)

// Contexts: what a process has loaded before the mechanism. A scenario's name
// stands for what its benchmark function has loaded.
const (
	Bare    = "bare"    // the interpreter alone
	Runtime = "runtime" // the frame of a function, which speaks to the platform
	HTTP    = "http"    // the standard library's HTTP client
)

// Builds of the mechanism's code.
const (
	Cached = "cached" // source with its compiled form beside it
	Binary = "binary" // the compiled form alone, the paper's "embedded in binary form"
	Native = "native" // a Go program
)

// Contexts returns all contexts that samples of the Python stand-in must have, the
// barest first.
func Contexts() []string { return []string{Bare, Runtime, HTTP, "hello", "storage", "network"} }

// Builds returns the builds that samples of the Python stand-in must have.
func Builds() []string { return []string{Cached, Binary} }

// MinProcesses is the least number of values in a series: with fewer, no two of
// them bound the median at the level of Estimate.Interval.
const MinProcesses = 7

// Samples is one measurement of the mechanism made for the purpose: every value,
// and by what command on which machine it came about. Those of paper-python hold
// all of the profile, those of go the one figure that a run does not show,
// NonceBytes. FromSamples and FromRun compute the profiles.
type Samples struct {
	Schema      string              `json:"schema"`
	Profile     string              `json:"profile"` // the one they yield
	Command     string              `json:"command"` // repeats the measurement
	Tool        results.Tool        `json:"tool"`
	Environment results.Environment `json:"environment"`
	Warnings    []string            `json:"warnings,omitempty"`
	Series      []Series            `json:"series"`
}

// Series is one quantity in one context and build: a value per process, in the
// order of measurement.
type Series struct {
	Quantity Quantity  `json:"quantity"`
	Context  string    `json:"context"`
	Build    string    `json:"build"`
	Values   []float64 `json:"values"`
}

//go:embed samples/*.json
var storedSamples embed.FS

// LoadSamples returns the stored measurement behind a stored profile. The error
// wraps ErrUnknown where there is none.
func LoadSamples(profile string) (*Samples, error) {
	data, err := storedSamples.ReadFile("samples/" + profile + ".json")
	if err != nil {
		return nil, fmt.Errorf("%w: %q has no samples of its own", ErrUnknown, profile)
	}
	s, err := ReadSamples(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("stored samples of %s: %w", profile, err)
	}
	return s, nil
}

// ReadSamplesFile reads samples of your own.
func ReadSamplesFile(path string) (*Samples, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s, err := ReadSamples(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// ReadSamples decodes and validates samples.
func ReadSamples(r io.Reader) (*Samples, error) {
	var s Samples
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return &s, s.Validate()
}

// Validate refuses what no measurement yields. Its errors wrap ErrInvalid.
func (s *Samples) Validate() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
	}
	switch {
	case s.Schema != SamplesSchema:
		return bad("schema %q, this version reads %q", s.Schema, SamplesSchema)
	case s.Profile == "" || s.Command == "" || s.Tool.Version == "" || s.Tool.Python+s.Tool.Go == "":
		return bad("profile, command, tool.version and tool.python or tool.go must be there")
	case s.Environment.OS == "" || s.Environment.Started.IsZero():
		return bad("environment.os and environment.started must be there")
	}
	for i, series := range s.Series {
		name := fmt.Sprintf("series[%d]: %s in %s (%s)", i, series.Quantity, series.Context, series.Build)
		if s.index(series.Quantity, series.Context, series.Build) != i {
			return bad("%s is there twice", name)
		}
		if len(series.Values) < MinProcesses {
			return bad("%s has %d values, at least %d are needed", name, len(series.Values), MinProcesses)
		}
		for _, v := range series.Values {
			if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
				return bad("%s has the value %v", name, v)
			}
		}
	}
	for _, want := range required(s.Profile) {
		if _, ok := s.Find(want.Quantity, want.Context, want.Build); !ok {
			return bad("no %s in %s (%s)", want.Quantity, want.Context, want.Build)
		}
	}
	return nil
}

// required lists the series that the samples of a profile must have.
func required(profile string) (all []Series) {
	if profile == Go {
		return []Series{{Quantity: NonceBytes, Context: Bare, Build: Native}}
	}
	for _, build := range Builds() {
		all = append(all, Series{Quantity: NonceBytes, Context: Bare, Build: build})
		for _, context := range Contexts() {
			for _, q := range []Quantity{ImportMS, ImportBytes, InitMS, FirstAccessMS, AccessMS, ProcessBytes} {
				all = append(all, Series{Quantity: q, Context: context, Build: build})
			}
		}
	}
	return all
}

// Add appends a value, to six significant digits, to its series, which it makes where there is none.
func (s *Samples) Add(q Quantity, context, build string, value float64) {
	i := s.index(q, context, build)
	if i < 0 {
		i = len(s.Series)
		s.Series = append(s.Series, Series{Quantity: q, Context: context, Build: build})
	}
	s.Series[i].Values = append(s.Series[i].Values, reproduction.Round(value))
}

// Sort puts the series in a fixed order; the values stay in theirs.
func (s *Samples) Sort() {
	slices.SortFunc(s.Series, func(a, b Series) int {
		return cmp.Or(
			strings.Compare(a.Build, b.Build), cmp.Compare(slices.Index(Contexts(), a.Context), slices.Index(Contexts(), b.Context)),
			strings.Compare(string(a.Quantity), string(b.Quantity)))
	})
}

func (s *Samples) index(q Quantity, context, build string) int {
	return slices.IndexFunc(s.Series, func(series Series) bool {
		return series.Quantity == q && series.Context == context && series.Build == build
	})
}

// Find returns the estimate of a quantity, and whether there are values of it.
func (s *Samples) Find(q Quantity, context, build string) (Estimate, bool) {
	i := s.index(q, context, build)
	if i < 0 || len(s.Series[i].Values) == 0 {
		return Estimate{}, false
	}
	return NewEstimate(s.Series[i].Values), true
}

// Write encodes valid samples, a line for each series.
func (s *Samples) Write(w io.Writer) error {
	if err := s.Validate(); err != nil {
		return err
	}
	head := *s
	head.Series = nil
	data, err := json.MarshalIndent(head, "", " ")
	if err != nil {
		return err
	}
	out := bytes.NewBuffer(bytes.TrimSuffix(data, []byte("null\n}"))) // series is the last field
	for i, series := range s.Series {
		line, err := json.Marshal(series)
		if err != nil {
			return err
		}
		between := ",\n  "
		if i == 0 {
			between = "[\n  "
		}
		out.WriteString(between)
		out.Write(line)
	}
	out.WriteString("\n ]\n}\n")
	_, err = w.Write(out.Bytes())
	return err
}
