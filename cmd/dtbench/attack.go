package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	attackreport "github.com/dtbench/dtbench/report/attack"
	"github.com/dtbench/dtbench/results"
	attackresults "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/runner/attack"
	"github.com/dtbench/dtbench/scenarios"
)

// noAttackArgs refuses arguments, and shows where the name of an attack or of an
// incident belongs.
func noAttackArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		if id := strings.ToUpper(args[0]); slices.Contains(attackIDs(attack.All()), id) {
			return usagef("name attacks by --attack "+id+", or --explain "+id, "unexpected argument %q", args[0])
		}
		if slices.Contains(incidentNames(), args[0]) {
			return usagef("name incidents by --incident "+args[0], "unexpected argument %q", args[0])
		}
	}
	return noArgs(cmd, args)
}

// attackFlags are the flags of dtbench attack as given.
type attackFlags struct {
	variants, attacks    []string
	explain, format, out string
	incidents            []string
	seed                 uint64
	quiet                bool
}

func (a *app) attackCommand() *cobra.Command {
	f := &attackFlags{}
	variants := attackVariants()
	cmd := &cobra.Command{
		Use:   "attack",
		Short: "Show by attacks that really run what each variant stops",
		Long: `attack deploys each variant on the local platform, with canaries for secrets,
attacks it and prints what became of every attack: leak, broken, hold, denied,
not applicable, or could not run. The matrix that is expected is part of dtbench;
any other outcome, a better one too, is a failure. Evidence holds no secret: a
stolen canary is proven by its SHA-256.

Nobody stops root, and no scheme inside one process stops code that executes
there. Where dtbench runs as root, functions and attackers run as an ordinary
user, because root would hide the results.

It ends with 0 where every outcome is as expected, 1 where one is not, 3 where an
attack could not run here (docs/security.md says what each needs). T1 to T25 are
attacks on the variants; S05, S06 and S08 put claims of the paper under those
numbers to the test.`,
		Example: `  dtbench attack
  dtbench attack --attack T7,T9 --variant literal,optimized
  dtbench attack --explain T7
  dtbench attack --incident webide
  dtbench attack --format html --out attacks.html
  dtbench attack --format json --out attacks.json && dtbench reproduce --attacks attacks.json`,
		Args: noAttackArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if f.format, err = formatFor(cmd, f.format, f.out, attackreport.Formats()); err != nil {
				return err
			}
			if cmd.Flags().Changed("explain") {
				if slices.Contains(incidentNames(), f.explain) {
					return usagef("dtbench attack --incident "+f.explain+" tells its story and replays it", "%s is an incident, and --explain takes an attack", f.explain)
				}
				if cmd.Flags().NFlag() > 1 {
					return usagef("it runs nothing and writes text", "--explain takes no other flag beside it")
				}
				return a.explainAttack(f.explain)
			}
			if f.incidents != nil {
				return a.replay(cmd.Context(), f)
			}
			return a.attack(cmd.Context(), f)
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringSliceVar(&f.variants, "variant", variants, "variants to attack: "+strings.Join(variants, ", "))
	fl.StringSliceVar(&f.attacks, "attack", nil, "attacks to run, such as T1,T7 (default: all)")
	fl.StringVar(&f.explain, "explain", "", "tell what an attack does and why, and run nothing")
	fl.StringSliceVar(&f.incidents, "incident", nil, "replay incidents that the paper tells instead, or all: "+strings.Join(incidentNames(), ", "))
	fl.StringVar(&f.format, "format", "text", strings.Join(attackreport.Formats(), ", ")+"; without it the ending of --out decides")
	fl.StringVar(&f.out, "out", "", "file to write to instead of standard output")
	fl.Uint64Var(&f.seed, "seed", 1, "seed of floods and of the order of timings")
	fl.BoolVar(&f.quiet, "quiet", false, "no progress on standard error")
	_ = cmd.RegisterFlagCompletionFunc("variant", cobra.FixedCompletions(variants, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("attack", cobra.FixedCompletions(attackIDs(attack.All()), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("incident", cobra.FixedCompletions(incidentNames(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("explain", cobra.FixedCompletions(attackIDs(attack.All()), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(attackreport.Formats(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// attackVariants are those that can be deployed and that something is expected
// of, in the order of the matrix.
func attackVariants() []string {
	expected, err := attackresults.Expected()
	if err != nil {
		panic(err) // embedded, and tested
	}
	deployable := variantNames(scenarios.Variants())
	return slices.DeleteFunc(expected.Variants(), func(name string) bool { return !slices.Contains(deployable, name) })
}

func attackIDs(attacks []attack.Attack) []string {
	var ids []string
	for _, a := range attacks {
		ids = append(ids, a.ID)
	}
	return ids
}

// chosenAttacks are those of the ids, in the order of their numbers; none given
// means all.
func chosenAttacks(ids []string) ([]attack.Attack, error) {
	all := attack.All()
	if ids == nil {
		return all, nil
	}
	if len(ids) == 0 {
		return nil, usagef("", "no attack given")
	}
	wanted := map[string]bool{}
	for _, given := range ids {
		id := strings.ToUpper(strings.TrimSpace(given))
		if id == "" {
			return nil, usagef("", "an empty name among the attacks: %s", strings.Join(ids, ","))
		}
		if !slices.Contains(attackIDs(all), id) {
			_, err := choice("attack", given, attackIDs(all))
			return nil, err
		}
		if wanted[id] {
			return nil, usagef("", "attack %s is named twice", id)
		}
		wanted[id] = true
	}
	return slices.DeleteFunc(all, func(a attack.Attack) bool { return !wanted[a.ID] }), nil
}

func (a *app) explainAttack(id string) error {
	chosen, err := chosenAttacks([]string{id})
	if err != nil {
		return err
	}
	expected, err := attackresults.Expected()
	if err != nil {
		return err
	}
	return attackreport.Explain(a.stdout, chosen[0].Description, expected, terminalWidth(a.stdout))
}

func (a *app) attack(ctx context.Context, f *attackFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	chosen, err := chosenAttacks(f.attacks)
	if err != nil {
		return err
	}
	file, err := a.runAttacks(ctx, f, chosen)
	if err != nil {
		return err
	}
	return a.showAttacks(f, file)
}

// check looks at what attacks and incidents have in common, before any work.
func (f *attackFlags) check() error {
	for _, v := range f.variants {
		if _, err := choice("variant", v, attackVariants()); err != nil {
			return err
		}
	}
	if dup := duplicate(f.variants); dup != "" {
		return usagef("", "variant %s is named twice", dup)
	}
	if len(f.variants) == 0 {
		return usagef("", "no variant given")
	}
	if f.out != "" {
		// A minute of attacks should not end in a file that cannot be written.
		if err := writableAt(f.out); err != nil {
			return err
		}
		return holdsRun(f.out)
	}
	return nil
}

// showAttacks writes the report and gives the verdict.
func (a *app) showAttacks(f *attackFlags, file *attackresults.File) error {
	o := attackreport.Options{Details: f.attacks != nil}
	if f.out == "" {
		o.Width = terminalWidth(a.stdout)
	}
	var err error
	var text bytes.Buffer // all or nothing
	if err := attackreport.Write(&text, f.format, file, o); err != nil {
		return err
	}
	a.stepSummary(func(w io.Writer) error { return attackreport.Write(w, "markdown", file, o) })
	write := func(w io.Writer) error {
		_, err := text.WriteTo(w)
		return err
	}
	if f.out == "" {
		err = write(a.stdout)
	} else if err = results.Replace(f.out, 0o644, write); err == nil && !f.quiet {
		a.note("wrote %s", f.out)
	}
	if err != nil {
		if f.out != "" {
			a.note("the report goes to standard output, so that nothing of it is lost")
			_ = attackreport.Write(a.stdout, f.format, file, o)
		}
		return unwritable(err)
	}
	return attackVerdict(file)
}

// attackVerdict is the error of outcomes that are not as expected, or unknown.
func attackVerdict(file *attackresults.File) error {
	name := func(cells []attackresults.Cell) string {
		var names []string
		for _, c := range cells {
			names = append(names, c.Attack+" on "+c.Variant)
		}
		return strings.Join(names, ", ")
	}
	if cells := file.Deviations(); len(cells) > 0 {
		return &failure{
			code: codeFailed, err: fmt.Errorf("not as expected: %s", name(cells)),
			hint: "the report says what happened; an improvement is entered in results/attack/expected.json with its reason",
		}
	}
	if cells := file.NotRun(); len(cells) > 0 {
		return &failure{
			code: codePartial, err: fmt.Errorf("could not run here: %s", name(cells)),
			hint: "the report says what each needs; nothing of it counts as held",
		}
	}
	return nil
}
