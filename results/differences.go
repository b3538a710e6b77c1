package results

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Differences names the fields in which two experiments differ, by their JSON
// names and sorted, each as "field: a in the file, b now". It is empty when
// they are the same.
func Differences(inFile, now Experiment) []string {
	a, b := inFile.fields(), now.fields()
	names := maps.Clone(a)
	maps.Copy(names, b)
	var out []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if a[name] != b[name] {
			out = append(out, fmt.Sprintf("%s: %s in the file, %s now", name, orNone(a[name]), orNone(b[name])))
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
