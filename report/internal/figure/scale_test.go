package figure

import (
	"math"
	"strings"
	"testing"
)

func TestSymmetricLogScale(t *testing.T) {
	s := Scale{SymmetricLog: true}
	last := math.Inf(-1)
	for _, v := range []float64{-100, -50, -10, -9, -1, 0, 0.5, 10, 11, 100, 3366, 1e6} {
		u := s.Transform(v)
		if u <= last {
			t.Errorf("transform(%v) = %v, not above %v", v, u, last)
		}
		if back := s.inverse(u); math.Abs(back-v) > 1e-9*math.Abs(v) {
			t.Errorf("inverse(transform(%v)) = %v", v, back)
		}
		if s.Transform(-v) != -u {
			t.Errorf("transform is not odd at %v", v)
		}
		last = u
	}
	for v, want := range map[float64]float64{5: 0.5, 10: 1, 100: 2, 1000: 3} {
		if got := s.Transform(v); math.Abs(got-want) > 1e-12 {
			t.Errorf("transform(%v) = %v, want %v", v, got, want)
		}
	}
}

func TestTicks(t *testing.T) {
	check := func(s Scale, min, max float64, want string) {
		t.Helper()
		var labels []string
		for _, tick := range s.Ticks(min, max) {
			if tick.Value < min || tick.Value > max {
				t.Errorf("tick %v outside %v to %v", tick.Value, min, max)
			}
			if !tick.IsMinor() {
				labels = append(labels, tick.Label)
			}
		}
		if got := strings.Join(labels, " "); got != want {
			t.Errorf("ticks of %v to %v: %s, want %s", min, max, got, want)
		}
	}
	linear, log := Scale{}, Scale{SymmetricLog: true}
	check(linear, -8, 20, "-5 0 5 10 15 20")
	check(linear, -3, 72, "0 20 40 60")
	check(linear, -0.02, 0.03, "-0.02 -0.01 0 0.01 0.02 0.03")
	check(linear, 0, 950, "0 200 400 600 800")
	check(log, -60, 5000, "0 10 100 1000 -10")
	check(log, -100, 10000, "0 10 100 1000 10000 -10 -100")
	check(log, 0, 2e12, "0 10 1000 100000 1e+07 1e+09 1e+11 1e+13"[:len("0 10 1000 100000 1e+07 1e+09 1e+11")])
}
