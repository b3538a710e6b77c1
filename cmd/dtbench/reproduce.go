package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dtbench/dtbench/platforms/local"
	"github.com/dtbench/dtbench/platforms/simulated/model"
	reproductionreport "github.com/dtbench/dtbench/report/reproduction"
	"github.com/dtbench/dtbench/results/reproduction"
)

// reproduceFlags are the flags of dtbench reproduce as given.
type reproduceFlags struct {
	platform, mode, preset, attacks string
	out, format                     string
	pinned, measure, force, quiet   bool
	seed                            uint64
}

// What --platform and --mode choose from.
const (
	platformSimulated = "simulated"
	modeCalibrated    = "calibrated"
	modeReplay        = "replay"
)

var (
	reproducePlatforms = []string{platformSimulated, local.Name}
	reproduceModes     = []string{modeCalibrated, modeReplay}
	reproduceFormats   = []string{"text", "markdown"}
)

func (a *app) reproduceCommand() *cobra.Command {
	f := &reproduceFlags{}
	cmd := &cobra.Command{
		Use:   "reproduce",
		Short: "Put the paper's Tables 3-6, Fig. 4 and claims to the test",
		Long: `reproduce prints Tables 3 to 6 of the paper in its own form, the published rows
beside the reproduced ones, recomputes every percentage of the text, and judges
every claim by the data at hand: holds, contradicted, not shown, untested.

On platform simulated (the default; no account, a few seconds) a model is
calibrated on the published benchmark rows and predicts the optimized ones, from
what the token mechanism costs in this project's Go core and in a Python stand-in
for the paper's prototype. --mode replay draws from all published cells instead:
it shows that the reports regenerate the tables, and supports no claim. On
platform local the experiment runs on this machine: shapes and claims are
compared, not absolute times.

The folder --out holds
  report.md          methods, limits, what changes with the presets, every claim
  tables.md          Tables 3 to 6, published beside reproduced
  fig4.svg, fig4.png the change in time, published beside reproduced
  fig5.…, power.…    the survey, and what 15 runs can show
  predictions.json   16 optimized cells x 3 presets x 2 cost profiles
  claims.json        a verdict on every claim, with the numbers that decide
and what was measured or replayed for it, as result files. Nothing appears there
before all of it is complete.`,
		Example: `  dtbench reproduce
  dtbench reproduce --preset high --seed 7 --out high
  dtbench reproduce --mode replay --pinned
  dtbench reproduce --platform local --measure --out here
  dtbench attack --format json --out attacks.json && dtbench reproduce --attacks attacks.json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return unwritable(a.reproduce(cmd.Context(), f)) },
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&f.platform, "platform", platformSimulated, "where the reproduced figures come from: "+strings.Join(reproducePlatforms, ", "))
	fl.StringVar(&f.mode, "mode", modeCalibrated, "of the simulated platform: "+strings.Join(reproduceModes, ", "))
	fl.BoolVar(&f.pinned, "pinned", false, "with --mode replay: rescale the draws until the tables are the published ones")
	fl.StringVar(&f.preset, "preset", reproduction.PresetCentral, "parameters that tables and chart show: "+strings.Join(reproduction.Presets(), ", ")+" (the report has all)")
	fl.BoolVar(&f.measure, "measure", false, "measure the cost profiles on this machine now, instead of using the stored ones (Linux, a minute or two)")
	fl.Uint64Var(&f.seed, "seed", 1, "seed of all draws and schedules")
	fl.StringVar(&f.attacks, "attacks", "", "result of dtbench attack --format json, which decides the claims about security (default: a stored one)")
	fl.StringVar(&f.out, "out", "", "folder for the files (default: dtbench-reproduce-TIME)")
	fl.BoolVar(&f.force, "force", false, "write into a folder that is not empty, replacing files of the same names")
	fl.BoolVar(&f.quiet, "quiet", false, "no progress")
	fl.StringVar(&f.format, "format", "text", "what goes to standard output: "+strings.Join(reproduceFormats, ", ")+" (the report)")
	for flag, values := range map[string][]string{
		"platform": reproducePlatforms, "mode": reproduceModes, "preset": reproduction.Presets(), "format": reproduceFormats,
	} {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	_ = cmd.MarkFlagDirname("out")
	return cmd
}

// check refuses what cannot be meant. Every error is one of usage.
func (f *reproduceFlags) check() error {
	for _, c := range []struct {
		flag, value string
		choices     []string
	}{
		{"platform", f.platform, reproducePlatforms},
		{"mode", f.mode, reproduceModes},
		{"preset", f.preset, reproduction.Presets()},
		{"format", f.format, reproduceFormats},
	} {
		if _, err := choice(c.flag, c.value, c.choices); err != nil {
			return err
		}
	}
	switch {
	case f.platform == local.Name && f.mode != modeCalibrated:
		return usagef("leave one of them out", "--mode %s is for platform %s", f.mode, platformSimulated)
	case f.pinned && f.mode != modeReplay:
		return usagef("add --mode replay", "--pinned is for --mode %s", modeReplay)
	case f.measure && f.mode == modeReplay:
		return usagef("leave one of them out", "--measure is for cost profiles, which --mode %s does not use", modeReplay)
	}
	return nil
}

func (f *reproduceFlags) method() reproductionreport.Method {
	switch {
	case f.platform == local.Name:
		return reproductionreport.Measured
	case f.pinned:
		return reproductionreport.ReplayPinned
	case f.mode == modeReplay:
		return reproductionreport.ReplayFree
	}
	return reproductionreport.Calibrated
}

// command is the command line that gives the same again.
func (f *reproduceFlags) command() string {
	s := "dtbench reproduce --platform " + f.platform
	if f.platform == platformSimulated {
		s += " --mode " + f.mode
	}
	if f.pinned {
		s += " --pinned"
	}
	s += " --preset " + f.preset
	if f.measure {
		s += " --measure"
	}
	if f.attacks != "" {
		s += " --attacks " + filepath.Base(f.attacks)
	}
	return fmt.Sprintf("%s --seed %d", s, f.seed)
}

func (a *app) reproduce(ctx context.Context, f *reproduceFlags) (err error) {
	if err := f.check(); err != nil {
		return err
	}
	if f.out == "" {
		f.out = "dtbench-reproduce-" + a.now().UTC().Format("20060102T150405Z")
	}
	folder, err := stage(f.out, f.force)
	if err != nil {
		return err
	}
	defer folder.discard()
	parameters, err := model.Load()
	if err != nil {
		return err
	}
	r := &reproducing{app: a, flags: f, folder: folder, parameters: parameters}
	document, err := r.document(ctx)
	if err != nil {
		return err
	}
	if err := r.write(document); err != nil {
		return err
	}
	var text bytes.Buffer // all or nothing: an error leaves no half table
	if f.format == "markdown" {
		err = reproductionreport.Markdown(&text, document, fig4)
	} else {
		err = reproductionreport.Text(&text, document, terminalWidth(a.stdout))
	}
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	names, err := folder.publish()
	if err != nil {
		return err
	}
	if _, err := text.WriteTo(a.stdout); err != nil {
		return err
	}
	a.stepSummary(func(w io.Writer) error { return reproductionreport.Tables(w, document) })
	slices.Sort(names)
	r.say("wrote %s%c: %s", f.out, os.PathSeparator, strings.Join(names, ", "))
	return nil
}
