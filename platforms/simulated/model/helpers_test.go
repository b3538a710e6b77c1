package model

import (
	"math"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
	"github.com/dtbench/dtbench/results/profiles"
)

type inputs struct {
	parameters Parameters
	published  paper.Published
	profile    profiles.Profile
}

func load(t testing.TB) inputs {
	t.Helper()
	var in inputs
	var err error
	if in.parameters, err = Load(); err != nil {
		t.Fatal(err)
	}
	if in.published, err = paper.Load(); err != nil {
		t.Fatal(err)
	}
	if in.profile, err = profiles.Load(profiles.Go); err != nil {
		t.Fatal(err)
	}
	return in
}

func (in inputs) calibrate(t testing.TB, preset Preset) *Model {
	t.Helper()
	m, err := Calibrate(in.parameters, preset, in.published, in.profile)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func stream(t testing.TB, m *Model, seed uint64, cell Cell) *Stream {
	t.Helper()
	s, err := m.Stream(seed, cell)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var (
	helloCold   = Cell{"aliyun", "hello", benchmark, results.Cold}
	networkHot  = Cell{"aliyun", "network", benchmark, results.Hot}
	networkCold = Cell{"aliyun", "network", benchmark, results.Cold}
)

// trimmedMeans is the mean of n trimmed means and its standard error.
func trimmedMeans(t testing.TB, m *Model, cell Cell, n int) (mean, standardError float64) {
	t.Helper()
	s := stream(t, m, 1, cell)
	sum, square := 0.0, 0.0
	for range n {
		x, _ := s.TrimmedMean(15, 1)
		sum, square = sum+x, square+x*x
	}
	mean = sum / float64(n)
	return mean, math.Sqrt((square/float64(n) - mean*mean) / float64(n))
}

func replaceOnce(text, from, to string) string { return strings.Replace(text, from, to, 1) }
