package stats

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSensitivityProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(56, 57))
	type views struct {
		mw         MannWhitney
		hl         HodgesLehmann
		yuen, logs Yuen
	}
	of := func(x, y []float64) (v views) {
		t.Helper()
		var errs [4]error
		v.mw, errs[0] = MannWhitneyTest(x, y)
		v.hl, errs[1] = HodgesLehmannShift(x, y, 0.95)
		v.yuen, errs[2] = YuenTest(x, y, 1)
		v.logs, errs[3] = YuenTestOfLogs(x, y, 1)
		if err := errors.Join(errs[:]...); err != nil {
			t.Fatal(err)
		}
		return v
	}
	for range 40 {
		x, y := lognormal(rng, 4+rng.IntN(9), 2, 0.4), lognormal(rng, 4+rng.IntN(9), 2.2, 0.4)
		if rng.IntN(2) == 0 {
			x, y = integers(rng, len(x), 5, 9), integers(rng, len(y), 6, 11)
		}
		a := of(x, y)

		// Swapping the arms turns signs and keeps p-values.
		s := of(y, x)
		near(t, "swapped U", s.mw.U, float64(len(x)*len(y))-a.mw.U)
		near(t, "swapped delta", s.mw.Delta, -a.mw.Delta)
		near(t, "swapped rank p", s.mw.P, a.mw.P)
		near(t, "swapped shift", s.hl.Shift, -a.hl.Shift)
		near(t, "swapped low", s.hl.Low, -a.hl.High)
		near(t, "swapped high", s.hl.High, -a.hl.Low)
		near(t, "swapped Yuen", s.yuen.P, a.yuen.P)
		near(t, "swapped Yuen on logs", s.logs.Difference, -a.logs.Difference)

		// Another unit scales what has a unit. A power of two keeps ties exact.
		u := of(scaled(x, 1024), scaled(y, 1024))
		near(t, "scaled rank p", u.mw.P, a.mw.P)
		near(t, "scaled shift", u.hl.Shift, 1024*a.hl.Shift)
		near(t, "scaled low", u.hl.Low, 1024*a.hl.Low)
		near(t, "scaled Yuen", u.yuen.P, a.yuen.P)
		if math.Abs(u.logs.P-a.logs.P) > 1e-9 {
			t.Errorf("scaled Yuen on logs: %v, %v", u.logs.P, a.logs.P)
		}

		// Adding one number to one arm adds it to the shift and its interval.
		moved := slices.Clone(x)
		for i := range moved {
			moved[i] += 64
		}
		m := of(moved, y)
		near(t, "moved shift", m.hl.Shift, a.hl.Shift+64)
		near(t, "moved low", m.hl.Low, a.hl.Low+64)
		near(t, "moved high", m.hl.High, a.hl.High+64)
		near(t, "moved Yuen", m.yuen.Difference, a.yuen.Difference+64)
		near(t, "moved spread", m.yuen.StandardError, a.yuen.StandardError)

		// Ranks see the order alone.
		squares := func(xs []float64) []float64 {
			out := slices.Clone(xs)
			for i, v := range xs {
				out[i] = v * v
			}
			return out
		}
		q := of(squares(x), squares(y))
		near(t, "rank p of squares", q.mw.P, a.mw.P)
		near(t, "Yuen on logs of squares", q.logs.Difference, 2*a.logs.Difference)
	}
}
