package results

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Difference is one field in which two experiments differ, by its JSON name, with
// both values as compact JSON; "none" where an experiment lacks the field.
type Difference struct{ Field, A, B string }

// Differences names the fields in which two experiments differ, by their JSON
// names and sorted, each as "field: a in the file, b now". It is empty when
// they are the same.
func Differences(inFile, now Experiment) []string {
	var out []string
	for _, d := range inFile.Differences(now) {
		out = append(out, fmt.Sprintf("%s: %s in the file, %s now", d.Field, d.A, d.B))
	}
	return out
}

// Differences returns the fields in which e (A) and other (B) differ, sorted by
// name.
func (e Experiment) Differences(other Experiment) []Difference {
	a, b := e.fields(), other.fields()
	names := maps.Clone(a)
	maps.Copy(names, b)
	var out []Difference
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if a[name] != b[name] {
			out = append(out, Difference{name, orNone(a[name]), orNone(b[name])})
		}
	}
	return out
}

// fields gives every field as compact JSON.
func (e Experiment) fields() map[string]string {
	data, _ := json.Marshal(e) // plain data: it cannot fail
	var raw map[string]json.RawMessage
	_ = json.Unmarshal(data, &raw)
	fields := map[string]string{}
	for name, value := range raw {
		fields[name] = string(value)
	}
	return fields
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
