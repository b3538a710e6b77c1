package dtbench_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/platforms/simulated/model"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
	"github.com/dtbench/dtbench/results/profiles"
	"github.com/dtbench/dtbench/results/reproduction"
	"github.com/dtbench/dtbench/scenarios"
)

// block replaces what stands between the lines around a part of a document.
func block(t *testing.T, document, name, content string) string {
	t.Helper()
	begin, end := fmt.Sprintf("<!-- begin: %s, written by go test -run TestDocuments . -update -->\n", name), "<!-- end -->\n"
	before, rest, ok := strings.Cut(document, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("the document has lost the lines around its %s", name)
	}
	return before + begin + "\n" + content + "\n" + end + after
}

// The tables of docs/simulation.md are the model's.
func TestDocumentsShowTheModel(t *testing.T) {
	parameters, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	assumed := "| parameter | low | central | high | source |\n|---|---:|---:|---:|---|\n"
	for _, p := range parameters.Values {
		assumed += fmt.Sprintf("| %s (%s) | %g | %g | %g | %s: %s |\n", strings.ReplaceAll(p.Name, "_", " "), p.Unit, p.Low, p.Central, p.High, p.Strength, p.Source)
	}
	for _, p := range parameters.Platforms {
		assumed += fmt.Sprintf("\n%s: %s. Resolution %g ms.\n", p.Name, p.Source, p.ResolutionMS)
	}
	assumed += fmt.Sprintf("\nQuota of the published figures: %g processors, period %g ms: %s.\n", parameters.Quota.VCPU, parameters.Quota.PeriodMS, parameters.Quota.Source)
	holds(t, "docs/simulation.md", func(old string) string {
		return block(t, block(t, old, "parameters", assumed), "parts", parts(t, parameters))
	})
}

// digits after the point, for three that count.
func digits(v float64) int {
	switch {
	case v == 0 || v >= 100:
		return 0
	case v >= 10:
		return 1
	case v >= 1:
		return 2
	}
	return 4
}

func parts(t *testing.T, parameters model.Parameters) string {
	t.Helper()
	published, err := paper.Load()
	if err != nil {
		t.Fatal(err)
	}
	table := "| platform, scenario | provisioning and runtime start | start-up | work | storage | network | go: initialisation | accesses | paper-python: initialisation | accesses |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
	models := map[string]*model.Model{}
	for _, name := range []string{profiles.Go, profiles.PaperPython} {
		profile, err := profiles.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if models[name], err = model.Calibrate(parameters, model.Central, published, profile); err != nil {
			t.Fatal(err)
		}
	}
	for _, platform := range parameters.Platforms {
		for _, s := range scenarios.All() {
			at := func(profile string) model.Parts {
				p, err := models[profile].Parts(model.Cell{Platform: platform.Name, Scenario: s.Name, Variant: "optimized", Start: results.Cold})
				if err != nil {
					t.Fatal(err)
				}
				return p
			}
			if basis, err := models[profiles.Go].Basis(model.Cell{Platform: platform.Name, Scenario: s.Name, Variant: "optimized", Start: results.Cold}); err != nil || basis != "" {
				continue
			}
			core, python := at(profiles.Go), at(profiles.PaperPython)
			table += fmt.Sprintf("| %s, %s", platform.Name, s.Name)
			for _, v := range []float64{
				core.ProvisionMS + core.RuntimeMS, core.StartupMS, core.WorkMS, core.StorageMS, core.NetworkMS,
				core.InitialiseMS, core.AccessesMS, python.InitialiseMS, python.AccessesMS,
			} {
				table += " | " + strconv.FormatFloat(reproduction.Round(v), 'f', digits(v), 64)
			}
			table += " |\n"
		}
	}
	return table
}
