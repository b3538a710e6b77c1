package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dtbench/dtbench/report/html"
	"github.com/dtbench/dtbench/results"
)

// Repository is where a reader gets the tool from.
const Repository = "https://github.com/dtbench/dtbench"

func (a *analysis) environmentBlocks() []html.Block {
	f, e, m := a.file, a.file.Experiment, a.file.Environment
	var blocks []html.Block
	facts := func(heading string, pairs ...string) {
		b := html.Block{Heading: heading}
		for i := 0; i+1 < len(pairs); i += 2 {
			if value := clean(pairs[i+1]); strings.TrimSpace(value) != "" {
				b.Facts = append(b.Facts, html.Fact{Term: pairs[i], Value: value})
			}
		}
		blocks = append(blocks, b)
	}
	percent := func(v *float64) string {
		if v == nil {
			return ""
		}
		return fmt.Sprintf("%.1f %%", *v)
	}
	moment := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	dirty := "no"
	if f.Tool.Dirty {
		dirty = "yes: the commit alone does not reproduce it"
	}
	facts("Tool", "Version", f.Tool.Name+" "+f.Tool.Version, "Commit", f.Tool.Commit, "Uncommitted changes", dirty, "Go", f.Tool.Go, "Python", f.Tool.Python)

	memory := ""
	if m.MemoryBytes > 0 {
		memory = fmt.Sprintf("%.1f GB", float64(m.MemoryBytes)/1e9)
	}
	machine := []string{
		"System", m.OS + "/" + m.Arch, "Kernel", m.Kernel, "Processor", m.CPU, "Processors", strconv.Itoa(m.CPUs), "Memory", memory,
		"Started", moment(m.Started), "Finished", moment(m.Finished),
	}
	if a.observed() {
		facts("Machine", append(machine, "Load before and after", fmt.Sprintf("%.2f, %.2f", m.LoadBefore, m.LoadAfter),
			"Waited for a processor", percent(m.CPUPressurePercent), "Processor time of others", percent(m.OtherCPUPercent), "Stolen by the hypervisor", percent(m.StealPercent))...)
	} else {
		facts("Machine that computed the figures", machine...)
	}

	limit := "none"
	if e.MemoryMB > 0 {
		limit = fmt.Sprintf("%d MiB", e.MemoryMB)
	}
	cpu := "none"
	if e.VCPU > 0 {
		cpu = fmt.Sprintf("%g vCPU in periods of %g ms", e.VCPU, e.CPUPeriodMS)
	}
	var accesses []string
	for _, scenario := range a.scenarios {
		if n, ok := e.SecretAccesses[scenario]; ok {
			accesses = append(accesses, fmt.Sprintf("%s %d", scenario, n))
		}
	}
	interleaved := "yes"
	if !e.Interleaved {
		interleaved = "no"
	}
	experiment := []string{"Platform", e.Platform, "Provenance", string(e.Provenance) + ": " + provenanceWords(e.Provenance), "Status", string(f.Status)}
	if a.observed() {
		experiment = append(experiment, "Contract", e.Contract, "Runtime", e.Runtime)
	} else {
		experiment = append(experiment, "Functions", a.functions())
	}
	experiment = append(experiment, "Scenarios", strings.Join(e.Scenarios, ", "), "Variants", strings.Join(e.Variants, ", "),
		"Samples per cell", strconv.Itoa(e.Runs), "Dropped at each end", strconv.Itoa(e.Trim), "Seed", strconv.FormatUint(e.Seed, 10),
		"Arms interleaved", interleaved)
	if e.Provenance != results.Replayed { // in which nothing has a limit, a size or a distance
		experiment = append(experiment, "Memory limit", limit, "CPU limit", cpu, "Limits enforced by", e.Limits, "Timeout", fmt.Sprintf("%g s", e.TimeoutS),
			"Object size", fmt.Sprintf("%d bytes", e.ObjectSize), "Secret accesses per invocation", strings.Join(accesses, ", "),
			"Injected latency", e.Latency, "Object store", e.Store, "Target", e.Target, "Region", e.Region)
	}
	pinned := ""
	if e.Pinned {
		pinned = "yes: scaled until the trimmed means are the published ones"
	}
	facts("Experiment", append(experiment, "Preset of the model", e.Preset, "Cost profile", e.Profile, "Pinned", pinned, "SHA-256 of the parameters", e.ParametersSHA256)...)

	if t := a.functionsTable(); len(t.Rows) > 0 {
		blocks = append(blocks, html.Block{Heading: "Functions", Table: t})
	}
	return blocks
}

func (a *analysis) functionsTable() *html.Table {
	t := &html.Table{Caption: "Binaries that were measured", Columns: append(columns(4, "Arm", "Scenario", "File", "SHA-256"), html.Column{Title: "Bytes", Number: true})}
	for _, arm := range a.file.Arms {
		for _, f := range arm.Functions {
			t.Rows = append(t.Rows, cells([]string{clean(arm.Label), clean(f.Scenario), clean(f.File), clean(f.SHA256), strconv.FormatInt(f.Bytes, 10)}))
		}
	}
	return t
}

// reproduceBlocks name the commands that make such a file and this page again.
func (a *analysis) reproduceBlocks(name string) []html.Block {
	t := a.file.Tool
	text := []string{"Times depend on the machine and its state: expect other figures and, where the difference is large enough, the same verdicts."}
	if !a.observed() {
		text = []string{"The model gives the same figures again on the same operating system, architecture and Go release."}
	}
	var lines []string
	if commit := t.Commit; commit != "" {
		lines = append(lines, "git clone "+Repository, "cd dtbench", "git checkout "+quote(commit), "go build ./cmd/dtbench")
	} else {
		text = append(text, clean("The file names no commit; its tool was "+t.Name+" "+t.Version+"."))
	}
	if t.Dirty {
		text = append(text, "The tool was built from a tree with uncommitted changes, which no checkout brings back.")
	}
	for _, note := range a.reproduceNotes() {
		text = append(text, clean(note))
	}
	if name == "" {
		name = "r.json"
	}
	again := "again.json"
	if a.file.Experiment.Provenance == results.Replayed {
		again = "again/replay-table*.json"
		text = append(text, "The command writes the four published tables; this page shows "+clean(strings.Join(a.scenarios, ", "))+" on "+clean(a.file.Experiment.Platform)+".")
	}
	lines = append(lines, strings.Join(a.command(), " "), "./dtbench report "+again+" --format html --out again.html")
	return []html.Block{
		{Text: text, Code: strings.Join(lines, "\n")},
		{Text: []string{"This page alone, from its file:"}, Code: "dtbench report " + quote(name) + " --format html --time " + quote(string(a.metric)) + " --out report.html"},
	}
}

// reproduceNotes tell what the command cannot.
func (a *analysis) reproduceNotes() []string {
	e := a.file.Experiment
	if !a.observed() {
		return nil
	}
	var out []string
	if own(e.Store) {
		out = append(out, "The object store was the user's own, at "+e.Store+": put its bucket, its access key and, in DTBENCH_STORE_SECRET_KEY, its secret key.")
	}
	if own(e.Target) {
		out = append(out, "The network target was the user's own, at "+e.Target+": put its full address, and its key in DTBENCH_TARGET_KEY.")
	}
	for _, arm := range a.file.Arms {
		if _, side, ok := strings.Cut(arm.Label, "@"); ok {
			out = append(out, "This file is the side "+side+" of two revisions that ran interleaved (--against); the command runs this side alone.")
			break
		}
	}
	return out
}

func own(service string) bool {
	return service != "" && service != "embedded" && service != "in-process"
}

// command is the one that has the configuration of the file.
func (a *analysis) command() []string {
	e := a.file.Experiment
	if e.Provenance == results.Replayed {
		return a.replayCommand()
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	duration := func(v float64, unit time.Duration) string {
		return strings.ReplaceAll(time.Duration(v*float64(unit)).String(), "m0s", "m")
	}
	args := []string{
		"./dtbench", "run", "--platform", quote(e.Platform),
		"--scenario", quote(strings.Join(e.Scenarios, ",")), "--variant", quote(strings.Join(e.Variants, ",")),
		"--runtime", quote(e.Runtime),
		"--runs", strconv.Itoa(e.Runs), "--trim", strconv.Itoa(e.Trim), "--seed", strconv.FormatUint(e.Seed, 10),
		"--memory", strconv.Itoa(e.MemoryMB), "--vcpu", number(e.VCPU),
	}
	if e.VCPU > 0 {
		args = append(args, "--cpu-period", duration(e.CPUPeriodMS, time.Millisecond))
	}
	args = append(args, "--timeout", duration(e.TimeoutS, time.Second))
	if e.Provenance == results.Simulated { // which has no use for the others
		if e.Preset != "" {
			args = append(args, "--preset", quote(e.Preset))
		}
		return append(args, "--out", "again.json")
	}
	args = append(args, "--contract", quote(e.Contract), "--object-size", strconv.FormatInt(e.ObjectSize, 10), "--latency", quote(e.Latency))
	if e.Provenance == results.Live {
		args = append(args, "--live", "--region", quote(e.Region))
	}
	if own(e.Store) {
		args = append(args, "--store-endpoint", quote("https://"+e.Store), "--store-bucket", "BUCKET", "--store-access-key", "KEY")
		if e.Region != "" && !slices.Contains(args, "--region") {
			args = append(args, "--region", quote(e.Region))
		}
	}
	if own(e.Target) {
		args = append(args, "--target-url", quote("https://"+e.Target+"/"))
	}
	return append(args, "--out", "again.json")
}

func (a *analysis) replayCommand() []string {
	e := a.file.Experiment
	args := []string{"./dtbench", "reproduce", "--mode", "replay"}
	if e.Pinned {
		args = append(args, "--pinned")
	}
	if e.Preset != "" {
		args = append(args, "--preset", quote(e.Preset))
	}
	return append(args, "--seed", strconv.FormatUint(e.Seed, 10), "--out", "again")
}

// quote makes s one word for a shell, whatever a file has put into it. A word
// that would be a flag is not one.
func quote(s string) string {
	s = clean(s)
	harmless := s != ""
	for i, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._/:,+@", r) || r == '-' && i > 0) {
			harmless = false
		}
	}
	if strings.HasPrefix(s, "-") {
		s = "./" + s
	}
	if harmless {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
