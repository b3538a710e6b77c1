// Package reference gives access to the stored measurements, so that a dtbench
// outside its source tree has them as well. Each names the machine, the version
// and the date; make reference makes them anew.
package reference

import (
	"bytes"
	_ "embed"
	"fmt"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/attack"
)

//go:embed local.json
var local []byte

//go:embed python.json
var python []byte

//go:embed microcosts.json
var microcosts []byte

//go:embed attacks.json
var attacks []byte

// Local returns the stored run of dtbench run --platform local. An error means
// that the embedded file is damaged.
func Local() (*results.File, error) { return read("local run", local) }

// Python returns the stored run of the same with --runtime python, for machines
// without an interpreter. An error means that the embedded file is damaged.
func Python() (*results.File, error) { return read("run of the Python functions", python) }

func read(what string, data []byte) (*results.File, error) {
	f, err := results.Read(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("stored %s: %w", what, err)
	}
	return f, nil
}

// Microcosts returns the stored micro-measurements (runner/microcosts). An error
// means that the embedded file is damaged.
func Microcosts() (*results.Microcosts, error) {
	m, err := results.ReadMicrocosts(bytes.NewReader(microcosts))
	if err != nil {
		return nil, fmt.Errorf("stored micro-measurements: %w", err)
	}
	return m, nil
}

// Attacks returns the stored result of dtbench attack. An error means that the
// embedded file is damaged.
func Attacks() (*attack.File, error) {
	f, err := attack.Read(bytes.NewReader(attacks))
	if err != nil {
		return nil, fmt.Errorf("stored attacks: %w", err)
	}
	return f, nil
}
