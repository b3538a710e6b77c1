package gate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/dtbench/dtbench/report/internal/layout"
	"github.com/dtbench/dtbench/results"
)

// ErrThresholds is wrapped by every refusal of exceptions; the text names the
// exception and the cause.
var ErrThresholds = errors.New("not valid thresholds")

// maxThreshold is the largest threshold as a fraction: beyond it a gate guards
// nothing.
const maxThreshold = 100

// Exception gives the cells that it matches another threshold. An empty field
// matches every cell.
type Exception struct {
	Scenario, Variant string
	Start             results.Start
	Metric            string  // results.MetricTime or results.MetricMemory
	Threshold         float64 // a fraction
	Reason            string  // never empty
}

// ParseThreshold reads a percentage such as "10%" or "7.5 %" as a fraction, from
// above 0 to 10000 %. It returns ErrOption.
func ParseThreshold(s string) (float64, error) {
	number, ok := strings.CutSuffix(strings.TrimSpace(s), "%")
	if !ok {
		return 0, fmt.Errorf("%w: threshold %q is not a percentage such as 10%%", ErrOption, s)
	}
	percent, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil {
		return 0, fmt.Errorf("%w: threshold %q is not a percentage such as 10%%", ErrOption, s)
	}
	return percent / 100, checkThreshold(percent / 100)
}

func checkThreshold(m float64) error {
	if !(m > 0 && m <= maxThreshold) {
		return fmt.Errorf("%w: threshold %v %% is not above 0 %% and at most %d %%", ErrOption, 100*m, 100*maxThreshold)
	}
	return nil
}

// ReadExceptions reads a thresholds file:
//
//	{"exceptions": [
//	  {"scenario": "storage", "variant": "optimized", "start": "cold", "metric": "time_ms",
//	   "threshold": "25%", "reason": "the store was replaced, see #41"},
//	  {"metric": "memory_mb", "threshold": "5%", "reason": "memory hardly varies"}
//	]}
//
// Scenario, variant, start and metric may each be left out, which matches all;
// where several exceptions match a cell the one that names most fields holds.
// Threshold and reason are required. Errors wrap ErrThresholds and name the
// place; keys that are unknown, in another case or given twice are refused, so
// that a slip cannot widen an exception.
func ReadExceptions(r io.Reader) ([]Exception, error) {
	data, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	var document json.RawMessage
	if err := decoder.Decode(&document); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrThresholds, err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: more follows the first JSON value", ErrThresholds)
	}
	fields, err := object(document, "the document", "exceptions")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrThresholds, err)
	}
	if fields["exceptions"] == nil {
		return nil, fmt.Errorf(`%w: no "exceptions"`, ErrThresholds)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(fields["exceptions"], &list); err != nil || list == nil {
		return nil, fmt.Errorf("%w: exceptions is not an array", ErrThresholds)
	}
	out := make([]Exception, len(list))
	for i, raw := range list {
		if out[i], err = readException(raw); err != nil {
			return nil, fmt.Errorf("%w: exceptions[%d]: %w", ErrThresholds, i, err)
		}
	}
	return out, nil
}

// readException reads one element of the list.
func readException(raw json.RawMessage) (x Exception, err error) {
	fields, err := object(raw, "the exception", "scenario", "variant", "start", "metric", "threshold", "reason")
	if err != nil {
		return x, err
	}
	texts := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		var text *string
		if err := json.Unmarshal(fields[name], &text); err != nil || text == nil {
			return x, fmt.Errorf("%s is not a string", name)
		}
		texts[name] = *text
	}
	if x.Reason = texts["reason"]; strings.TrimSpace(x.Reason) == "" {
		return x, errors.New("reason is missing")
	}
	threshold, ok := texts["threshold"]
	if !ok {
		return x, errors.New("threshold is missing")
	}
	if x.Threshold, err = ParseThreshold(threshold); err != nil {
		return x, err
	}
	for _, field := range []struct {
		name    string
		to      *string
		choices []string
	}{
		{"scenario", &x.Scenario, nil},
		{"variant", &x.Variant, nil},
		{"start", (*string)(&x.Start), []string{string(results.Cold), string(results.Hot)}},
		{"metric", &x.Metric, []string{results.MetricTime, results.MetricMemory}},
	} {
		text, ok := texts[field.name]
		switch {
		case !ok:
			continue
		case text == "":
			return x, fmt.Errorf("%s is empty: leave it out to match all", field.name)
		case field.choices != nil && !slices.Contains(field.choices, text):
			return x, fmt.Errorf("unknown %s %q: choose %s", field.name, text, strings.Join(field.choices, ", "))
		}
		*field.to = text
	}
	return x, nil
}

// object reads a JSON object of the known fields. Unlike encoding/json it
// refuses a field that stands twice or is written in another case: of either,
// readers would disagree on what holds. what begins the error, where it is one.
func object(raw json.RawMessage, what string, known ...string) (map[string]json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, fmt.Errorf("%s is not an object", what)
	}
	fields := map[string]json.RawMessage{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string) // of a field always a string
		i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, name) })
		switch {
		case i < 0:
			return nil, fmt.Errorf("unknown field %q", name)
		case known[i] != name:
			return nil, fmt.Errorf("unknown field %q: it is written %q", name, known[i])
		case fields[name] != nil:
			return nil, fmt.Errorf("field %q stands there twice", name)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		fields[name] = value
	}
	return fields, nil
}

// applyExceptions sets the thresholds of the cells.
func (c *Comparison) applyExceptions(exceptions []Exception) error {
	for _, e := range exceptions {
		if err := checkThreshold(e.Threshold); err != nil {
			return err
		}
	}
	used := make([]bool, len(exceptions))
	for i := range c.Cells {
		cell := &c.Cells[i]
		most := -1 // fields that a match names
		var best []int
		for j, e := range exceptions {
			if !e.matches(cell) {
				continue
			}
			used[j] = true
			switch n := e.fields(); {
			case n > most:
				most, best = n, []int{j}
			case n == most:
				best = append(best, j)
			}
		}
		switch {
		case len(best) == 1:
			cell.Threshold, cell.Reason = exceptions[best[0]].Threshold, exceptions[best[0]].Reason
		case len(best) > 1:
			return fmt.Errorf("%w: exceptions[%d] and exceptions[%d] both match %s %s and name as many fields",
				ErrThresholds, best[0], best[1], layout.Clean(cell.name()), cell.Metric)
		}
	}
	for j, e := range exceptions {
		if !used[j] {
			return fmt.Errorf("%w: exceptions[%d] (%s) matches no cell of the two files", ErrThresholds, j, layout.Clean(e.String()))
		}
	}
	return nil
}

func (e Exception) matches(c *Cell) bool {
	match := func(want, got string) bool { return want == "" || want == got }
	return match(e.Scenario, c.Scenario) && match(e.Variant, c.Variant) && match(string(e.Start), string(c.Start)) && match(e.Metric, c.Metric)
}

// fields counts the fields that the exception names.
func (e Exception) fields() int {
	n := 0
	for _, s := range e.named() {
		if s != "" {
			n++
		}
	}
	return n
}

func (e Exception) named() [4]string {
	return [4]string{e.Scenario, e.Variant, string(e.Start), e.Metric}
}

// String names the cells that the exception matches.
func (e Exception) String() string {
	named := e.named()
	parts := slices.DeleteFunc(named[:], func(s string) bool { return s == "" })
	if len(parts) == 0 {
		return "every cell"
	}
	return strings.Join(parts, " ")
}

// percent is a fraction in percent, without the noise of the multiplication.
func percent(fraction float64) float64 { return math.Round(1e8*fraction) / 1e6 }

// percentText writes a threshold: 10 %, 7.5 %.
func percentText(fraction float64) string {
	return strconv.FormatFloat(percent(fraction), 'f', -1, 64) + " %"
}
