package core

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// checkFields refuses what encoding/json lets pass: a field that stands twice,
// of which the last would count, and a field in another case. Either could take
// back, out of a reader's sight, what stands elsewhere in the document. The
// document has been decoded before: it is well-formed, and every field is known
// but for its case.
func checkFields(document []byte) error {
	return checkMembers(json.NewDecoder(bytes.NewReader(document)), reflect.TypeFor[Policy](), "")
}

// checkMembers reads one value that is to become a t. Path is where it stands.
func checkMembers(d *json.Decoder, t reflect.Type, path string) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('['):
		for d.More() {
			if err := checkMembers(d, t.Elem(), path); err != nil {
				return err
			}
		}
	case json.Delim('{'):
		seen := make(map[string]bool)
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return err
			}
			field, of, err := member(t, name.(string), path)
			if err != nil {
				return err
			}
			if seen[name.(string)] {
				return fmt.Errorf("%s stands twice", field)
			}
			seen[name.(string)] = true
			if err := checkMembers(d, of, field); err != nil {
				return err
			}
		}
	default:
		return nil
	}
	_, err = d.Token() // the end of the array or object
	return err
}

// member returns how a member of an object is called in messages, and its type.
// What is no name is not printed: it may be a value that slipped.
func member(t reflect.Type, name, path string) (string, reflect.Type, error) {
	if path != "" {
		path += "."
	}
	if t.Kind() == reflect.Map {
		if !isName(name) {
			return "a name in " + strings.TrimSuffix(path, "."), t.Elem(), nil
		}
		return path + name, t.Elem(), nil
	}
	for i := range t.NumField() {
		known, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		switch {
		case known == name:
			return path + known, t.Field(i).Type, nil
		case strings.EqualFold(known, name):
			return "", nil, fmt.Errorf("%s%s is written in another case", path, known)
		}
	}
	return "", nil, fmt.Errorf("an unknown field") // not after decoding
}
