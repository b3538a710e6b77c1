// Package reference gives access to the stored measurements, so that a dtbench
// outside its source tree has them as well. Each names the machine, the version
// and the date; make reference makes them anew.
package reference

import (
	"bytes"
	_ "embed"
	"fmt"

	"github.com/dtbench/dtbench/results"
)

//go:embed local.json
var local []byte

//go:embed microcosts.json
var microcosts []byte

// Local returns the stored run of dtbench run --platform local. An error means
// that the embedded file is damaged.
func Local() (*results.File, error) {
	f, err := results.Read(bytes.NewReader(local))
	if err != nil {
		return nil, fmt.Errorf("stored local run: %w", err)
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
