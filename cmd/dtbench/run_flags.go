package main

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/dtbench/dtbench/platforms/registry"
	"github.com/dtbench/dtbench/platforms/simulated/model"
	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/runner/services"
	"github.com/dtbench/dtbench/scenarios"
)

// Environment variables that hold what must not stand in an argument list.
const (
	envStoreSecret = "DTBENCH_STORE_SECRET_KEY"
	envTargetKey   = "DTBENCH_TARGET_KEY"
)

// maxRuns bounds --runs: a cell of 100,000 samples takes hours.
const maxRuns = 100_000

// maxObject bounds --object-size: larger writes measure the disk.
const maxObject = 8 << 20

// runFlags are the flags of run as typed.
type runFlags struct {
	platform, contract, runtime string
	scenarios, variants         []string
	runs, trim, memory          int
	seed                        uint64
	vcpu                        float64
	cpuPeriod, timeout          time.Duration
	objectSize, latency         string
	storeEndpoint, storeBucket  string
	storeAccessKey, storeSecret string
	region, targetURL, against  string
	preset                      string
	live                        bool
	out, format                 string
	force, resume, quiet        bool

	changed func(flag string) bool // whether it was typed
}

func (f *runFlags) define(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.SortFlags = false
	f.changed = fl.Changed
	fl.StringVar(&f.platform, "platform", "", "where the functions run: "+platformSummaries())
	fl.StringSliceVar(&f.scenarios, "scenario", scenarioNames(), "functions under test")
	fl.StringSliceVar(&f.variants, "variant", variantNames(scenarios.DefaultVariants()), "how they get their secrets: "+strings.Join(variantNames(scenarios.Variants()), ", "))
	fl.IntVar(&f.runs, "runs", 15, "samples per cell")
	fl.IntVar(&f.trim, "trim", 1, "samples dropped at each end before the mean")
	fl.Uint64Var(&f.seed, "seed", 1, "seed of the schedule, of injected latency and of simulated samples")
	fl.IntVar(&f.memory, "memory", 512, "memory limit of an instance in MB (2^20 bytes), 0 for none")
	fl.Float64Var(&f.vcpu, "vcpu", 0.5, "CPU quota of an instance in processors, 0 for none")
	fl.DurationVar(&f.cpuPeriod, "cpu-period", 20*time.Millisecond, "CFS period of the quota, 1ms to 1s")
	fl.DurationVar(&f.timeout, "timeout", 10*time.Second, "limit of an initialisation and of an invocation")
	fl.StringVar(&f.contract, "contract", "lambda", "runtime contract: lambda")
	fl.StringVar(&f.runtime, "runtime", "go", "language of the functions: "+strings.Join(runtimeNames(), ", ")+"; python on a simulated platform charges what the Python stand-in costs")
	fl.StringVar(&f.objectSize, "object-size", "1KiB", "size of the written object, up to 8MiB")
	fl.StringVar(&f.latency, "latency", "none", "delay in front of the embedded services: none, same-region")
	fl.StringVar(&f.storeEndpoint, "store-endpoint", "", "your own S3-compatible store, scheme://host[:port] (default: embedded)")
	fl.StringVar(&f.storeBucket, "store-bucket", "", "its bucket")
	fl.StringVar(&f.storeAccessKey, "store-access-key", "", "its access key; the secret key comes from "+envStoreSecret)
	fl.StringVar(&f.storeSecret, "store-secret-file", "", "file that holds its secret key")
	fl.StringVar(&f.region, "region", "us-east-1", "its region")
	fl.StringVar(&f.targetURL, "target-url", "", "your own network target; its key comes from "+envTargetKey+" (default: embedded)")
	fl.StringVar(&f.preset, "preset", string(model.Central), "assumptions of a simulated platform: "+strings.Join(presetNames(), ", "))
	fl.BoolVar(&f.live, "live", false, "deploy to the real cloud (not in this version)")
	fl.StringVar(&f.against, "against", "", "also build this git revision, interleave it, and write it to OUT-base.json for compare")
	fl.StringVar(&f.out, "out", "", "result file (default: dtbench-PLATFORM-TIME.json); chart and log go beside it")
	fl.BoolVar(&f.force, "force", false, "replace an existing result")
	fl.BoolVar(&f.resume, "resume", false, "go on where an interrupted or partial run stopped")
	fl.BoolVar(&f.quiet, "quiet", false, "no progress")
	fl.StringVar(&f.format, "format", "text", "tables on standard output: "+strings.Join(outputFormats(), ", "))

	fixed := func(flag string, values ...string) {
		// The flag exists, so this cannot fail.
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	fixed("platform", platformNames()...)
	fixed("preset", presetNames()...)
	fixed("scenario", scenarioNames()...)
	fixed("variant", variantNames(scenarios.Variants())...)
	fixed("contract", "lambda")
	fixed("runtime", runtimeNames()...)
	fixed("latency", services.LatencyModels()...)
	fixed("format", outputFormats()...)
}

func platformSummaries() string {
	var all []string
	for _, e := range registry.All() {
		all = append(all, e.Name+" ("+e.Summary+")")
	}
	return strings.Join(all, ", ")
}

func platformNames() []string {
	var names []string
	for _, e := range registry.All() {
		names = append(names, e.Name)
	}
	return names
}

func scenarioNames() []string {
	var names []string
	for _, s := range scenarios.All() {
		names = append(names, s.Name)
	}
	return names
}

func variantNames(variants []scenarios.Variant) []string {
	var names []string
	for _, v := range variants {
		names = append(names, v.Name)
	}
	return names
}

// outputFormats are the formats of tables right after a run; report makes all
// others from the file.
func outputFormats() []string { return []string{"text", "markdown", "json"} }

// plan is a run that has passed every check that needs no work.
type plan struct {
	experiment results.Experiment
	scenarios  []scenarios.Scenario
	variants   []scenarios.Variant
	entry      registry.Entry
	model      *model.Model     // of a simulated platform
	store      *services.Store  // nil: embedded
	target     *services.Target // nil: embedded
	cpuPeriod  time.Duration
	timeout    time.Duration
	paths      outPaths
}

// check turns flags into a plan. Every error is a usage error.
func (a *app) check(f *runFlags) (*plan, error) {
	const hint = "see dtbench run --help"
	p := &plan{cpuPeriod: f.cpuPeriod, timeout: f.timeout}
	var err error
	if f.platform == "" {
		return nil, usagef("dtbench run --platform local runs on this machine", "--platform is missing: choose %s", strings.Join(platformNames(), ", "))
	}
	if f.platform == "aws" {
		return nil, usagef("aliyun and tencent run simulated, local on this machine", "platform aws needs a live deployment, which is not in this version")
	}
	i, err := choice("platform", f.platform, platformNames())
	if err != nil {
		return nil, err
	}
	p.entry = registry.All()[i]
	if err := checkPlatform(f, p.entry); err != nil {
		return nil, err
	}
	if _, err := choice("runtime", f.runtime, runtimeNames()); err != nil {
		return nil, err
	}
	for _, name := range f.scenarios {
		i, err := choice("scenario", name, scenarioNames())
		if err != nil {
			return nil, err
		}
		p.scenarios = append(p.scenarios, scenarios.All()[i])
	}
	for _, name := range f.variants {
		i, err := choice("variant", name, variantNames(runtimeVariants(f.runtime)))
		if err != nil {
			return nil, err
		}
		p.variants = append(p.variants, runtimeVariants(f.runtime)[i])
	}
	for _, c := range []struct {
		flag, value string
		choices     []string
	}{
		{"contract", f.contract, []string{"lambda"}},
		{"latency", f.latency, services.LatencyModels()},
		{"format", f.format, outputFormats()},
	} {
		if _, err := choice(c.flag, c.value, c.choices); err != nil {
			return nil, err
		}
	}
	if dup := duplicate(f.scenarios); dup != "" {
		return nil, usagef(hint, "--scenario names %s twice", dup)
	}
	if dup := duplicate(f.variants); dup != "" {
		return nil, usagef(hint, "--variant names %s twice", dup)
	}
	switch {
	case len(p.scenarios) == 0:
		return nil, usagef(hint, "--scenario is empty: choose %s", strings.Join(scenarioNames(), ", "))
	case len(p.variants) == 0:
		return nil, usagef(hint, "--variant is empty: choose %s", strings.Join(variantNames(scenarios.Variants()), ", "))
	case f.trim < 0:
		return nil, usagef(hint, "--trim %d is negative", f.trim)
	case f.trim > maxRuns:
		return nil, usagef(hint, "--trim %d is more than any number of runs", f.trim)
	case f.runs < 2*f.trim+2:
		return nil, usagef(fmt.Sprintf("use --runs %d or more, or a smaller --trim", 2*f.trim+2),
			"--runs %d is too few to drop %d at each end and keep a spread", f.runs, f.trim)
	case f.runs > maxRuns:
		return nil, usagef(hint, "--runs %d is more than %d", f.runs, maxRuns)
	case f.memory < 0:
		return nil, usagef("0 means no limit", "--memory %d is negative", f.memory)
	case f.memory > 0 && f.memory < 16:
		return nil, usagef("0 means no limit", "--memory %d is too little for any function (16 or more)", f.memory)
	case f.memory > 1<<20:
		return nil, usagef("0 means no limit", "--memory %d is more than %d, which is 1 TB", f.memory, 1<<20)
	case f.vcpu < 0 || f.vcpu != f.vcpu || f.vcpu > 1024:
		return nil, usagef("0 means no limit", "--vcpu %v is not between 0 and 1024", f.vcpu)
	case f.vcpu > 0 && (f.cpuPeriod < time.Millisecond || f.cpuPeriod > time.Second):
		return nil, usagef(hint, "--cpu-period %s is not between 1ms and 1s", f.cpuPeriod)
	case f.vcpu > 0 && f.vcpu*float64(f.cpuPeriod) < float64(time.Millisecond):
		return nil, usagef("the kernel's least quota is 1ms per period", "--vcpu %v of --cpu-period %s is less than 1ms", f.vcpu, f.cpuPeriod)
	case f.timeout < 100*time.Millisecond || f.timeout > 15*time.Minute:
		return nil, usagef(hint, "--timeout %s is not between 100ms and 15m", f.timeout)
	case f.runtime == runtimePython && f.against != "":
		return nil, usagef("leave one of them out", "--against builds functions in Go, --runtime python runs scripts that are part of dtbench")
	case f.resume && f.force:
		return nil, usagef(hint, "--resume keeps what --force would discard: use one of them")
	case f.resume && f.out == "":
		return nil, usagef("name the file of the interrupted run", "--resume needs --out FILE")
	}
	size, err := humanize.ParseBytes(f.objectSize)
	if err != nil || size > maxObject {
		return nil, usagef("such as 1KiB, 64KiB or 1MiB", "--object-size %q is not a size up to 8MiB", f.objectSize)
	}
	if err := a.ownServices(p, f); err != nil {
		return nil, err
	}
	p.experiment = results.Experiment{
		Platform: f.platform, Contract: f.contract, Runtime: f.runtime,
		Scenarios: f.scenarios, Variants: f.variants,
		Runs: f.runs, Trim: f.trim, Seed: f.seed,
		MemoryMB: f.memory, VCPU: f.vcpu, CPUPeriodMS: float64(f.cpuPeriod) / float64(time.Millisecond), TimeoutS: f.timeout.Seconds(),
		ObjectSize: int64(size), SecretAccesses: map[string]int{},
		Latency: f.latency, Store: services.Embedded, Target: services.Embedded, Interleaved: true,
	}
	for _, s := range p.scenarios {
		p.experiment.SecretAccesses[s.Name] = len(s.Secrets)
	}
	if p.entry.Simulated {
		if err := p.calibrate(f); err != nil {
			return nil, err
		}
	}
	if p.store != nil {
		p.experiment.Store, p.experiment.Region = hostOf(p.store.Endpoint), p.store.Region
	}
	if p.target != nil {
		p.experiment.Target = hostOf(p.target.URL)
	}
	p.paths, err = a.outPaths(f)
	return p, err
}

// ownServices reads what says that a store or a target is the user's.
func (a *app) ownServices(p *plan, f *runFlags) error {
	if f.latency != "none" && (f.storeEndpoint != "" || f.targetURL != "") {
		return usagef("your own services bring their own latency", "--latency %s only works in front of the embedded services", f.latency)
	}
	if f.targetURL != "" {
		u, err := url.Parse(f.targetURL)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
			return usagef("such as https://example.com/data", "--target-url is not an http or https URL without user name")
		}
		key := a.getenv(envTargetKey)
		if key == "" {
			return usagef("set "+envTargetKey, "--target-url needs the key that requests are signed with")
		}
		p.target = &services.Target{URL: f.targetURL, Key: key}
	}
	if f.storeEndpoint == "" {
		for flag, value := range map[string]string{"store-bucket": f.storeBucket, "store-access-key": f.storeAccessKey, "store-secret-file": f.storeSecret} {
			if value != "" {
				return usagef("give both, or neither for the embedded store", "--%s without --store-endpoint", flag)
			}
		}
		return nil
	}
	u, err := url.Parse(f.storeEndpoint)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return usagef("such as http://127.0.0.1:9000", "--store-endpoint is not scheme://host[:port]")
	}
	p.store = &services.Store{Endpoint: f.storeEndpoint, Region: f.region, Bucket: f.storeBucket, AccessKey: f.storeAccessKey, SecretKey: a.getenv(envStoreSecret)}
	if f.storeSecret != "" {
		data, err := os.ReadFile(f.storeSecret)
		if err != nil {
			return usagef("", "--store-secret-file: %v", err)
		}
		p.store.SecretKey = strings.TrimSpace(string(data))
	}
	switch {
	case f.storeBucket == "":
		return usagef("see dtbench run --help", "--store-endpoint needs --store-bucket")
	case f.storeAccessKey == "":
		return usagef("see dtbench run --help", "--store-endpoint needs --store-access-key")
	case p.store.SecretKey == "":
		return usagef("set "+envStoreSecret+" or --store-secret-file", "the store's secret key is missing")
	}
	return nil
}

// choice finds value among choices, or names them.
func choice(flag, value string, choices []string) (int, error) {
	i := slices.Index(choices, value)
	if i < 0 {
		return 0, usagef("", "unknown %s %q: choose %s", flag, value, strings.Join(choices, ", "))
	}
	return i, nil
}

func duplicate(list []string) string {
	seen := map[string]bool{}
	for _, s := range list {
		if seen[s] {
			return s
		}
		seen[s] = true
	}
	return ""
}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Host
}
