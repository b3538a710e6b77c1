package model

import (
	"math"
	"math/rand/v2"
	"testing"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tolerance {
		t.Errorf("%s: %v, want %v ± %v", what, got, want, tolerance)
	}
}

func TestQuota(t *testing.T) {
	half := NewQuota(0.5, 100)
	check := func(work, phase, want float64) {
		t.Helper()
		near(t, "wall", half.Wall(work, phase), want, 1e-9)
	}
	check(0, 10, 0)
	check(50, 0, 50)   // a whole budget, from a refill
	check(50, 99, 50)  // and across one
	check(60, 0, 110)  // 50, then 50 of waiting, then 10
	check(60, 50, 60)  // the refill comes as the budget ends
	check(60, 49, 61)  // 1 ms too late
	check(60, 95, 110) // 5, then a whole budget, 50 of waiting, and 5
	check(160, 0, 310) // three budgets and 10
	least, most := math.Inf(1), 0.0
	for phase := 0.0; phase < 100; phase += 0.25 {
		wall := half.Wall(60, phase)
		least, most = min(least, wall), max(most, wall)
		if w := half.Wall(49.9, phase); w != 49.9 {
			t.Errorf("49.9 ms at phase %v take %v: a burst within the budget is never throttled", phase, w)
		}
	}
	near(t, "60 ms at best", least, 60, 1e-9)
	near(t, "60 ms at worst", most, 110, 1e-9)
	for _, q := range []Quota{{}, NewQuota(0, 20), NewQuota(1, 20), NewQuota(2, 20)} {
		near(t, "no quota", q.Wall(1234, 3), 1234, 0)
		near(t, "no quota", q.Supply(1234, 3), 1234, 0)
	}
}

// stepped is the quota as the scheduler does it, a small step at a time.
func stepped(q Quota, work, phase, step float64) float64 {
	budget, wall, toRefill := q.BudgetMS, 0.0, q.PeriodMS-phase
	for work > step/2 {
		if budget > step/2 {
			budget -= step
			work -= step
		}
		wall += step
		if toRefill -= step; toRefill < step/2 {
			budget, toRefill = q.BudgetMS, q.PeriodMS
		}
	}
	return wall
}

func TestQuotaAgainstSteps(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const step = 0.25
	for range 2000 {
		q := Quota{BudgetMS: step * float64(1+r.IntN(60)), PeriodMS: step * float64(20+r.IntN(100))}
		work, phase := step*float64(1+r.IntN(2000)), step*float64(r.IntN(int(q.PeriodMS/step)))
		if got, want := q.Wall(work, phase), stepped(q, work, phase, step); math.Abs(got-want) > 1e-6 {
			t.Fatalf("%+v: %v ms at phase %v take %v, in steps %v", q, work, phase, got, want)
		}
	}
}

func TestSupplyIsTheInverseOfWall(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		q := NewQuota(0.1+0.8*r.Float64(), 1+100*r.Float64())
		work, phase := 500*r.Float64(), q.PeriodMS*r.Float64()
		wall := q.Wall(work, phase)
		near(t, "supply after the wall time", q.Supply(wall, phase), work, 1e-6)
		if q.Supply(wall-1e-6, phase) > work {
			t.Fatalf("%+v: %v ms were there before %v", q, work, wall)
		}
	}
}
