package profiles

import (
	"fmt"
	"time"

	"github.com/dtbench/dtbench/results/reproduction"
)

// paperBuild is the one that the paper's functions had.
const paperBuild = Binary

// FromSamples derives a profile from samples: medians, because a process that was
// held up must not move them.
//
//   - InitMS and AccessMS are those of a bare process; AccessMS is of an access
//     after the first.
//   - ModuleMS and MemoryMB are the import in a bare process. It stands for the
//     paper's hello world, so hello is not among the scenarios of ModuleLoadedMS:
//     what the paper's platform had loaded before is unknown. In our own hello
//     function, whose frame speaks to the platform with json and a socket, less is
//     left to load. Overlaps shows both.
//   - ModuleLoadedMS and MemoryLoadedMB are the import after what the benchmark
//     functions of storage and network load.
//
// All are of the build without source, as the paper's was.
func FromSamples(s *Samples) (Profile, error) {
	if err := s.Validate(); err != nil {
		return Profile{}, err
	}
	if s.Profile != PaperPython {
		return Profile{}, fmt.Errorf("%w: the samples of %s do not hold all of a profile", ErrInvalid, s.Profile)
	}
	find := func(q Quantity, context string) Estimate {
		e, _ := s.Find(q, context, paperBuild) // Validate has seen that it is there
		return e
	}
	spread := func(q Quantity) float64 {
		i := s.index(q, Bare, paperBuild)
		return variation(s.Series[i].Values)
	}
	e := s.Environment
	p := Profile{
		Schema: Schema, Name: s.Profile, Runtime: s.Tool.Python, Version: s.Tool.Version, Commit: s.Tool.Commit,
		Machine: fmt.Sprintf("%s, %d processors, %s/%s, kernel %s", e.CPU, e.CPUs, e.OS, e.Arch, e.Kernel),
		Date:    e.Started.UTC().Format(time.DateOnly), Command: s.Command,
		Note: fmt.Sprintf("medians of %d processes each; the paper published no code, so cipher, hash and imports of this stand-in are guesses; compiled form without source, since the paper's was \"embedded in binary form\"",
			find(ImportMS, Bare).N),
		InitMS: reproduction.Round(find(InitMS, Bare).Median), AccessMS: reproduction.Round(find(AccessMS, Bare).Median),
		ModuleMS: reproduction.Round(find(ImportMS, Bare).Median), ModuleLoadedMS: map[string]float64{},
		MemoryMB: reproduction.Round(find(ImportBytes, Bare).Median / 1e6), MemoryLoadedMB: map[string]float64{},
		NonceBytes: reproduction.Round(find(NonceBytes, Bare).Median),
		Spread:     Spread{Init: spread(InitMS), Module: spread(ImportMS), Access: spread(AccessMS)},
	}
	for _, scenario := range []string{"storage", "network"} {
		p.ModuleLoadedMS[scenario] = reproduction.Round(find(ImportMS, scenario).Median)
		p.MemoryLoadedMB[scenario] = reproduction.Round(find(ImportBytes, scenario).Median / 1e6)
	}
	return p, p.Validate()
}

// OverlapRow says how much of the mechanism's import is left to pay in a process
// that has loaded something already: the overlap ω of the simulation's model, as
// measured.
type OverlapRow struct {
	Context      string   `json:"context"`
	Build        string   `json:"build"`
	ProcessBytes Estimate `json:"process_bytes"` // before the import
	ImportMS     Estimate `json:"import_ms"`
	ImportBytes  Estimate `json:"import_bytes"`
	Time         Share    `json:"time"`   // ω in time: 0 everything is to be paid, 1 nothing
	Memory       Share    `json:"memory"` // ω in memory
}

// Overlaps returns a row for each context and build, in the order of Builds and
// Contexts. In Bare ω is 0 by definition. The samples must be valid.
func Overlaps(s *Samples) []OverlapRow {
	var rows []OverlapRow
	for _, build := range Builds() {
		var bare OverlapRow
		for _, context := range Contexts() {
			r := OverlapRow{Context: context, Build: build}
			r.ProcessBytes, _ = s.Find(ProcessBytes, context, build)
			r.ImportMS, _ = s.Find(ImportMS, context, build)
			r.ImportBytes, _ = s.Find(ImportBytes, context, build)
			if context == Bare {
				bare = r
			} else {
				r.Time, r.Memory = less(bare.ImportMS, r.ImportMS), less(bare.ImportBytes, r.ImportBytes)
			}
			rows = append(rows, r)
		}
	}
	return rows
}
