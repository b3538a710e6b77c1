package trail

import (
	"cmp"
	"slices"
	"time"

	"github.com/dtbench/dtbench/core/audit"
)

// Count is how often something occurred.
type Count struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// Summary counts what a file holds. Every list is sorted by count, largest
// first, then by name; Hours by time.
type Summary struct {
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Records   int       `json:"records"`
	Granted   int       `json:"granted"`
	Refused   int       `json:"refused"` // withdrawn grants included
	Withdrawn int       `json:"withdrawn"`
	Dropped   uint64    `json:"dropped"`
	Longest   uint32    `json:"longest_run_of_failures"`

	Reasons []Count `json:"refusals_by_reason"`
	Sources []Count `json:"refusals_by_source"`
	Keys    []Count `json:"refusals_by_key"`
	Hours   []Count `json:"refusals_by_hour"` // "2026-11-21T22:00Z"
	Events  []Count `json:"critical_events"`
}

// unknown stands for what a record does not say.
const unknown = "(not recorded)"

// Summarise counts entries in the order of the file.
func Summarise(entries []*Entry) *Summary {
	s := &Summary{Records: len(entries)}
	reasons, sources, keys, hours, critical := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	for _, e := range entries {
		if s.From.IsZero() || e.Time.Before(s.From) {
			s.From = e.Time
		}
		if e.Time.After(s.To) {
			s.To = e.Time
		}
		s.Dropped += e.Dropped
		s.Longest = max(s.Longest, e.Failures)
		switch {
		case e.Event == audit.Withdrawn.String():
			s.Withdrawn++
			s.Granted-- // its grant was counted
		case e.Result == audit.Granted.String():
			s.Granted++
		}
		if e.Refused() {
			s.Refused++
			reasons[cmp.Or(e.Reason, unknown)]++
			sources[cmp.Or(e.Source, unknown)]++
			keys[cmp.Or(e.Key, unknown)]++
			hours[e.Time.UTC().Truncate(time.Hour).Format("2006-01-02T15:04Z")]++
		} else if e.Critical() {
			critical[e.Event]++
		}
	}
	s.Reasons, s.Sources, s.Keys, s.Events = ranked(reasons), ranked(sources), ranked(keys), ranked(critical)
	s.Hours = ranked(hours)
	slices.SortFunc(s.Hours, func(a, b Count) int { return cmp.Compare(a.Name, b.Name) })
	return s
}

func ranked(counts map[string]int) []Count {
	list := make([]Count, 0, len(counts))
	for name, n := range counts {
		list = append(list, Count{name, n})
	}
	slices.SortFunc(list, func(a, b Count) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
	})
	return list
}
