package machine

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/internal/needs"
)

func TestTheFingerprintDescribesThisMachineAndNamesNobody(t *testing.T) {
	needs.Linux(t)
	env, _ := Begin().End()
	if env.OS != "linux" || env.Kernel == "" || env.CPUs < 1 || env.MemoryBytes < 1<<20 || env.Started.IsZero() || env.Finished.Before(env.Started) {
		t.Errorf("%+v", env)
	}
	data, err := json.Marshal(env)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{os.Getenv("USER"), os.Getenv("HOME")} {
		if len(name) > 2 && strings.Contains(string(data), name) {
			t.Errorf("%s holds %q", data, name)
		}
	}
	if host, err := os.Hostname(); err == nil && len(host) > 6 && strings.Contains(string(data), host) {
		t.Errorf("%s holds the host's name", data)
	}
}

func TestANoisyMachineIsTold(t *testing.T) {
	const second = time.Second
	check := func(name string, end counters, want ...string) {
		t.Helper()
		now := time.Now()
		w := &Watch{began: counters{at: now}}
		end.at, end.all = now.Add(10*second), 2000
		_, warnings := w.compare(end)
		if len(warnings) != len(want) {
			t.Errorf("%s: %q", name, warnings)
			return
		}
		for i := range want {
			if !strings.Contains(warnings[i], want[i]) {
				t.Errorf("%s: %q does not say %q", name, warnings[i], want[i])
			}
		}
	}
	check("quiet", counters{pressure: 3 * second, busy: 1000, ours: 900, steal: 2})
	check("others at work", counters{pressure: 6 * second, busy: 1500, ours: 700}, "other processes took 40 %")
	check("others at work on processors that we did not need", counters{pressure: second, busy: 1500, ours: 700})
	check("others at work, no word of pressure", counters{pressure: -1, busy: 1500, ours: 700}, "other processes took 40 %")
	check("stolen", counters{steal: 100}, "the hypervisor gave 5.0 %")
	check("both", counters{pressure: 9 * second, busy: 1500, steal: 1000}, "75 %", "50.0 %")
	check("unknown", counters{pressure: -1, steal: -1})
}

func TestOurOwnWorkIsOurs(t *testing.T) {
	needs.Linux(t)
	before := readCounters()
	for end := time.Now().Add(300 * time.Millisecond); time.Now().Before(end); {
	}
	after := readCounters()
	if ours := after.ours - before.ours; ours < 5 { // 300 ms are 30 ticks on an idle processor
		t.Errorf("burning 300 ms counts as %d ticks", ours)
	}
	if after.busy < before.busy || after.all <= before.all {
		t.Errorf("counters go backwards: %+v %+v", before, after)
	}
}
