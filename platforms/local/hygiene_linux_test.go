package local

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core/broker"
	"github.com/dtbench/dtbench/internal/memscan"
	"github.com/dtbench/dtbench/internal/needs"
	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/build"
	"github.com/dtbench/dtbench/scenarios/build/buildtest"
)

// Before the first access no copy of a protected value is anywhere in the
// processes of an instance, in any scenario and any variant that erases; in the others the same
// scan finds them all. What is left after an access is tested in package runner, where the
// services are.
func TestNoProtectedValueIsInMemoryBeforeTheFirstAccess(t *testing.T) {
	needs.Ptrace(t)
	binaries := buildtest.Programs(t, build.AllPrograms(scenarios.All(), scenarios.Variants())...)
	h, err := Open(Options{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	for _, s := range scenarios.All() {
		for _, v := range scenarios.Variants() {
			decoy := "decoy-" + rand.Text()
			fn := platforms.Function{
				Name: s.Name + "/" + v.Name, Binary: binaries[build.FunctionProgram(s.Name, v.Name).Name].Path,
				Settings: map[string]string{
					"DECOY": decoy, scenarios.TargetURL: "http://127.0.0.1:1/", scenarios.ObjectSize: "1024", scenarios.StoreObject: "o",
					scenarios.StoreEndpoint: "http://127.0.0.1:1", scenarios.StoreRegion: "r", scenarios.StoreBucket: "bucket", scenarios.StoreAccessKey: "id",
				},
				Secrets: map[string]string{},
			}
			for _, name := range s.Secrets {
				fn.Secrets[name] = "canary-" + rand.Text()
			}
			if v.Protects {
				fn.Settings[scenarios.EncryptionKeys] = strings.Join(s.Secrets, ",")
			}
			needles := memscan.Needles(fn.Secrets)
			r, err := scanReady(h, fn, v.Processes, decoy, needles)
			if err != nil {
				t.Fatalf("%s: %v", fn.Name, err)
			}
			t.Logf("%-18s %d secrets, %2d copies, %2d of the decoy, in %4.1f MB and the environ of %d threads",
				fn.Name, len(fn.Secrets), len(r.Hits), r.Decoys, float64(r.Bytes)/1e6, r.Threads)
			for name := range needles {
				// On the initial stack, in the runtime, and in every environ.
				if n, want := r.Count(name), 2+r.Threads; !v.Erases && n < want {
					t.Errorf("%s: the scan finds %d copies of %s, expected %d", fn.Name, n, name, want)
				}
			}
			if v.Erases && len(r.Hits) > 0 {
				t.Errorf("%s: %v", fn.Name, r.Hits)
			}
		}
	}
}

// scanReady starts an instance, lets it wait for its first event, and scans it.
func scanReady(h platforms.Platform, fn platforms.Function, processes int, decoy string, needles map[string][]byte) (r memscan.Result, err error) {
	prepared, err := h.Prepare(context.Background(), fn)
	if err != nil {
		return r, err
	}
	defer prepared.Close()
	in := prepared.(*instance)
	if err := in.process.launch(); err != nil {
		return r, err
	}
	in.out.started()
	select {
	case <-in.api.asked:
	case <-in.process.exited:
		return r, fmt.Errorf("ended: %q", in.out.lastLines())
	}
	return memscan.Family(in.process.pid, processes, []byte(decoy), broker.ProcessName, []byte(broker.Variable), needles)
}
