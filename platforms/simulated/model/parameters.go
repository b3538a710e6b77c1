package model

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

//go:embed parameters.json
var parametersJSON []byte

const parametersSchema = "dtbench/parameters/v1"

// ErrPreset and ErrPlatform are wrapped where a preset, or a platform, is named
// that the parameters do not have.
var (
	ErrPreset   = errors.New("no such preset")
	ErrPlatform = errors.New("no such simulated platform")
)

// Preset chooses one of the three values of every parameter.
type Preset string

// The presets. Every conclusion is shown under all three.
const (
	Low     Preset = "low"
	Central Preset = "central"
	High    Preset = "high"
)

// Presets returns the presets in the order of their names' meaning.
func Presets() []Preset { return []Preset{Low, Central, High} }

// Parameters is the content of parameters.json: what is assumed of platforms
// beside the published figures, and where each value comes from.
type Parameters struct {
	Schema  string `json:"schema"`
	Version int    `json:"version"`
	// Quota is the one under which the published figures were taken.
	Quota     PublishedQuota `json:"quota"`
	Platforms []Platform     `json:"platforms"`
	Values    []Parameter    `json:"parameters"`

	data []byte // as read, for the hash
}

// PublishedQuota is a CPU quota with its source.
type PublishedQuota struct {
	VCPU     float64 `json:"vcpu"`
	PeriodMS float64 `json:"period_ms"`
	Source   string  `json:"source"`
}

// Platform is how a platform meters.
type Platform struct {
	Name string `json:"name"`
	// StartMetered: the reported time of a cold start holds provisioning and
	// runtime start (P and R of the model).
	StartMetered bool    `json:"start_metered"`
	ResolutionMS float64 `json:"resolution_ms"` // of the reported time
	Source       string  `json:"source"`
}

// Parameter is one assumed quantity.
type Parameter struct {
	Name     string  `json:"name"`
	Unit     string  `json:"unit"`
	Low      float64 `json:"low"`
	Central  float64 `json:"central"`
	High     float64 `json:"high"`
	Strength string  `json:"strength"` // how well the source supports it
	Source   string  `json:"source"`
}

// Value is the parameter's value under a preset.
func (p Parameter) Value(preset Preset) float64 {
	switch preset {
	case Low:
		return p.Low
	case High:
		return p.High
	}
	return p.Central
}

// Load returns the built-in parameters, a fresh copy with every call. An error
// means that the embedded file is damaged.
func Load() (Parameters, error) {
	p, err := decodeParameters(parametersJSON)
	if err != nil {
		return Parameters{}, fmt.Errorf("parameters of the simulation: %w", err)
	}
	return p, nil
}

func decodeParameters(data []byte) (Parameters, error) {
	var p Parameters
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, err
	}
	if p.Schema != parametersSchema {
		return p, fmt.Errorf("schema %q, this version reads %q", p.Schema, parametersSchema)
	}
	p.data = bytes.Clone(data)
	for _, v := range p.Values {
		if strings.TrimSpace(v.Source) == "" || strings.TrimSpace(v.Strength) == "" {
			return p, fmt.Errorf("%s has no source", v.Name)
		}
	}
	for _, v := range p.Platforms {
		if strings.TrimSpace(v.Source) == "" || !(v.ResolutionMS >= 0) {
			return p, fmt.Errorf("platform %s has no source, or a resolution of %v ms", v.Name, v.ResolutionMS)
		}
	}
	for _, preset := range Presets() {
		if _, err := p.under(preset); err != nil {
			return p, err
		}
	}
	return p, nil
}

// Platform returns the platform of that name; the error wraps ErrPlatform and
// names the choices.
func (p Parameters) Platform(name string) (Platform, error) {
	var names []string
	for _, v := range p.Platforms {
		if v.Name == name {
			return v, nil
		}
		names = append(names, v.Name)
	}
	return Platform{}, fmt.Errorf("%w: %q: choose %s", ErrPlatform, name, strings.Join(names, ", "))
}

func (p Parameters) metering() map[string]Platform {
	all := map[string]Platform{}
	for _, v := range p.Platforms {
		all[v.Name] = v
	}
	return all
}

// values are the parameters under one preset, by their names in the file.
type values struct {
	coldCV, warmCV, helloCV, networkCV, storageCV float64
	batchDrift, runDrift, runDriftAutocorrelation float64
	tailProbability, tailExponent                 float64
	startMS, startFloor, provisioningShare        float64
	processorFactor, memorySD                     float64
}

// under takes the values of one preset and checks their ranges.
func (p Parameters) under(preset Preset) (values, error) {
	if !slices.Contains(Presets(), preset) {
		return values{}, fmt.Errorf("%w: %q: choose low, central or high", ErrPreset, preset)
	}
	var v values
	fields := map[string]struct {
		to          *float64
		least, most float64 // allowed range
	}{
		"cold_cv":                   {&v.coldCV, 0, 10},
		"warm_cpu_cv":               {&v.warmCV, 0, 10},
		"hello_cv":                  {&v.helloCV, 0, 10},
		"network_cv":                {&v.networkCV, 0, 10},
		"storage_cv":                {&v.storageCV, 0, 10},
		"batch_drift":               {&v.batchDrift, 0, 1},
		"run_drift":                 {&v.runDrift, 0, 0.05},
		"run_drift_autocorrelation": {&v.runDriftAutocorrelation, 0, 0.99},
		"storage_tail_probability":  {&v.tailProbability, 0, 0.5},
		"storage_tail_exponent":     {&v.tailExponent, 1.5, 100},
		"start_ms":                  {&v.startMS, 0, 1e6},
		"start_floor":               {&v.startFloor, 0, 0.9},
		"provisioning_share":        {&v.provisioningShare, 0, 1},
		"processor_factor":          {&v.processorFactor, 0, 100},
		"memory_sd_mb":              {&v.memorySD, 0, 1000},
	}
	for _, parameter := range p.Values {
		field, ok := fields[parameter.Name]
		if !ok {
			return v, fmt.Errorf("%s is not a parameter of this version, or is there twice", parameter.Name)
		}
		delete(fields, parameter.Name)
		x := parameter.Value(preset)
		if math.IsNaN(x) || x < field.least || x > field.most {
			return v, fmt.Errorf("%s, %s: %v is not within %v to %v", parameter.Name, preset, x, field.least, field.most)
		}
		*field.to = x
	}
	for name := range fields {
		return v, fmt.Errorf("%s is missing", name)
	}
	return v, nil
}
