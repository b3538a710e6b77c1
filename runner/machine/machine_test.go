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
	now := time.Now()
	watch := func(pressure time.Duration, steal int64) (*Watch, counters) {
		began := counters{at: now, pressure: 0, steal: 0, all: 0}
		return &Watch{began: began}, counters{at: now.Add(10 * time.Second), pressure: pressure, steal: steal, all: 2000}
	}
	check := func(name string, pressure time.Duration, steal int64, want ...string) {
		t.Helper()
		w, end := watch(pressure, steal)
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
	second := time.Second
	check("quiet", 100*time.Millisecond, 2)
	check("busy", 6*second, 2, "the machine was busy: during 60 %")
	check("stolen", 0, 100, "the hypervisor gave 5.0 %")
	check("both", 9*second, 1000, "90 %", "50.0 %")
	check("unknown", -1, -1)
}
