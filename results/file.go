// Package results holds the result schema dtbench/results/v1: its types, a
// reader that refuses what it cannot trust, a writer that never leaves a torn
// file, and the journal that carries samples through a crash.
//
// The package knows no statistics and runs nothing. Summaries and overheads in
// a file are a convenience for people who open it; every reader of this
// project recomputes them from the samples.
package results

import "time"

// Schema names the version of the format that this package reads and writes.
const Schema = "dtbench/results/v1"

// Status says how a run ended.
type Status string

// The three ways a run can end and still leave a file.
const (
	Complete    Status = "complete"    // every cell has its samples
	Partial     Status = "partial"     // at least one cell is incomplete
	Interrupted Status = "interrupted" // SIGINT or SIGTERM ended the run
)

// Provenance says where figures come from. It is shown on every artefact.
type Provenance string

// Measured figures come from real processes on this machine, simulated ones
// from the calibrated model, replayed ones are drawn from published cells, and
// live ones come from a real cloud.
const (
	Measured  Provenance = "measured"
	Simulated Provenance = "simulated"
	Replayed  Provenance = "replayed"
	Live      Provenance = "live"
)

// Observed says whether functions ran where the figures come from: of measured
// and live ones, not of those that a model made.
func (p Provenance) Observed() bool { return p == Measured || p == Live }

// Start is the temperature of an invocation.
type Start string

// Cold: no instance existed when the invocation arrived. Hot: a warmed
// instance answered.
const (
	Cold Start = "cold"
	Hot  Start = "hot"
)

// Verdict is the word that an overhead ends in (see report/stats).
type Verdict string

// The verdicts on the overhead of a variant over its baseline.
const (
	Slower       Verdict = "slower"
	Faster       Verdict = "faster"
	Equivalent   Verdict = "equivalent"
	Inconclusive Verdict = "inconclusive"
)

// File is one result file.
type File struct {
	Schema      string      `json:"schema"`
	Status      Status      `json:"status"`
	Tool        Tool        `json:"tool"`
	Environment Environment `json:"environment"`
	Experiment  Experiment  `json:"experiment"`
	Arms        []Arm       `json:"arms"`
	Cells       []Cell      `json:"cells"`
	Overheads   []Overhead  `json:"overheads,omitempty"`
	// Warnings are sentences a reader must see beside the figures, such as a
	// noisy machine.
	Warnings []string `json:"warnings,omitempty"`
}

// Tool is the dtbench that made the file.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"` // full git hash where known
	Dirty   bool   `json:"dirty"`            // the source tree had uncommitted changes
	Go      string `json:"go"`               // toolchain that built the functions, empty where none did
	Python  string `json:"python,omitempty"` // interpreter that ran them, such as CPython 3.11.7
}

// Environment is the machine and its state during the run. It names no host
// and no user.
type Environment struct {
	OS          string    `json:"os"`
	Arch        string    `json:"arch"`
	Kernel      string    `json:"kernel,omitempty"`
	CPU         string    `json:"cpu,omitempty"` // model name
	CPUs        int       `json:"cpus"`          // logical processors usable by the harness
	MemoryBytes int64     `json:"memory_bytes,omitempty"`
	Started     time.Time `json:"started"`
	Finished    time.Time `json:"finished"`
	LoadBefore  float64   `json:"load_before"` // one-minute load average
	LoadAfter   float64   `json:"load_after"`
	// CPUPressurePercent is the share of the run during which some runnable
	// task waited for a processor (/proc/pressure/cpu); nil where the kernel
	// does not say.
	CPUPressurePercent *float64 `json:"cpu_pressure_percent,omitempty"`
	// OtherCPUPercent is the share of all processors' time that processes other
	// than the harness, its functions and its services took.
	OtherCPUPercent *float64 `json:"other_cpu_percent,omitempty"`
	// StealPercent is the share of processor time that the hypervisor gave to
	// others (/proc/stat).
	StealPercent *float64 `json:"steal_percent,omitempty"`
}

// Experiment is the configuration of a run. Two files are comparable when
// everything in it but the seed agrees.
type Experiment struct {
	Platform   string     `json:"platform"`
	Provenance Provenance `json:"provenance"`
	Contract   string     `json:"contract"` // lambda | fc | scf | in-process (simulated) | replayed
	Runtime    string     `json:"runtime"`  // go | python; of a simulation whose costs are charged, of a replay what the paper states
	Scenarios  []string   `json:"scenarios"`
	Variants   []string   `json:"variants"`
	Runs       int        `json:"runs"` // samples per cell
	Trim       int        `json:"trim"` // samples dropped at each end
	Seed       uint64     `json:"seed"`
	MemoryMB   int        `json:"memory_mb"` // limit in MiB as platforms count it; 0 is none
	VCPU       float64    `json:"vcpu"`      // 0 is no limit
	// CPUPeriodMS is the CFS period of the quota; meaningless when VCPU is 0.
	CPUPeriodMS float64 `json:"cpu_period_ms"`
	TimeoutS    float64 `json:"timeout_s"`
	// Limits says what enforced them: cgroup-v2, cgroup-v1, model or none.
	Limits         string         `json:"limits"`
	ObjectSize     int64          `json:"object_size"`     // bytes
	SecretAccesses map[string]int `json:"secret_accesses"` // per invocation, by scenario
	Latency        string         `json:"latency"`         // none | same-region
	Store          string         `json:"store"`           // embedded | in-process (simulated) | replayed | the endpoint's host
	Target         string         `json:"target"`          // embedded | in-process (simulated) | replayed | the target's host
	Region         string         `json:"region,omitempty"`
	// Preset, Profile and ParametersSHA256 say what a simulation or a replay rests
	// on: which of the model's presets, whose cost of the mechanism (a replay has
	// none), and the hash of all parameters, published figures and costs that
	// entered it.
	Preset           string `json:"preset,omitempty"` // low | central | high
	Profile          string `json:"profile,omitempty"`
	ParametersSHA256 string `json:"parameters_sha256,omitempty"`
	// Pinned replays are scaled until the trimmed means are the published ones.
	Pinned      bool `json:"pinned,omitempty"`
	Interleaved bool `json:"interleaved"` // arms alternate within blocks
}

// Arm is a labelled set of function binaries with one variant.
type Arm struct {
	Label     string     `json:"label"`
	Variant   string     `json:"variant"`
	Functions []Function `json:"functions"`
}

// Function is one binary of an arm.
type Function struct {
	Scenario string `json:"scenario"`
	File     string `json:"file"`   // base name
	SHA256   string `json:"sha256"` // hex
	Bytes    int64  `json:"bytes"`
}

// Cell is scenario × variant × start on one platform.
type Cell struct {
	Scenario string `json:"scenario"`
	Variant  string `json:"variant"`
	Start    Start  `json:"start"`
	// Basis is "extrapolated" where a simulated platform has no published
	// figures for the scenario; such a cell decides no claim.
	Basis   string   `json:"basis,omitempty"`
	Samples []Sample `json:"samples"`
	// Dropped counts the attempts that failed or had the wrong temperature.
	Dropped []Drop `json:"dropped,omitempty"`
	// Stopped is the reason why the cell ended before it was full.
	Stopped  string   `json:"stopped,omitempty"`
	TimeMS   *Summary `json:"time_ms,omitempty"`
	MemoryMB *Summary `json:"memory_mb,omitempty"`
}

// Drop is one reason for discarded attempts and how often it struck.
type Drop struct {
	Reason string `json:"reason"`
	Count  int    `json:"count"`
}

// Sample is one invocation. Times are milliseconds on CLOCK_MONOTONIC; a nil
// field was not observable on that platform or has no meaning for that start.
type Sample struct {
	Order      int    `json:"order"`      // position in the whole run, from 1
	Instance   string `json:"instance"`   // drawn at random by the function at its start
	Invocation int    `json:"invocation"` // the function's own counter
	// TotalMS runs from just before fork (cold) or send (hot) to the answer
	// read in full.
	TotalMS float64 `json:"total_ms"`
	// StartMS runs from fork to the first request for an event; cold only.
	StartMS *float64 `json:"start_ms,omitempty"`
	// ToHandlerMS runs from fork or send to the handler's first statement.
	ToHandlerMS *float64 `json:"to_handler_ms,omitempty"`
	// InitMS runs from the first statement of main to ready; cold only.
	InitMS    *float64 `json:"init_ms,omitempty"`
	HandlerMS float64  `json:"handler_ms"` // the handler, by the function's own clock
	SecretsMS float64  `json:"secrets_ms"` // inside secret access, by the function's own clock
	// ReportedMS is what a platform meters or bills.
	ReportedMS *float64 `json:"reported_ms,omitempty"`
	PrepareMS  float64  `json:"prepare_ms"` // untimed preparation before the instance; cold only
	// ThrottledMS is how long the CPU quota held the instance back.
	ThrottledMS *float64 `json:"throttled_ms,omitempty"`
	// MemoryBytes is VmHWM after the answer, added up over the instance's
	// processes (measured), or the platform's own figure (simulated, live).
	MemoryBytes int64 `json:"memory_bytes"`
	// Processes is how many processes MemoryBytes is of; 0 where that is not known.
	Processes       int    `json:"processes,omitempty"`
	CgroupPeakBytes *int64 `json:"cgroup_peak_bytes,omitempty"`
	// Delays are the waits that --latency put in front of the services, in the
	// order in which the invocation met them.
	Delays []Delay `json:"delays,omitempty"`
}

// Delay is one injected wait.
type Delay struct {
	Service string  `json:"service"` // store | target
	MS      float64 `json:"ms"`
}

// Summary describes one metric of a cell: times in ms, memory in MB (10^6 bytes).
type Summary struct {
	Metric      string     `json:"metric"` // total, reported, …; vm_hwm for memory
	TrimmedMean float64    `json:"trimmed_mean"`
	CI95        [2]float64 `json:"ci95"`
	Mean        float64    `json:"mean"`
	Median      float64    `json:"median"`
	SD          float64    `json:"sd"`
	Min         float64    `json:"min"`
	Max         float64    `json:"max"`
}

// Names of the two metrics that cells are summarised and compared by.
const (
	MetricTime   = "time_ms"
	MetricMemory = "memory_mb"
)

// Overhead compares one variant with the baseline in one scenario and start.
type Overhead struct {
	Scenario   string     `json:"scenario"`
	Start      Start      `json:"start"`
	Metric     string     `json:"metric"` // time_ms | memory_mb
	Variant    string     `json:"variant"`
	Baseline   string     `json:"baseline"`
	Difference float64    `json:"difference"` // in the unit of the metric
	Percent    float64    `json:"percent"`
	CI95       [2]float64 `json:"ci95"` // of Percent
	P          float64    `json:"p"`
	PHolm      float64    `json:"p_holm"`
	Verdict    Verdict    `json:"verdict"`
	// MinimumDetectablePercent is the smallest overhead that this many runs at
	// this spread would find with 80 % power.
	MinimumDetectablePercent float64 `json:"minimum_detectable_percent"`
	// RunsNeeded is the least number of runs whose minimum detectable overhead
	// is 10 % or less.
	RunsNeeded int `json:"runs_needed"`
}
