package broker

import (
	"bytes"
	"strings"
	"unsafe"
)

// environment is what the function handed over. The core sees it as its
// variables; the bytes are the broker's own, so that they can be overwritten when
// the core has sealed them.
type environment struct {
	order   []string          // names, as they came
	entries map[string][]byte // NAME=value by name; nil when removed
	texts   map[string]string // ciphertexts by name
}

func newEnvironment() *environment {
	return &environment{entries: map[string][]byte{}, texts: map[string]string{}}
}

// addAll takes in what a message holds.
func (e *environment) addAll(entries []byte) error {
	for len(entries) > 0 {
		entry, rest, ended := bytes.Cut(entries, []byte{0})
		if !ended || !e.add(entry) {
			return errMessage
		}
		entries = rest
	}
	return nil
}

// add takes in a copy of an entry. The last of two with one name counts, as it
// does for the Go runtime.
func (e *environment) add(entry []byte) bool {
	name, _, ok := strings.Cut(view(entry), "=")
	if !ok || name == "" {
		return false
	}
	name = strings.Clone(name)
	if old, twice := e.entries[name]; twice {
		clear(old)
	} else {
		e.order = append(e.order, name)
	}
	own := make([]byte, len(entry))
	copy(own, entry)
	e.entries[name] = own
	return true
}

// LookupEnv returns a string that shares the entry's memory.
func (e *environment) LookupEnv(name string) (string, bool) {
	if text, ok := e.texts[name]; ok {
		return text, true
	}
	entry := e.entries[name]
	if entry == nil {
		return "", false
	}
	return view(entry[len(name)+1:]), true
}

// Setenv is told the ciphertext of a variable: its plaintext goes.
func (e *environment) Setenv(name, text string) error {
	name = strings.Clone(name)
	e.texts[name] = text
	e.remove(name)
	return nil
}

// Unsetenv removes a variable.
func (e *environment) Unsetenv(name string) error {
	e.remove(name)
	return nil
}

// remove wipes a value. The name may be in use: Environ gave it out.
func (e *environment) remove(name string) {
	clear(e.value(name))
	delete(e.entries, name)
}

// Environ lists the variables that are not sealed.
func (e *environment) Environ() []string {
	var list []string
	for _, name := range e.order {
		if entry := e.entries[name]; entry != nil {
			list = append(list, view(entry))
		}
	}
	return list
}

// setting is a plain variable, or nothing.
func (e *environment) setting(name string) string { return strings.Clone(view(e.value(name))) }

func (e *environment) value(name string) []byte {
	entry := e.entries[name]
	if entry == nil {
		return nil
	}
	return entry[len(name)+1:]
}

// wipe is for a broker that gives up.
func (e *environment) wipe() {
	for _, entry := range e.entries {
		clear(entry)
	}
}

func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
