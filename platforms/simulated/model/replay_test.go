package model

import (
	"math"
	"strconv"
	"testing"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/reproduction"
)

func (in inputs) replay(t *testing.T, preset Preset, pinned bool) *Model {
	t.Helper()
	m, err := Replay(in.parameters, preset, in.published, pinned)
	if err != nil {
		t.Fatal(err)
	}
	if m.Provenance() != results.Replayed || len(m.published) != 16 {
		t.Fatalf("%s of %d cells", m.Provenance(), len(m.published))
	}
	return m
}

func TestAFreeReplayHasThePublishedExpectation(t *testing.T) {
	in := load(t)
	for _, preset := range Presets() {
		m := in.replay(t, preset, false)
		for cell, want := range m.published {
			time, memory, err := m.Predict(1, cell, 20_000)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(time.Mean()-want.timeMS) > 3*time.StandardError() {
				t.Errorf("%s %s: %v ± %v, published %v", preset, cell, time.Mean(), time.StandardError(), want.timeMS)
			}
			if math.Abs(memory.Mean()-want.memoryMB) > 3*memory.StandardError() {
				t.Errorf("%s %s: %v ± %v MB, published %v", preset, cell, memory.Mean(), memory.StandardError(), want.memoryMB)
			}
		}
	}
}

func TestAPinnedReplayGivesTheTablesDigitForDigit(t *testing.T) {
	in := load(t)
	m := in.replay(t, High, true)
	print2 := func(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }
	for seed := uint64(1); seed <= 50; seed++ {
		for cell, want := range m.published {
			var times, memory []float64
			for _, d := range stream(t, m, seed, cell).Batch(15) {
				times, memory = append(times, reproduction.Round(d.ReportedMS)), append(memory, reproduction.Round(d.MemoryMB))
			}
			if got := print2(trimmedMean(times, 1)); got != print2(want.timeMS) {
				t.Errorf("seed %d %s: %s ms, published %v", seed, cell, got, want.timeMS)
			}
			if got := print2(trimmedMean(memory, 1)); got != print2(want.memoryMB) {
				t.Errorf("seed %d %s: %s MB, published %v", seed, cell, got, want.memoryMB)
			}
			if times[0] == times[1] {
				t.Errorf("%s has no spread", cell)
			}
		}
	}
}
