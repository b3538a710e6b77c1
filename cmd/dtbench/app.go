package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"
)

// app is the surroundings of one call: everything it takes from the process.
type app struct {
	stdout, stderr io.Writer
	getenv         func(string) string
	executable     string
	workDir        string
	now            func() time.Time
}

// execute runs the command line and returns the exit code.
func execute(a *app, args []string) int {
	ctx, stop := withSignals(context.Background())
	defer stop()
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if errors.Is(err, syscall.EPIPE) {
		return codePipe // whoever read our output has gone, as head does
	}
	e := asFailure(err)
	a.note("%v", e.err)
	if e.hint != "" {
		a.note("hint: %s", e.hint)
	}
	return e.code
}

// errSignal is the cause of a context that a signal ended.
type errSignal struct{ syscall.Signal }

func (e errSignal) Error() string { return "stopped by " + e.Signal.String() }

// withSignals ends the context on SIGINT, SIGTERM or SIGHUP. The second signal
// has its default effect: it ends the process at once, and what was measured is
// in the journal. A broken pipe is an error of the write and not the end of the
// process, which has things to clean up.
func withSignals(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	signal.Notify(make(chan os.Signal, 1), brokenPipe...)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			cancel(errSignal{s.(syscall.Signal)})
		case <-ctx.Done():
		}
	}()
	return ctx, func() { signal.Stop(signals); cancel(nil) }
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "dtbench",
		Short: "What does protecting a serverless function's credentials cost?",
		Long: `dtbench measures what a way of protecting a serverless function's credentials
costs in cold start, hot start and memory. It deploys functions in a benchmark
variant (plaintext environment variables) and in protected ones (dynamic tokens,
Liu et al., PeerJ Computer Science 11:e3029, 2025) and compares them.

Exit codes: 0 done, 1 failed, 2 wrong usage or input, 3 partial,
4 not comparable, 130 SIGINT, 143 SIGTERM.`,
		Example: `  dtbench run --platform local --out r.json
  dtbench report r.json --format markdown
  dtbench compare base.json head.json`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("see dtbench help", "unknown command %q", args[0])
			}
			return nil
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return noEmptyFlags(cmd) },
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("see "+cmd.CommandPath()+" --help", "%s", plain(err))
	})
	root.AddCommand(a.runCommand(), a.reportCommand(), a.compareCommand(), a.reproduceCommand(), a.auditCommand(), a.attackCommand(), a.versionCommand())
	refuseUnknownShells(root)
	return root
}

// refuseUnknownShells makes completion for a shell that it does not know an
// error, not a help text.
func refuseUnknownShells(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() != "completion" {
			continue
		}
		c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		c.Args = func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			var shells []string
			for _, shell := range cmd.Commands() {
				shells = append(shells, shell.Name())
			}
			return usagef("", "unknown shell %q: choose %s", args[0], strings.Join(shells, ", "))
		}
	}
}

// noEmptyFlags refuses flags that are given without a value, as by a script whose
// variable is not set: it means something, and not what leaving the flag out means.
func noEmptyFlags(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Value.Type() == "string" && f.Value.String() == "" && err == nil {
			err = usagef("give it a value, or leave it out", "--%s is empty", f.Name)
		}
	})
	return err
}

// plain drops the parts of flag errors that say nothing to a user.
func plain(err error) string {
	return parserName.ReplaceAllString(strings.TrimPrefix(err.Error(), "invalid argument "), "")
}

// parserName is what package strconv says before the reason.
var parserName = regexp.MustCompile(`strconv\.\w+: parsing ".*": `)

// note prints a line on standard error.
func (a *app) note(format string, args ...any) {
	fmt.Fprintf(a.stderr, "dtbench: "+format+"\n", args...)
}

// terminalWidth is the width of w in columns, 0 where w is no terminal.
func terminalWidth(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// noArgs refuses arguments by name.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usagef("see "+cmd.CommandPath()+" --help", "unexpected argument %q", args[0])
}
