package model

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/results/paper"
)

// Draw is one simulated invocation: ms of wall time, MB.
type Draw struct {
	// ReportedMS is what the platform meters, at its resolution; TotalMS is from
	// the request for an instance (cold) or the event (hot) to the answer.
	ReportedMS, TotalMS float64
	MemoryMB            float64
	// The parts of TotalMS, in this order; drift is in them.
	ProvisionMS, RuntimeMS float64
	InitMS                 float64 // start-up, the mechanism's initialisation included
	WorkMS                 float64 // the handler's own
	AccessMS               float64 // all accesses to secrets
	StorageMS, NetworkMS   float64
	// ThrottledMS is how long the quota held the invocation back; it is part of
	// InitMS, WorkMS and AccessMS.
	ThrottledMS float64
	Drift       float64 // d_jk, on the log scale
}

// Stream draws the samples of one cell. It is used by one goroutine.
type Stream struct {
	law    law
	drift  drift
	quota  Quota
	pinned *figures // of a pinned replay: what every batch is made to give
	rng    *source
	batch  float64 // the batch's share of the drift
	shared bool    // batch was given and is kept
	within float64
	begun  bool
}

// Stream returns the samples of a cell, one random stream per cell: what it
// draws depends on seed and cell alone, so that adding a cell changes no other.
// Every batch has drift of its own, as arms have that are measured at separate
// times. The error wraps ErrCell.
func (m *Model) Stream(seed uint64, cell Cell) (*Stream, error) {
	l, err := m.law(cell)
	if err != nil {
		return nil, err
	}
	s := &Stream{law: l, drift: m.drift, quota: m.quota, rng: newSource(seed, "cell", cell.String())}
	if m.pinned {
		f := m.published[cell]
		s.pinned = &f
	}
	return s, nil
}

// Interleaved is Stream for a run that interleaves its arms: all cells of one
// platform and scenario share the batch's drift, so that it cancels between
// them.
func (m *Model) Interleaved(seed uint64, cell Cell) (*Stream, error) {
	s, err := m.Stream(seed, cell)
	if err != nil {
		return nil, err
	}
	s.shared = true
	s.batch = s.drift.between(newSource(seed, "batch", cell.Platform, cell.Scenario))
	return s, nil
}

// Next is the next sample of the present batch. A pinned replay has whole
// batches only; Next draws from the law that they are pinned from.
func (s *Stream) Next() Draw {
	if !s.begun {
		s.begin()
	}
	var d Draw
	s.law.draw(s.rng, s.quota, s.step(), 1, &d)
	d.MemoryMB = s.law.drawMemory(s.rng, 0)
	return d
}

// begin starts a batch.
func (s *Stream) begin() {
	s.rng.batch()
	if !s.shared {
		s.batch = s.drift.between(s.rng)
	}
	s.within = s.drift.begin(s.rng)
	s.begun = true
}

// step is the drift of the next sample.
func (s *Stream) step() float64 {
	d := s.batch + s.within
	s.within = s.drift.next(s.rng, s.within)
	return d
}

// Batch draws a new batch of n samples. Of a pinned replay it needs three or
// more: it scales their times, and shifts their memory, so that the trimmed
// means are the published figures.
func (s *Stream) Batch(n int) []Draw {
	s.begun = false
	draws := make([]Draw, n)
	for i := range draws {
		draws[i] = s.Next()
	}
	if s.pinned != nil && n > 2*paper.Trim {
		pin(draws, *s.pinned)
	}
	return draws
}

// pin makes the trimmed means of a batch those of the table.
func pin(draws []Draw, want figures) {
	times, memory := make([]float64, len(draws)), make([]float64, len(draws))
	for i, d := range draws {
		times[i], memory[i] = d.ReportedMS, d.MemoryMB
	}
	factor := want.timeMS / trimmedMean(times, paper.Trim)
	shift := want.memoryMB - trimmedMean(memory, paper.Trim)
	for i := range draws {
		d := &draws[i]
		for _, part := range []*float64{
			&d.ReportedMS, &d.TotalMS, &d.ProvisionMS, &d.RuntimeMS, &d.InitMS, &d.WorkMS, &d.AccessMS, &d.StorageMS, &d.NetworkMS, &d.ThrottledMS,
		} {
			*part *= factor
		}
		d.MemoryMB += shift
	}
}

// TrimmedMean is the published statistic of a new batch of n samples, trim
// dropped at each end, 2·trim < n: time in ms, memory in MB. It makes no Draws
// and, for n up to 64, allocates nothing.
func (s *Stream) TrimmedMean(n, trim int) (timeMS, memoryMB float64) {
	return s.trimmedMean(n, trim, 1, 0)
}

// trimmedMean with the benchmark's part of the time scaled, and of the memory
// shifted.
func (s *Stream) trimmedMean(n, trim int, scale, shift float64) (timeMS, memoryMB float64) {
	var buffer [64]float64
	values := buffer[:0]
	if n > len(buffer) {
		values = make([]float64, 0, n)
	}
	values = values[:n]
	s.begin()
	var d Draw
	for i := range values {
		s.law.draw(s.rng, s.quota, s.step(), scale, &d)
		values[i] = d.ReportedMS
	}
	timeMS = trimmedMean(values, trim)
	for i := range values {
		values[i] = s.law.drawMemory(s.rng, shift)
	}
	memoryMB = trimmedMean(values, trim)
	if s.pinned != nil {
		return s.pinned.timeMS, s.pinned.memoryMB
	}
	return timeMS, memoryMB
}

// draw fills d. scale multiplies what was calibrated, not what the mechanism
// costs.
func (l *law) draw(r *source, q Quota, deviation, scale float64, d *Draw) {
	factor := 1.0
	if deviation != 0 {
		factor = math.Exp(deviation)
	}
	provision, runtime := scale*l.provision.draw(r), scale*l.runtime.draw(r)
	initial := scale*l.startup.draw(r) + l.initialise.draw(r)
	work := scale * l.work.draw(r)
	access := l.accesses * l.access.draw(r)
	storage, network := scale*l.storage.draw(r), scale*l.network.draw(r)

	burst := initial + work + access
	wallInit, wall := initial, burst
	if !q.unlimited() && burst > 0 {
		phase := q.PeriodMS * r.uniform()
		wall, wallInit = q.Wall(burst, phase), q.Wall(initial, phase)
	}
	// The burst goes on from initialisation to the handler; a wait at the seam
	// falls to the handler, by the share of work and access in it.
	stretch := 1.0
	if work+access > 0 {
		stretch = (wall - wallInit) / (work + access)
	}
	d.Drift = deviation
	d.ProvisionMS, d.RuntimeMS = factor*provision, factor*runtime
	d.InitMS = factor * wallInit
	d.WorkMS, d.AccessMS = factor*work*stretch, factor*access*stretch
	d.StorageMS, d.NetworkMS = factor*storage, factor*network
	d.ThrottledMS = factor * (wall - burst)
	metered := factor * (wall + storage + network)
	d.TotalMS = metered + d.ProvisionMS + d.RuntimeMS
	if l.startMetered {
		metered = d.TotalMS
	}
	d.ReportedMS = Quantise(metered, l.resolution)
}

// drawMemory is M0 + v·m_mod·(1 − ω) + nonces·bytes + ε.
func (l *law) drawMemory(r *source, shift float64) float64 {
	return max(0, l.memory+shift+l.memoryToken+l.memorySD*r.normal())
}

// sortedCells are the keys of a map, in the order of their names.
func sortedCells[V any](m map[Cell]V) []Cell {
	return slices.SortedFunc(maps.Keys(m), func(a, b Cell) int { return strings.Compare(a.String(), b.String()) })
}
