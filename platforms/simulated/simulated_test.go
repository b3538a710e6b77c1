package simulated_test

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/platforms/platformtest"
	"github.com/dtbench/dtbench/platforms/platformtest/orders"
	"github.com/dtbench/dtbench/platforms/simulated"
	"github.com/dtbench/dtbench/platforms/simulated/model"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/paper"
	"github.com/dtbench/dtbench/results/profiles"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/function"
	"github.com/dtbench/dtbench/scenarios/secrets/plain"
)

func calibrated(t *testing.T) *model.Model {
	t.Helper()
	parameters, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	published, err := paper.Load()
	if err != nil {
		t.Fatal(err)
	}
	profile, err := profiles.Load(profiles.Go)
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.Calibrate(parameters, model.Central, published, profile)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// world is an instance's world as the faulty function of the suite wants it.
type world struct {
	*simulated.World
	asleep func()
}

func (w world) Arguments() []string     { return nil }
func (w world) Pipes() int              { return 0 }
func (w world) Child() (int, error)     { return 0, orders.ErrNoProcesses }
func (w world) Cgroup() (string, error) { return "", orders.ErrNoProcesses }
func (w world) Burn(d time.Duration)    { w.Sleep(d) }

func (w world) Sleep(d time.Duration) {
	w.asleep()
	w.World.Sleep(d)
}

func TestConformance(t *testing.T) {
	m := calibrated(t)
	for _, name := range []string{simulated.Aliyun, simulated.Tencent} {
		t.Run(name, func(t *testing.T) {
			platformtest.Run(t, platformtest.Suite{
				InProcess: "faulty",
				Open: func(t *testing.T, s platformtest.Settings) platforms.Platform {
					p, err := simulated.Open(simulated.Options{
						Name: name, Model: m, Seed: 1, MemoryBytes: 512 << 20, Timeout: s.Timeout, Log: s.Log,
						Programs: map[string]simulated.Program{"faulty": {
							Scenario: "hello", Variant: "benchmark",
							Setup: func(w *simulated.World) function.Setup { return orders.Setup(world{w, s.Asleep}) },
							Secrets: func(w *simulated.World) (function.Secrets, error) {
								return plain.Environment(w.LookupEnv), nil
							},
							Invoke: orders.Invoke,
						}},
					})
					if err != nil {
						t.Fatal(err)
					}
					return p
				},
				Leftovers: func(*testing.T) []string { return nil }, // there is nothing outside this process
			})
		})
	}
}

func open(t *testing.T, o simulated.Options) *simulated.Platform {
	t.Helper()
	if o.Model == nil {
		o.Model = calibrated(t)
	}
	if o.Name == "" {
		o.Name = simulated.Aliyun
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	p, err := simulated.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// function as the runner describes it.
func describe(p *simulated.Platform, scenario, variant string) platforms.Function {
	a := p.Account()
	return platforms.Function{
		Name: scenario + "/" + variant, Binary: simulated.ProgramName(scenario, variant),
		Settings: map[string]string{
			scenarios.ObjectSize: "1024", scenarios.StoreEndpoint: a.Endpoint, scenarios.StoreRegion: a.Region, scenarios.StoreBucket: a.Bucket,
			scenarios.StoreAccessKey: a.AccessKey, scenarios.StoreObject: "dtbench/x", scenarios.TargetURL: a.TargetURL,
			scenarios.EncryptionKeys: strings.Join(secretsOf(scenario), ","),
		},
		Secrets: map[string]string{scenarios.APIKey: "an-api-key", scenarios.StoreSecretKey: a.SecretKey, scenarios.TargetKey: a.TargetKey},
	}
}

func secretsOf(scenario string) []string {
	for _, s := range scenarios.All() {
		if s.Name == scenario {
			return s.Secrets
		}
	}
	return nil
}

// invoke makes a new instance and calls it n times.
func invoke(t *testing.T, p platforms.Platform, fn platforms.Function, n int) (all []platforms.Invocation) {
	t.Helper()
	in, err := p.Prepare(context.Background(), fn)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for range n {
		inv, err := in.Invoke(context.Background(), []byte(`{"source":"test"}`))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, inv)
	}
	return all
}

// What the platform charges is what the model draws for the cell: the handler
// makes the accesses, the writes and the requests that the model counts.
func TestTimesAreTheModels(t *testing.T) {
	m := calibrated(t)
	for _, name := range []string{simulated.Aliyun, simulated.Tencent} {
		for _, s := range scenarios.All() {
			for _, variant := range simulated.Variants() {
				p := open(t, simulated.Options{Name: name, Model: m, Seed: 7})
				cell := model.Cell{Platform: name, Scenario: s.Name, Variant: variant}
				draws := map[int]model.Draw{}
				for i, start := range []results.Start{results.Cold, results.Hot} {
					cell.Start = start
					stream, err := m.Interleaved(7, cell)
					if err != nil {
						t.Fatal(err)
					}
					draws[i] = stream.Next()
				}
				for i, inv := range invoke(t, p, describe(p, s.Name, variant), 2) {
					d := draws[i]
					got := float64(*inv.Reported) / 1e6
					if diff := got - d.ReportedMS; diff < -0.0101 || diff > 0.0101 { // a nanosecond may fall on the other side of a step
						t.Errorf("%s invocation %d: reported %v, the model draws %v", cell, i+1, got, d.ReportedMS)
					}
					if diff := float64(inv.Total)/1e6 - d.TotalMS; diff < -1e-4 || diff > 1e-4 {
						t.Errorf("%s invocation %d: total %s, the model draws %v ms", cell, i+1, inv.Total, d.TotalMS)
					}
					if inv.MemoryBytes != int64(d.MemoryMB*1e6) {
						t.Errorf("%s invocation %d: %d bytes, the model draws %v MB", cell, i+1, inv.MemoryBytes, d.MemoryMB)
					}
					var a function.Answer
					if err := json.Unmarshal(inv.Answer, &a); err != nil {
						t.Fatal(err)
					}
					if want := time.Duration((d.WorkMS + d.AccessMS + d.StorageMS + d.NetworkMS) * 1e6); time.Duration(a.Timings.Handler)-want > 100 || want-time.Duration(a.Timings.Handler) > 100 {
						t.Errorf("%s invocation %d: %d ns in the handler, the model draws %s", cell, i+1, a.Timings.Handler, want)
					}
					if want := time.Duration(d.AccessMS * 1e6); time.Duration(a.Timings.Secrets)-want > 100 || want-time.Duration(a.Timings.Secrets) > 100 {
						t.Errorf("%s invocation %d: %d ns in secret access, the model draws %v ms", cell, i+1, a.Timings.Secrets, d.AccessMS)
					}
				}
			}
		}
	}
}

func TestTheSameSeedGivesTheSameAnswers(t *testing.T) {
	m := calibrated(t)
	answers := func(seed uint64) string {
		p := open(t, simulated.Options{Model: m, Seed: seed})
		var b strings.Builder
		for _, variant := range simulated.Variants() {
			for _, inv := range invoke(t, p, describe(p, "network", variant), 3) {
				data, err := json.Marshal(inv)
				if err != nil {
					t.Fatal(err)
				}
				b.Write(data)
			}
		}
		return b.String()
	}
	first, again := answers(1), answers(1)
	if first != again {
		t.Error("the same seed gives other answers")
	}
	if first == answers(2) {
		t.Error("another seed gives the same answers")
	}
}

// The token core and the signatures are real: a wrong secret, a tampered
// environment and an unknown host are refused.
func TestWhatTheFunctionDoesIsReal(t *testing.T) {
	m := calibrated(t)
	check := func(what, scenario string, spoil func(fn *platforms.Function), want error, text string) {
		t.Helper()
		for _, variant := range simulated.Variants() {
			p := open(t, simulated.Options{Model: m})
			fn := describe(p, scenario, variant)
			spoil(&fn)
			in, err := p.Prepare(context.Background(), fn)
			if err != nil {
				t.Fatal(err)
			}
			_, err = in.Invoke(context.Background(), []byte(`{}`))
			if !errors.Is(err, want) || !strings.Contains(err.Error(), text) {
				t.Errorf("%s, %s: %v, want %v that says %q", what, variant, err, want, text)
			}
			if err := in.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	set := func(name, value string) func(fn *platforms.Function) {
		return func(fn *platforms.Function) { fn.Settings[name] = value }
	}
	secret := func(name, value string) func(fn *platforms.Function) {
		return func(fn *platforms.Function) { fn.Secrets[name] = value }
	}
	check("a wrong store key", "storage", secret(scenarios.StoreSecretKey, "wrong"), platforms.ErrHandler, "403")
	check("a wrong target key", "network", secret(scenarios.TargetKey, "wrong"), platforms.ErrHandler, "401")
	check("another bucket", "storage", set(scenarios.StoreBucket, "other"), platforms.ErrHandler, "404")
	check("another host", "storage", set(scenarios.StoreEndpoint, "http://example.invalid"), platforms.ErrHandler, "not reachable")
	check("a missing setting", "storage", set(scenarios.ObjectSize, "many"), platforms.ErrInit, "OBJECT_SIZE")
	p := open(t, simulated.Options{Model: m})
	fn := describe(p, "hello", "optimized")
	fn.Settings[scenarios.EncryptionKeys] = "NOBODY"
	in, err := p.Prepare(context.Background(), fn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Invoke(context.Background(), []byte(`{}`)); !errors.Is(err, platforms.ErrInit) {
		t.Errorf("a key that is not there: %v", err)
	}
	if _, err := p.Prepare(context.Background(), platforms.Function{Binary: "hello-kms"}); !errors.Is(err, simulated.ErrProgram) {
		t.Errorf("a variant that is not there: %v", err)
	}
}

// A guard's records reach the run's log, with no secret in them.
func TestTheAuditRecordsAreLogged(t *testing.T) {
	var log platformtest.Log
	p := open(t, simulated.Options{Log: &log})
	invoke(t, p, describe(p, "hello", "optimized"), 1)
	if text := log.String(); !strings.Contains(text, "hello/optimized #1 | ") || strings.Contains(text, "an-api-key") {
		t.Errorf("log: %q", text)
	}
	log = platformtest.Log{}
	fn := describe(p, "hello", "optimized")
	fn.Policy = []byte(`{"policy":"dtbench/policy/v1","audit":{"mode":"off"}}`)
	invoke(t, p, fn, 1)
	if text := log.String(); text != "" {
		t.Errorf("auditing is off and the log says %q", text)
	}
}

func TestLimits(t *testing.T) {
	m := calibrated(t)
	invoke := func(o simulated.Options) error {
		o.Model = m
		p := open(t, o)
		in, err := p.Prepare(context.Background(), describe(p, "network", "benchmark"))
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		_, err = in.Invoke(context.Background(), []byte(`{}`))
		return err
	}
	if err := invoke(simulated.Options{MemoryBytes: 16 << 20}); !errors.Is(err, platforms.ErrOutOfMemory) {
		t.Errorf("62 MB within 16: %v", err)
	}
	if err := invoke(simulated.Options{Timeout: 100 * time.Millisecond}); !errors.Is(err, platforms.ErrTimeout) {
		t.Errorf("800 ms within 100: %v", err)
	}
	if _, err := simulated.Open(simulated.Options{Name: "moon", Model: m, Timeout: time.Second}); !errors.Is(err, model.ErrCell) {
		t.Errorf("an unknown platform: %v", err)
	}
}

// Closed instances leave no goroutine behind, however they ended.
func TestInstancesLeaveNothingRunning(t *testing.T) {
	p := open(t, simulated.Options{})
	round := func() {
		invoke(t, p, describe(p, "network", "optimized"), 3)
		fn := describe(p, "hello", "optimized")
		fn.Settings[scenarios.EncryptionKeys] = "NOBODY"
		in, err := p.Prepare(context.Background(), fn)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := in.Invoke(context.Background(), []byte(`{}`)); err == nil {
			t.Fatal("it started")
		}
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
	}
	round() // what libraries start once
	before := runtime.NumGoroutine()
	for range 20 {
		round()
	}
	// Those that have been told to end may still be about to, on a busy machine for
	// long; a leak is there after any time.
	for range 10_000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines more than before", runtime.NumGoroutine()-before)
}
