package reproduction

import (
	"fmt"
	"maps"
	"slices"

	"github.com/dtbench/dtbench/report/internal/layout"
)

// profileRows are the costs of the mechanism by itself, a column for each profile.
func (d *Document) profileRows() (header []string, rows [][]string) {
	header = []string{"Cost of the mechanism"}
	for _, p := range d.Profiles {
		header = append(header, p.Name)
	}
	row := func(name, unit string, value func(i int) float64) {
		r := []string{name}
		for i := range d.Profiles {
			r = append(r, layout.Quantity(value(i))+" "+unit)
		}
		rows = append(rows, r)
	}
	row("initialisation, modules loaded (c0)", "ms", func(i int) float64 { return d.Profiles[i].InitMS })
	row("loading modules, bare process", "ms", func(i int) float64 { return d.Profiles[i].ModuleMS })
	scenarios := map[string]bool{}
	for _, p := range d.Profiles {
		for s := range p.ModuleLoadedMS {
			scenarios[s] = true
		}
	}
	for _, s := range slices.Sorted(maps.Keys(scenarios)) {
		row("loading modules, after those of "+s, "ms", func(i int) float64 { return d.Profiles[i].ModuleLoadedMS[s] })
	}
	row("one secret access", "ms", func(i int) float64 { return d.Profiles[i].AccessMS })
	row("memory, bare process", "MB", func(i int) float64 { return d.Profiles[i].MemoryMB })
	for _, s := range slices.Sorted(maps.Keys(scenarios)) {
		row("memory, after the modules of "+s, "MB", func(i int) float64 { return d.Profiles[i].MemoryLoadedMB[s] })
	}
	return header, rows
}

// profileSources say where the profiles come from.
func (d *Document) profileSources() (list []string) {
	for _, p := range d.Profiles {
		source := "stored measurement"
		if p.Fresh {
			source = "measured for this report"
		}
		list = append(list, fmt.Sprintf("%s (%s): %s on %s, dtbench %s, %s, by %s. %s", p.Name, source, p.Runtime, p.Machine, p.Version, p.Date, p.Command, capital(p.Note)))
	}
	return list
}
