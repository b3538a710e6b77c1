// Package profiles holds cost profiles: what the token mechanism of one
// implementation costs, measured on a named machine. The simulated platforms
// charge these costs to functions that they cannot measure.
//
// A profile is data with its source: the machine, the version, the day and the
// command that made it. The profile go is this project's own core, derived from
// the reference run by FromRun; paper-python is a stand-in for the paper's
// unpublished prototype.
package profiles

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"
)

// Schema names the version of the format.
const Schema = "dtbench/profile/v1"

// Names of the stored profiles.
const (
	Go          = "go"           // this project's core
	PaperPython = "paper-python" // a CPython stand-in for the paper's prototype
)

// ErrUnknown is returned by Load for a name without a stored profile, and
// ErrInvalid for a profile whose figures no measurement can give.
var (
	ErrUnknown = errors.New("no such cost profile")
	ErrInvalid = errors.New("not a valid cost profile")
)

// Profile is what one implementation of the mechanism costs. Times are
// milliseconds of processor time without a quota, memory is MB (10^6 bytes).
// By-scenario figures are of a process that has loaded what the scenario needs
// anyway; a scenario that is missing there loads nothing that the mechanism
// shares.
type Profile struct {
	Schema  string `json:"schema"`
	Name    string `json:"name"`
	Runtime string `json:"runtime"` // such as go1.26.8 or CPython 3.11.2
	Machine string `json:"machine"` // processor and system
	Version string `json:"version"` // of dtbench
	Commit  string `json:"commit"`
	Date    string `json:"date"`    // of the measurement, YYYY-MM-DD
	Command string `json:"command"` // that repeats it
	// Note says what the figures leave out or guess; shown with them.
	Note string `json:"note,omitempty"`

	// InitMS is c0: sealing the secrets, without loading any module.
	InitMS float64 `json:"init_ms"`
	// ModuleMS is loading what the mechanism needs in a bare process, and
	// ModuleLoadedMS the same after the scenario's own modules.
	ModuleMS       float64            `json:"module_ms"`
	ModuleLoadedMS map[string]float64 `json:"module_loaded_ms"`
	// AccessMS is one secret access: issue, verify and open.
	AccessMS float64 `json:"access_ms"`
	// MemoryMB is what the mechanism adds to a bare process, and MemoryLoadedMB
	// to one that has loaded the scenario's own modules.
	MemoryMB       float64            `json:"memory_mb"`
	MemoryLoadedMB map[string]float64 `json:"memory_loaded_mb"`
	// NonceBytes is what the registry keeps for each access.
	NonceBytes float64 `json:"nonce_bytes"`
	// Spread is the coefficient of variation of single measurements.
	Spread Spread `json:"spread"`
}

// Spread holds coefficients of variation (standard deviation over mean).
type Spread struct {
	Init   float64 `json:"init"`
	Module float64 `json:"module"`
	Access float64 `json:"access"`
}

// LoadingMS is what loading the mechanism's modules takes in a function of the
// scenario, c_mod·(1 − ω_s), as it was measured: also where that is more than in a
// bare process, as a larger Go executable can be, which no share ω ≥ 0 tells.
func (p Profile) LoadingMS(scenario string) float64 {
	return loaded(p.ModuleMS, p.ModuleLoadedMS, scenario)
}

// LoadingMB is LoadingMS for memory.
func (p Profile) LoadingMB(scenario string) float64 {
	return loaded(p.MemoryMB, p.MemoryLoadedMB, scenario)
}

func loaded(alone float64, byScenario map[string]float64, scenario string) float64 {
	if v, ok := byScenario[scenario]; ok {
		return v
	}
	return alone
}

// Overlap is the share of what the mechanism loads that the scenario has loaded
// anyway, in time: 0 nothing is shared, 1 loading is free.
func (p Profile) Overlap(scenario string) float64 {
	return overlap(p.ModuleMS, p.ModuleLoadedMS, scenario)
}

// MemoryOverlap is the same share in memory.
func (p Profile) MemoryOverlap(scenario string) float64 {
	return overlap(p.MemoryMB, p.MemoryLoadedMB, scenario)
}

func overlap(alone float64, byScenario map[string]float64, scenario string) float64 {
	if alone <= 0 {
		return 0
	}
	return min(1, max(0, 1-loaded(alone, byScenario, scenario)/alone))
}

// Validate refuses figures that are not finite or below zero, and a profile
// that does not say where it comes from. Its errors wrap ErrInvalid.
func (p Profile) Validate() error {
	if p.Schema != Schema {
		return fmt.Errorf("%w: schema %q, this version reads %q", ErrInvalid, p.Schema, Schema)
	}
	for field, text := range map[string]string{
		"name": p.Name, "runtime": p.Runtime, "machine": p.Machine, "version": p.Version, "date": p.Date, "command": p.Command,
	} {
		if strings.TrimSpace(text) == "" {
			return fmt.Errorf("%w: %s is empty", ErrInvalid, field)
		}
	}
	figures := map[string]float64{
		"init_ms": p.InitMS, "module_ms": p.ModuleMS, "access_ms": p.AccessMS, "memory_mb": p.MemoryMB, "nonce_bytes": p.NonceBytes,
		"spread.init": p.Spread.Init, "spread.module": p.Spread.Module, "spread.access": p.Spread.Access,
	}
	for scenario, v := range p.ModuleLoadedMS {
		figures["module_loaded_ms."+scenario] = v
	}
	for scenario, v := range p.MemoryLoadedMB {
		figures["memory_loaded_mb."+scenario] = v
	}
	for field, v := range figures {
		if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
			return fmt.Errorf("%w: %s is %v", ErrInvalid, field, v)
		}
	}
	return nil
}

//go:embed *.json
var stored embed.FS

// Names lists the stored profiles, sorted.
func Names() []string {
	files, _ := fs.Glob(stored, "*.json") // the pattern is sound
	for i, file := range files {
		files[i] = strings.TrimSuffix(file, ".json")
	}
	slices.Sort(files)
	return files
}

// Load returns a stored profile. The error wraps ErrUnknown and names the
// choices, or wraps ErrInvalid when the stored file is damaged.
func Load(name string) (Profile, error) {
	data, err := stored.ReadFile(name + ".json")
	if err != nil {
		return Profile{}, fmt.Errorf("%w: %q: choose %s", ErrUnknown, name, strings.Join(Names(), ", "))
	}
	return Decode(name, data)
}

// ReadFile reads a profile of your own.
func ReadFile(path string) (Profile, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Profile{}, err
	}
	return Decode(path, data)
}

// Decode reads the JSON form of a profile; from names it in errors.
func Decode(from string, data []byte) (Profile, error) {
	var p Profile
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return Profile{}, fmt.Errorf("%s: %w: %w", from, ErrInvalid, err)
	}
	if err := p.Validate(); err != nil {
		return Profile{}, fmt.Errorf("%s: %w", from, err)
	}
	return p, nil
}

// Encode writes the stored form: the same bytes for the same profile.
func (p Profile) Encode() ([]byte, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	data, err := json.MarshalIndent(p, "", " ")
	return append(data, '\n'), err
}
