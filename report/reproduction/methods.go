package reproduction

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dtbench/dtbench/results"
)

// headline says what this is a reproduction of, and from what.
func (d *Document) headline() string {
	return fmt.Sprintf("dtbench reproduce: Tables 3 to 6 and Fig. 4 of the paper beside %s figures (%s)", d.Method.Provenance(), d.Method)
}

// summary says in a few sentences how the reproduced figures came about.
func (d *Document) summary() []string {
	list := []string{"The paper: " + d.Published.Citation.String() + "."}
	switch d.Method {
	case Measured:
		list = append(list, "Measured rows are real processes of this machine, time from trigger to answer (total). They are compared in shape and direction: absolute times of another machine, another runtime and another platform are not the paper's.")
	case ReplayFree, ReplayPinned:
		s := "Replayed rows are drawn from laws fitted to all published cells, the optimized ones included: they show that the reports regenerate the tables, predict nothing, and support no claim."
		if d.Method == ReplayPinned {
			s += " Pinned: each set of 15 draws is rescaled until its rounded mean of 13 is the published figure."
		}
		list = append(list, s)
	default:
		list = append(list, fmt.Sprintf("Benchmark rows are calibrated: the model is fitted to them, so that they agree is no finding. Optimized rows are predicted: medians of %d repeated experiments that know nothing of the published optimized rows.", d.Draws))
	}
	return append(list, d.outcome())
}

// follow counts the percentages in the text that follow from the tables.
func (d *Document) follow() (n int) {
	for _, s := range d.statements() {
		if s.Follows {
			n++
		}
	}
	return n
}

// outcome is the result in one sentence.
func (d *Document) outcome() string {
	s := fmt.Sprintf("In short: claims: %s; percentages in the text that follow from the tables: %d of %d", d.tally(), d.follow(), len(d.Published.Stated))
	if len(d.Predictions) > 0 {
		s += fmt.Sprintf("; conclusions from simulated data that depend on the preset: %d of %d", len(d.flips()), len(d.conclusions()))
	}
	return s + "."
}

// tableNotes stand next to the tables.
func (d *Document) tableNotes() (notes []string) {
	if s := d.meteringNote(); s != "" {
		notes = append(notes, s)
	}
	if s := d.memoryNote(); s != "" {
		notes = append(notes, s)
	}
	for _, t := range d.Published.Tables {
		if !t.PlatformNamed {
			notes = append(notes, fmt.Sprintf("Table %d: the paper does not name its platform; dtbench lists it under %s.", t.Number, t.Platform))
		}
	}
	return notes
}

// meteringNote says why the first table's cold start may compare two different
// quantities; both readings stand side by side.
func (d *Document) meteringNote() string {
	t, ok := d.Published.Table(3)
	percent, ok2 := t.Percent(results.Cold, results.MetricTime)
	cell, ok3 := t.Cell("benchmark", results.Cold)
	if !ok || !ok2 || !ok3 {
		return ""
	}
	s := fmt.Sprintf("Table 3, metering: the benchmark's cold start is %s ms", figureText(cell.TimeMS))
	for _, c := range d.Facts.ColdStarts {
		if c.Platform == t.Platform {
			s += fmt.Sprintf(", where published cold starts on the same platform, %s, are %.0f to %.0f ms, %s", c.Quantity, c.LowMS, c.HighMS, c.Source)
		}
	}
	s += ". A figure that small is what a platform reports when it meters the handler alone."
	if m := d.Facts.Metering; m.Platform == t.Platform && m.Reason != "" {
		s += fmt.Sprintf(" By the platform's documentation, %s. If so, %+.0f %% compares an invocation with an initialisation plus an invocation, two different quantities; if not, it is the cost that the paper says it is.", m.Reason, percent)
	}
	if !d.Facts.Metering.MetricSourceStated {
		s += " The paper does not state where its times come from, so both readings stand."
	}
	return s
}

// memoryNote shows the memory differences, and the cell that the explanation by
// shared modules does not cover.
func (d *Document) memoryNote() string {
	var parts []string
	for _, t := range d.Published.Tables {
		for _, start := range starts {
			b, ok := t.Cell("benchmark", start)
			o, ok2 := t.Cell("optimized", start)
			if ok && ok2 {
				parts = append(parts, fmt.Sprintf("%s/%s %s %+.2f", t.Platform, t.Scenario, start, o.MemoryMB-b.MemoryMB))
			}
		}
	}
	return "Memory, published differences in MB: " + strings.Join(parts, ", ") +
		". Modules that a scenario loads anyway would explain a large difference for hello and a small one where an HTTP client is loaded; the cold start of storage is the counter-example."
}

// open is something that the paper leaves open: what it is, what stands here in
// its place, and the flag that changes it, if one does.
type open struct{ what, ours, flag string }

// unstated lists what the paper does not state. The values are those of the
// experiment behind the reproduced figures.
func (d *Document) unstated() []open {
	if d.Method.Provenance() == results.Replayed {
		return d.unstatedInReplay()
	}
	e := d.Experiment
	var secrets []string
	for _, scenario := range slices.Sorted(maps.Keys(e.SecretAccesses)) {
		secrets = append(secrets, fmt.Sprintf("%s %d", scenario, e.SecretAccesses[scenario]))
	}
	cold, order := "a new instance for every cold sample, at a virtual time when none exists", "benchmark and optimized draw from streams of their own, in batches with a drift between them"
	metric, services := "what the platform reports: aliyun without provisioning and runtime start, tencent with them; the benchmark rows leave no other reading", "answered in process; time from the model"
	if d.Method == Measured {
		cold, order = "a new process for every cold sample, proven by a random instance id and the function's own counter", "interleaved: each block holds every variant once, in a random order"
		metric = "total: from just before fork (cold) or send (hot) to the answer read in full; to_handler and handler beside it"
		services = fmt.Sprintf("object store %s, network target %s", e.Store, e.Target)
	}
	return []open{
		{"size of the written object", fmt.Sprintf("%d bytes", e.ObjectSize), "run --object-size"},
		{"number of secrets, accesses per invocation", strings.Join(secrets, ", "), "none: the scenarios fix it"},
		{"encryption rule (the hash and its fields)", "go: HMAC-SHA256 over the fields of Eq. (1), the length of each included; paper-python: SHA-256 over their concatenation, as Eq. (1) has it", "the function's policy"},
		{"cipher of the sealed values", "go: AES-256-GCM; paper-python: HMAC-SHA256 keystream and tag (CPython's standard library has no cipher)", "none"},
		{"modules that the prototype imports, \"embedded in binary form\"", "paper-python: hashlib, hmac, base64, json, from a precompiled build", "none"},
		{"order of benchmark and optimized runs", order, "run --seed"},
		{"how a cold start was forced", cold, "none"},
		{"which invocation is a hot start", "the third of an instance; the second is a warm-up that nobody counts", "none"},
		{"where the times come from", metric, "report --time"},
		{"what the memory figure is", memorySource(d.Method), "none"},
		{"length of the CPU quota's period (0.5 cores are stated)", fmt.Sprintf("%g ms", e.CPUPeriodMS), "run --cpu-period"},
		{"platform of Table 6", "aliyun", "none"},
		{"region on Tencent (\"comparable regions\")", "not modelled", "run --live --region"},
		{"object store, network target and their distance", services, "run --latency, --store-endpoint, --target-url"},
		{"day and hour of the runs, pause between them", "none: " + d.clock(), "none"},
		{"samples and variances", "spreads of the presets low, central, high, from other publications", "reproduce --preset"},
	}
}

// unstatedInReplay is the part of it that enters a replay, in which no function
// runs, no object is written and no clock is read.
func (d *Document) unstatedInReplay() []open {
	order := "each cell is a batch of its own, with a drift between batches"
	if d.Method == ReplayPinned {
		order = "each cell is a batch of its own, scaled to its published figures"
	}
	return []open{
		{"order of benchmark and optimized runs", order, "reproduce --seed"},
		{"where the times come from", "as published, whichever of its times a figure is", "none"},
		{"platform of Table 6", "aliyun", "none"},
		{"samples and variances", "the spread of preset " + d.Preset + ", from other publications", "reproduce --preset"},
	}
}

func memorySource(m Method) string {
	if m == Measured {
		return "VmHWM of the process after the answer"
	}
	return "the platform's own figure: a base that the benchmark rows show, plus what the cost profile adds"
}

func (d *Document) clock() string {
	if d.Method == Measured {
		return "one run in one go"
	}
	return "virtual time"
}

// methodSentences say how the figures came about, for someone who wants to
// repeat or attack them.
func (d *Document) methodSentences() []string {
	list := []string{fmt.Sprintf("Made by %s, %s, with seed %d.", d.Command, d.toolName(), d.Seed)}
	switch d.Method {
	case Measured:
		e := d.Experiment
		list = append(list,
			fmt.Sprintf("Measured: %d cold and %d hot samples of each function, %d dropped at each end, memory limit %d MB, %g vCPU, limits by %s.", e.Runs, e.Runs, e.Trim, e.MemoryMB, e.VCPU, e.Limits),
			"Cold: a new process. Hot: its third invocation. Both are proven by the function's own random instance id and counter.")
	case ReplayFree, ReplayPinned:
		list = append(list, "Replayed: each published cell has a lognormal law of its own whose expected mean of 13 of 15 is the published figure; the spread is that of the preset. Samples go through the same reports as measured ones.")
	default:
		list = append(list,
			"Calibrated: the benchmark rows identify the sums of the model's parts and nothing else. What is fitted is the expectation of the trimmed mean, not of a sample: dropping the extremes lowers the mean of skewed data.",
			"Predicted: the parts of the benchmark plus the token mechanism's own cost from a cost profile, under the CPU quota, drift between batches and the resolution of the metric. Each draw repeats the whole experiment, the benchmark batch behind the calibration included, so that the doubt about the calibration is in the interval.",
			"No published optimized figure enters a prediction: change one, and only its published value and p change.",
			"Each cell draws from a random stream of its own, derived from the seed: adding a cell changes no other, and the number of processors changes none.",
			"The change in time (Fig. 4) is that over the published benchmark row, which every draw is anchored to. The median of skewed draws lies a little below their mean, so a cost near zero can show as a change just below zero.")
	}
	if d.Parameters != "" {
		list = append(list, "Parameters, hashed with the published figures and the cost profile that were used: "+d.Parameters+".")
	}
	return append(list, "Statistic: "+d.Published.Statistic+".")
}

// limitSentences say what the reproduction cannot show.
func (d *Document) limitSentences() []string {
	parameters := ", as the table of parameters says"
	if len(d.Assumptions) == 0 {
		parameters = ""
	}
	list := []string{
		"The paper published no variance: every spread here comes from other publications or is assumed" + parameters + ". A claim about significance cannot be decided from means.",
		"Variances, provisioning against runtime start, and storage against network cannot be told apart from eight means: Table 6 less Table 5 gives only a sum.",
		"The paper's code is not published. The profile paper-python is a stand-in of our own after its description; what it imports and which cipher it uses are our guesses. The profile go is this project's core, another implementation of the scheme.",
		"Only hello was published for Tencent; other scenarios there would be extrapolated and decide nothing.",
		"Nothing simulated or replayed supports a claim. Simulated data can contradict one, or leave it open.",
	}
	if d.Method == Measured {
		list = append(list, "Measured figures are those of one machine on one day: they say what this implementation costs there, and show shapes and directions, not the paper's times.")
	}
	return list
}

func (d *Document) toolName() string {
	s := d.Tool.Name + " " + d.Tool.Version
	if d.Tool.Commit != "" {
		s += ", commit " + short(d.Tool.Commit)
		if d.Tool.Dirty {
			s += " with uncommitted changes"
		}
	}
	return s
}

// short is the beginning of a hash, enough to find it by.
func short(hash string) string { return hash[:min(12, len(hash))] }
