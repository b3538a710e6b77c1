package main

import (
	"context"
	"slices"

	attackresults "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/runner/attack"
)

// everyIncident is the name that stands for all of them.
const everyIncident = "all"

func incidentNames() []string {
	var names []string
	for _, i := range attack.Incidents() {
		names = append(names, i.Name)
	}
	return names
}

// chosenIncidents are those of the names, in the order in which the paper tells
// them.
func chosenIncidents(names []string) ([]attack.Incident, error) {
	for _, name := range names {
		if _, err := choice("incident", name, append(incidentNames(), everyIncident)); err != nil {
			return nil, err
		}
	}
	if dup := duplicate(names); dup != "" {
		return nil, usagef("", "incident %s is named twice", dup)
	}
	if len(names) == 0 {
		return nil, usagef("", "no incident given")
	}
	return slices.DeleteFunc(attack.Incidents(), func(i attack.Incident) bool {
		return !slices.Contains(names, everyIncident) && !slices.Contains(names, i.Name)
	}), nil
}

// replay shows incidents that the paper tells.
func (a *app) replay(ctx context.Context, f *attackFlags) error {
	if f.attacks != nil {
		return usagef("run them one after the other", "--attack and --incident do not go together")
	}
	if err := f.check(); err != nil {
		return err
	}
	chosen, err := chosenIncidents(f.incidents)
	if err != nil {
		return err
	}
	file, err := a.inLab(ctx, f, func(lab *attack.Lab, file *attackresults.File) (err error) {
		for _, i := range chosen {
			file.Incidents = append(file.Incidents, i.Incident)
		}
		file.Cells, err = attack.Replay(ctx, attack.Config{Variants: f.variants, Lab: lab, Done: a.attackProgress(f)}, chosen)
		return err
	})
	if err != nil {
		return err
	}
	return a.showAttacks(f, file)
}
