package report

import (
	"fmt"
	"strings"

	"github.com/dtbench/dtbench/results"
)

// What a report may say of functions, machines and limits depends on where its
// figures come from. All sentences that differ stand here, for every format.

// observed says whether the figures were taken from functions that ran.
func (a *analysis) observed() bool { return a.file.Experiment.Provenance.Observed() }

// parted says whether samples tell how their time divides, and have other times
// beside it. A replayed one does not: a published figure is one number.
func (a *analysis) parted() bool { return a.file.Experiment.Provenance != results.Replayed }

func provenanceWords(p results.Provenance) string {
	switch p {
	case results.Measured:
		return "real processes on this machine"
	case results.Simulated:
		return "a calibrated model; nothing was measured"
	case results.Replayed:
		return "drawn from published figures; nothing was measured"
	case results.Live:
		return "a real cloud"
	}
	return "not known to this version"
}

// functions says what ran, and under which limits.
func (a *analysis) functions() string {
	e := a.file.Experiment
	limits := "no memory limit"
	if e.MemoryMB > 0 {
		limits = fmt.Sprintf("%d MiB", e.MemoryMB)
	}
	if e.VCPU > 0 {
		limits += fmt.Sprintf(", %g vCPU in periods of %g ms", e.VCPU, e.CPUPeriodMS)
	} else {
		limits += ", no CPU limit"
	}
	switch e.Provenance {
	case results.Simulated:
		return fmt.Sprintf("none was deployed; dtbench called the handlers itself and charged them by a model as %s runtime, %s (enforced by: %s)", e.Runtime, limits, e.Limits)
	case results.Replayed:
		return fmt.Sprintf("none ran; the samples are drawn from laws fitted to the figures published for %s on %s", strings.Join(a.scenarios, ", "), e.Platform)
	}
	return fmt.Sprintf("%s runtime%s, %s contract, %s (enforced by: %s)", e.Runtime, interpreter(a.file.Tool), e.Contract, limits, e.Limits)
}

// interpreter names the one that ran the functions, in brackets.
func interpreter(t results.Tool) string {
	if t.Python == "" {
		return ""
	}
	return " (" + t.Python + ")"
}

// quantities says what time and memory are.
func (a *analysis) quantities() string {
	memory, whose := "what the platform reports", ""
	switch a.file.Experiment.Provenance {
	case results.Measured:
		memory = "VmHWM of the instance after its answer"
	case results.Simulated:
		whose = " Both are the model's."
	case results.Replayed:
		whose = " That is what the published figures look like; the paper does not say."
	}
	return fmt.Sprintf("Time is %q: %s. Memory is %s; 1 MB is 10^6 bytes.%s", a.metric, a.metric.Description(), memory, whose)
}

// model says what figures rest on that were not measured; empty for others.
func (a *analysis) model() string {
	e := a.file.Experiment
	var parts []string
	if e.Preset != "" {
		parts = append(parts, "preset "+e.Preset)
	}
	if e.Profile != "" {
		parts = append(parts, "the mechanism costs what the profile "+e.Profile+" says")
	}
	if h := e.ParametersSHA256; h != "" {
		parts = append(parts, "parameters "+h[:min(12, len(h))])
	}
	if a.observed() || parts == nil {
		return ""
	}
	return "Model: " + strings.Join(parts, ", ") + "."
}

// marked is the title of a table or chart: where nothing was measured it says
// so, because tables and charts are passed on without what stands around them.
func (a *analysis) marked(title string) string {
	if a.observed() {
		return title
	}
	return fmt.Sprintf("%s (%s)", title, a.file.Experiment.Provenance)
}

// source is the end of every caption: where the data are from.
func (a *analysis) source() string {
	s := "Data: " + a.origin()
	if t := a.file.Environment.Started; !t.IsZero() {
		s += ", " + t.UTC().Format("2006-01-02")
	}
	if c := a.file.Tool.Commit; c != "" {
		s += ", commit " + c[:min(12, len(c))]
	}
	if a.file.Status != results.Complete {
		s += ", " + string(a.file.Status)
	}
	return clean(s + ".")
}

// origin is the provenance with its platform, which a simulation is of and
// nothing ran on.
func (a *analysis) origin() string {
	e := a.file.Experiment
	how := string(e.Provenance) + " on"
	switch e.Provenance {
	case results.Simulated:
		how = "simulated, a model of"
	case results.Replayed:
		how = "replayed, drawn from the figures published for"
	}
	return clean(how + " " + e.Platform)
}

// apart warns of arms that did not alternate, as what drift between them counts;
// it is empty where there is nothing to warn of.
func (a *analysis) apart(as string) string {
	e := a.file.Experiment
	switch {
	case e.Interleaved || e.Pinned:
		return ""
	case a.observed():
		return "The arms were not interleaved: drift between them counts as " + as
	}
	return "Each arm is a batch of its own: where the model has batches drift apart, that counts as " + as
}

// drifting explains samples that rise or fall together.
func (a *analysis) drifting() string {
	cause, which := "mean that the machine changed during the run", "such drift"
	if !a.observed() {
		cause, which = "show a drift that the model has put there", "it"
	}
	if a.file.Experiment.Interleaved {
		return fmt.Sprintf("Samples that rise or fall together %s; the arms were interleaved, so that %s hits all of them alike.", cause, which)
	}
	return fmt.Sprintf("Samples that rise or fall together %s; the arms were not interleaved, so that it counts as overhead.", cause)
}
