package runner

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/internal/needs"
	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/platforms/local"
	"github.com/dtbench/dtbench/runner/services"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/build"
	"github.com/dtbench/dtbench/scenarios/build/buildtest"
	"github.com/dtbench/dtbench/scenarios/function"
	"github.com/dtbench/dtbench/scenarios/objectstore"
	"github.com/dtbench/dtbench/scenarios/python"
)

// A Python function gives the result of its Go counterpart, against the same
// services and with the same proof of temperature; what it writes arrives.
func TestPythonFunctionsDoWhatThoseInGoDo(t *testing.T) {
	needs.Linux(t)
	needs.Python(t)
	interpreter, err := python.Find(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	scripts := t.TempDir()
	if err := interpreter.Unpack(context.Background(), scripts, python.Cached); err != nil {
		t.Fatal(err)
	}
	binaries := buildtest.Programs(t, build.AllPrograms(scenarios.All(), python.Variants())...)
	s, err := services.Start(context.Background(), services.Options{
		Scenarios: scenarios.All(), ObjectSize: 1234, Latency: "none", WorkDir: t.TempDir(),
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

	// answers of three invocations of one instance
	answers := func(fn platforms.Function) (all []function.Answer) {
		t.Helper()
		in, err := p.Prepare(context.Background(), fn)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		for n := 1; n <= 3; n++ {
			inv, err := in.Invoke(context.Background(), []byte(event))
			if err != nil {
				t.Fatal(err)
			}
			var a function.Answer
			if err := json.Unmarshal(inv.Answer, &a); err != nil {
				t.Fatal(err)
			}
			c := a.Timings
			if a.Invocation != n || len(a.Instance) != 32 || c.Ready < c.Main || c.Entered < c.Ready || c.Secrets <= 0 || c.Handler < c.Secrets || c.Entered < inv.Began {
				t.Errorf("%s, invocation %d: %+v", fn.Name, n, a)
			}
			all = append(all, a)
		}
		if all[0].Instance != all[1].Instance || all[0].Instance != all[2].Instance || all[0].Timings.Main != all[2].Timings.Main {
			t.Errorf("%s: one instance, several names: %+v", fn.Name, all)
		}
		return all
	}
	for _, sc := range scenarios.All() {
		for _, v := range python.Variants() {
			fn := platforms.Function{Name: "python " + sc.Name + "/" + v.Name, Binary: filepath.Join(scripts, python.MainScript(sc.Name, v.Name)), Interpreter: interpreter.Command()}
			fn.Settings, fn.Secrets = s.Environment(sc, v)
			inGo := platforms.Function{Name: "go " + sc.Name + "/" + v.Name, Binary: binaries[build.FunctionProgram(sc.Name, v.Name).Name].Path, Settings: fn.Settings, Secrets: fn.Secrets}
			want := answers(inGo)
			store := objectstore.Client{
				Endpoint: fn.Settings[scenarios.StoreEndpoint], Region: fn.Settings[scenarios.StoreRegion],
				Bucket: fn.Settings[scenarios.StoreBucket], AccessKey: fn.Settings[scenarios.StoreAccessKey],
			}
			secret := []byte(fn.Secrets[scenarios.StoreSecretKey])
			var object []byte
			if sc.Store {
				if object, err = store.Get(context.Background(), fn.Settings[scenarios.StoreObject], secret); err != nil {
					t.Fatal(err)
				}
				if err := store.Delete(context.Background(), fn.Settings[scenarios.StoreObject], secret); err != nil {
					t.Fatal(err)
				}
			}
			for n, got := range answers(fn) {
				if !reflect.DeepEqual(got.Result, want[n].Result) {
					t.Errorf("%s: result %v, in Go %v", fn.Name, got.Result, want[n].Result)
				}
			}
			if sc.Store {
				again, err := store.Get(context.Background(), fn.Settings[scenarios.StoreObject], secret)
				if err != nil || string(again) != string(object) || len(again) != 1234 {
					t.Errorf("%s wrote %d bytes, in Go %d: %v", fn.Name, len(again), len(object), err)
				}
			}
		}
	}

	// Failures come back as they do from Go, and tell no secret.
	fails := func(scenario, variant string, want error, text string, spoil func(fn *platforms.Function)) {
		t.Helper()
		var fn platforms.Function
		for _, sc := range scenarios.All() {
			for _, v := range python.Variants() {
				if sc.Name == scenario && v.Name == variant {
					fn = platforms.Function{Name: "f", Binary: filepath.Join(scripts, python.MainScript(scenario, variant)), Interpreter: interpreter.Command()}
					fn.Settings, fn.Secrets = s.Environment(sc, v)
				}
			}
		}
		spoil(&fn)
		in, err := p.Prepare(context.Background(), fn)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		_, err = in.Invoke(context.Background(), []byte(event))
		if !errors.Is(err, want) || !strings.Contains(err.Error(), text) {
			t.Errorf("%s %s: %v, want %q", scenario, variant, err, text)
		}
		for name, value := range fn.Secrets {
			if err != nil && len(value) > 0 && strings.Contains(err.Error(), value) {
				t.Errorf("%s %s: the error tells %s", scenario, variant, name)
			}
		}
	}
	for _, v := range python.Variants() {
		fails("storage", v.Name, platforms.ErrHandler, "status 403 SignatureDoesNotMatch", func(fn *platforms.Function) {
			fn.Secrets[scenarios.StoreSecretKey] = "not-the-key-0123456789"
		})
		fails("network", v.Name, platforms.ErrHandler, "the target answered status 401", func(fn *platforms.Function) {
			fn.Secrets[scenarios.TargetKey] = "not-the-key-0123456789"
		})
		fails("storage", v.Name, platforms.ErrInit, "OBJECT_SIZE: want a number of bytes", func(fn *platforms.Function) {
			fn.Settings[scenarios.ObjectSize] = "many"
		})
	}
	fails("hello", "benchmark", platforms.ErrHandler, "the environment variable API_KEY is not set", func(fn *platforms.Function) { fn.Secrets = nil })
	fails("hello", "optimized", platforms.ErrInit, "the variable API_KEY of ENCRYPTION_KEYS is not set", func(fn *platforms.Function) { fn.Secrets = nil })
	fails("hello", "optimized", platforms.ErrInit, "ENCRYPTION_KEYS is not set", func(fn *platforms.Function) { delete(fn.Settings, scenarios.EncryptionKeys) })
}
