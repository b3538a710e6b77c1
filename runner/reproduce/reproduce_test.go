package reproduce

import (
	"testing"
	"time"

	"github.com/dtbench/dtbench/platforms/simulated/model"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
	"github.com/dtbench/dtbench/results/profiles"
)

func TestTiming(t *testing.T) {
	par, _ := model.Load()
	pub, _ := paper.Load()
	g, _ := profiles.Load("go")
	p := g
	p.Name = "paper-python"
	p.ModuleMS, p.ModuleLoadedMS = 18, map[string]float64{"storage": 2, "network": 1}
	b := time.Now()
	l, err := Predict(t.Context(), Options{par, pub, []profiles.Profile{g, p}, 1, Draws, nil})
	t.Log(time.Since(b), err)
	for _, q := range Predictions(l) {
		t.Log(q)
	}
	r, _, err := Replay(Options{par, pub, nil, 1, Draws, nil}, "central", false, results.Tool{})
	t.Log(time.Since(b), err)
	for _, x := range r {
		for _, m := range x.Means {
			t.Log(x.Table.Number, m.Published, m, (m.TimeMS-m.Published.TimeMS)/m.TimeError, (m.MemoryMB-m.Published.MemoryMB)/m.MemoryError)
		}
	}
}
