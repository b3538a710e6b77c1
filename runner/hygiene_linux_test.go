package runner

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core/broker"
	"github.com/dtbench/dtbench/internal/memscan"
	"github.com/dtbench/dtbench/internal/needs"
	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/platforms/local"
	"github.com/dtbench/dtbench/runner/services"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/build"
	"github.com/dtbench/dtbench/scenarios/build/buildtest"
)

// After each invocation, with the values opened, used against the real services
// and released, no copy of a protected value is anywhere in its processes. The
// instance is idle when it is scanned: it waits for the next event.
func TestNoProtectedValueIsInMemoryAfterItsRelease(t *testing.T) {
	needs.Ptrace(t)
	binaries := buildtest.Programs(t, build.AllPrograms(scenarios.All(), scenarios.Variants())...)
	s, err := services.Start(context.Background(), services.Options{
		Scenarios: scenarios.All(), ObjectSize: 1024, Latency: "none", WorkDir: t.TempDir(),
		Programs: func(name string) string { return binaries[name].Path },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p, err := local.Open(local.Options{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	instances, invocations := 3, 5
	if testing.Short() {
		instances = 1
	}
	for _, sc := range scenarios.All() {
		for _, v := range scenarios.Variants() {
			program := build.FunctionProgram(sc.Name, v.Name).Name
			fn := platforms.Function{Name: sc.Name + "/" + v.Name, Binary: binaries[program].Path}
			fn.Settings, fn.Secrets = s.Environment(sc, v)
			decoy := "decoy-" + rand.Text()
			fn.Settings["DECOY"] = decoy
			needles := memscan.Needles(fn.Secrets)
			for range instances {
				in, err := p.Prepare(context.Background(), fn)
				if err != nil {
					t.Fatal(err)
				}
				for n := range invocations {
					if _, err := in.Invoke(context.Background(), []byte(event)); err != nil {
						t.Fatal(err)
					}
					pids, err := memscan.Children(os.Getpid(), filepath.Base(fn.Binary))
					if err != nil || len(pids) != 1 {
						t.Fatalf("%s: processes %v, %v", fn.Name, pids, err)
					}
					r, err := memscan.Family(pids[0], v.Processes, []byte(decoy), broker.ProcessName, []byte(broker.Variable), needles)
					if err != nil {
						t.Fatalf("%s: %v", fn.Name, err)
					}
					if n == invocations-1 {
						t.Logf("%-18s %d secrets, %2d copies, %2d of the decoy, in %4.1f MB and the environ of %d threads",
							fn.Name, len(fn.Secrets), len(r.Hits), r.Decoys, float64(r.Bytes)/1e6, r.Threads)
					}
					if v.Erases && len(r.Hits) > 0 {
						t.Errorf("%s, invocation %d: %v", fn.Name, n+1, r.Hits)
					}
					for name := range needles {
						if !v.Erases && r.Count(name) == 0 {
							t.Errorf("%s: the scan does not find %s", fn.Name, name)
						}
					}
				}
				if err := in.Close(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
