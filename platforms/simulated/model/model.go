// Package model is the arithmetic of the simulated platforms: how long an
// invocation takes and how much memory it needs where nothing can be measured.
//
// It is fitted to the paper's benchmark rows and to nothing else; the optimized
// rows are predicted from what the token mechanism costs elsewhere (a cost
// profile), so their distance from the published rows is a test. No variance
// was published: eight benchmark means identify eight sums, and every spread is
// a parameter with a source of its own (parameters.json), in three presets.
//
// For platform p, scenario s, start, variant v ∈ {0 benchmark, 1 optimized}, run
// k of batch j:
//
//	Y = q( G_p[ cold·reported_p·(P + R) + cold·(U_s + v·C_init(s)) + W_s + v·n_s·C_access + storage + network ] · exp(d_jk) )
//
// with provisioning P and runtime start R, the scenario's own start-up U, the
// handler's work W, n accesses to secrets, the CPU quota G, drift d and the
// metric's resolution q. U, W and the costs of the mechanism are processor time,
// one burst of an instance that was idle, beginning at a random phase of the
// quota; P, R, storage and network are waits.
//
// The package does no input or output beyond its embedded parameters and is
// deterministic: the same parameters, seed and machine architecture give the
// same figures. A Model may be used concurrently, a Stream may not.
package model

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/dtbench/dtbench/results"
)

// ErrCell is wrapped where a cell is named that the model does not have.
var ErrCell = errors.New("no such cell in the model")

// ErrCalibration is wrapped where the published figures and the parameters have
// no solution.
var ErrCalibration = errors.New("the model cannot be calibrated")

// Names of the variants that the paper has.
const (
	benchmark = "benchmark"
	optimized = "optimized"
)

// Extrapolated is the basis of a cell whose scenario has no published figures
// on that platform. It decides no claim.
const Extrapolated = "extrapolated"

// Cell is what 15 samples are drawn for.
type Cell struct {
	Platform string
	Scenario string
	Variant  string
	Start    results.Start
}

func (c Cell) String() string {
	return strings.Join([]string{c.Platform, c.Scenario, c.Variant, string(c.Start)}, "/")
}

// Model draws samples of cells.
type Model struct {
	preset     Preset
	provenance results.Provenance
	pinned     bool
	hash       string
	drift      drift
	quota      Quota
	laws       map[Cell]law
	metering   map[string]Platform
	// published holds the means of the cells that the model is fitted to.
	published map[Cell]figures
}

type figures struct{ timeMS, memoryMB float64 }

// law is what is drawn for one cell: processor time and waits in ms under no
// quota, memory in MB.
type law struct {
	provision, runtime                Distribution // waits before main
	startup, initialise, work, access Distribution // processor time; access is of one
	storage, network                  Distribution // waits in the handler
	accesses                          float64
	startMetered                      bool
	resolution                        float64
	memory, memoryToken, memorySD     float64
	basis                             string
}

// Preset is the one that the model was made with.
func (m *Model) Preset() Preset { return m.preset }

// Provenance is simulated for a calibrated model and replayed for a replay.
func (m *Model) Provenance() results.Provenance { return m.provenance }

// ParameterHash identifies everything that the figures come from but preset and
// seed: the parameters, the published figures used, and the cost profile.
func (m *Model) ParameterHash() string { return m.hash }

// Under is the same model under another CPU quota. What was calibrated, under
// the published quota, is processor time and stays.
func (m *Model) Under(q Quota) *Model {
	other := *m
	other.quota = q
	return &other
}

// WithoutToken is the model in which the mechanism costs nothing: the optimized
// function is the benchmark function. It answers what the published optimized
// figures look like under no effect at all.
func (m *Model) WithoutToken() *Model {
	other := *m
	other.laws = map[Cell]law{}
	for cell, l := range m.laws {
		l.initialise, l.access, l.memoryToken = Distribution{}, Distribution{}, 0
		other.laws[cell] = l
	}
	return &other
}

// Basis is Extrapolated where a cell's scenario has no published figures on its
// platform, and empty where it has. The error wraps ErrCell.
func (m *Model) Basis(cell Cell) (string, error) {
	l, err := m.law(cell)
	return l.basis, err
}

// Accesses is n_s, the accesses to secrets that an invocation of the cell is
// charged for; 0 in a benchmark cell. The error wraps ErrCell.
func (m *Model) Accesses(cell Cell) (int, error) {
	l, err := m.law(cell)
	return int(l.accesses), err
}

func (m *Model) law(cell Cell) (law, error) {
	l, ok := m.laws[cell]
	if !ok {
		return law{}, fmt.Errorf("%w: %s", ErrCell, cell)
	}
	return l, nil
}

// hashOf joins the parts in a way that no other parts give.
func hashOf(parts ...[]byte) string {
	h := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(h, "%d:", len(part))
		h.Write(part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// StartMetered is the part of a draw's start (P + R, ms) that the platform's
// metric holds, before the function has done anything.
func (m *Model) StartMetered(platform string, d Draw) float64 {
	if m.metering[platform].StartMetered {
		return d.ProvisionMS + d.RuntimeMS
	}
	return 0
}

// Quantise is a time (ms) as the platform's metric reports it.
func (m *Model) Quantise(platform string, ms float64) float64 {
	return Quantise(ms, m.metering[platform].ResolutionMS)
}

// Parts are the means of what a cell's invocation is made of, in ms: waits, and
// processor time under no quota.
type Parts struct {
	ProvisionMS, RuntimeMS                      float64 // waits
	StartupMS, InitialiseMS, WorkMS, AccessesMS float64 // processor time
	StorageMS, NetworkMS                        float64 // waits
}

// Parts returns what calibration and cost profile gave for a cell. The error
// wraps ErrCell.
func (m *Model) Parts(cell Cell) (Parts, error) {
	l, err := m.law(cell)
	return Parts{
		ProvisionMS: l.provision.Mean(), RuntimeMS: l.runtime.Mean(),
		StartupMS: l.startup.Mean(), InitialiseMS: l.initialise.Mean(), WorkMS: l.work.Mean(), AccessesMS: l.accesses * l.access.Mean(),
		StorageMS: l.storage.Mean(), NetworkMS: l.network.Mean(),
	}, err
}
