package runner

import (
	"hash/fnv"
	"math/rand/v2"
)

// Unit is one visit of an arm: an instance that gives a cold sample and then a
// hot one.
type Unit struct {
	Scenario int // index into the experiment's scenarios
	Arm      int // index into its arms
	Block    int // 0 … runs-1
}

// Schedule lays out runs blocks per scenario. Every block holds each arm once,
// in an order drawn from the seed, so that drift of the machine hits all arms
// alike. The order within a scenario depends on the seed and the scenario's
// name alone: adding a scenario changes no other.
func Schedule(seed uint64, scenarioNames []string, arms, runs int) []Unit {
	units := make([]Unit, 0, len(scenarioNames)*arms*runs)
	for s, name := range scenarioNames {
		h := fnv.New64a()
		_, _ = h.Write([]byte(name))
		rng := rand.New(rand.NewPCG(seed, h.Sum64()))
		for block := range runs {
			for _, arm := range rng.Perm(arms) {
				units = append(units, Unit{Scenario: s, Arm: arm, Block: block})
			}
		}
	}
	return units
}
