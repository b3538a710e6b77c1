package model

import "math"

// Quota is a CPU quota as the Linux scheduler enforces it (CFS bandwidth
// control): a budget of BudgetMS processor time that is refilled, never beyond
// that, every PeriodMS. The zero value is no quota.
type Quota struct {
	BudgetMS, PeriodMS float64
}

// NewQuota is the quota of vcpu processors enforced every periodMS; vcpu 0 is
// none.
func NewQuota(vcpu, periodMS float64) Quota {
	if vcpu <= 0 || periodMS <= 0 {
		return Quota{}
	}
	return Quota{BudgetMS: vcpu * periodMS, PeriodMS: periodMS}
}

// unlimited: one thread can never use up the budget.
func (q Quota) unlimited() bool { return q.PeriodMS <= 0 || q.BudgetMS >= q.PeriodMS }

// Wall is how long (ms) a burst of work ms of processor time takes that begins
// phase ms after a refill on an instance that was idle, so with a full budget.
// It runs until the budget is used up and then waits for the next refill: 60 ms
// under 50 per 100 take 60 to 110, and no burst within the budget ever waits.
func (q Quota) Wall(work, phase float64) float64 {
	if q.unlimited() || work <= 0 {
		return max(0, work)
	}
	refill := q.PeriodMS - phase
	first := min(refill, q.BudgetMS)
	if work <= first {
		return work
	}
	work -= first
	periods := math.Ceil(work/q.BudgetMS) - 1 // whole ones, used up
	return refill + periods*q.PeriodMS + (work - periods*q.BudgetMS)
}

// Supply is the most processor time that such a burst can have had after wall
// ms: the inverse of Wall.
func (q Quota) Supply(wall, phase float64) float64 {
	if q.unlimited() || wall <= 0 {
		return max(0, wall)
	}
	refill := q.PeriodMS - phase
	first := min(refill, q.BudgetMS)
	if wall <= refill {
		return min(wall, first)
	}
	wall -= refill
	periods := math.Floor(wall / q.PeriodMS)
	return first + periods*q.BudgetMS + min(wall-periods*q.PeriodMS, q.BudgetMS)
}
