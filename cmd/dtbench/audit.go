package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dtbench/dtbench/core/audit"
	"github.com/dtbench/dtbench/core/audit/trail"
)

// auditFlags are common to all audit commands.
type auditFlags struct {
	format, keyFile, fieldKeyFile string
	mixed                         bool
}

func (a *app) auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Verify, explain and summarise audit files",
		Long: `audit reads the audit file of a function that uses the token core: JSON lines
under a hash chain, one record per access, refusal and change of state.

A file that was changed is still read up to the first line that does not fit:
explain and summary say so and exit 1.`,
		Example: `  dtbench audit verify audit.jsonl
  dtbench audit explain audit.jsonl --request 8f14e45f
  dtbench audit summary audit.jsonl --format json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("choose verify, explain or summary", "unknown command %q", "audit "+args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.auditVerifyCommand(), a.auditExplainCommand(), a.auditSummaryCommand())
	return cmd
}

// auditSubcommand makes a command that takes one file, or - for standard input.
func auditSubcommand(name, short, long, example string, f *auditFlags, run func(path string) error) *cobra.Command {
	cmd := &cobra.Command{
		Use: name + " FILE", Short: short, Long: long, Example: example,
		Args: func(_ *cobra.Command, args []string) error {
			switch len(args) {
			case 0:
				return usagef("dtbench audit "+name+" audit.jsonl", "no audit file given")
			case 1:
				return nil
			}
			return usagef("give one file; chains of several logs may be in it", "unexpected argument %q", args[1])
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if _, err := choice("format", f.format, auditFormats); err != nil {
				return err
			}
			return run(args[0])
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&f.format, "format", "text", strings.Join(auditFormats, ", "))
	fl.StringVar(&f.keyFile, "key-file", "", "file with the key of an HMAC chain, as it is, at least 32 bytes")
	fl.StringVar(&f.fieldKeyFile, "field-key-file", "", "file with the key of encrypted fields, 32 bytes")
	fl.BoolVar(&f.mixed, "mixed", false, "pass over lines that are not audit records, as in a function's output")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(auditFormats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

var auditFormats = []string{"text", "json"}

// readAudit verifies a file and hands its entries to each.
func (f *auditFlags) readAudit(path string, o trail.Options, each func(*trail.Entry) error) (*trail.Report, error) {
	o.Mixed = f.mixed
	if f.keyFile != "" {
		key, err := os.ReadFile(f.keyFile)
		if err != nil {
			return nil, err
		}
		if len(key) < audit.MinChainKey {
			return nil, usagef("", "%s holds %d bytes, a chain key has at least %d", f.keyFile, len(key), audit.MinChainKey)
		}
		o.Key = key
	}
	if f.fieldKeyFile != "" {
		key, err := os.ReadFile(f.fieldKeyFile)
		if err != nil {
			return nil, err
		}
		if o.Fields, err = audit.NewFieldEncryption(key); err != nil {
			return nil, usagef("", "%s: %v", f.fieldKeyFile, err)
		}
	}
	input := io.Reader(os.Stdin)
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		input = file
	}
	input, isRunLog := withoutPrefixes(input)
	o.Mixed = o.Mixed || isRunLog
	report, err := trail.Verify(input, o, each)
	if err != nil {
		return nil, auditFailure(path, err)
	}
	return report, nil
}

// broken is the error of a file whose chain does not hold.
func broken(path string, b *trail.Break) error {
	if b == nil {
		return nil
	}
	where := ""
	if b.Chain != "" {
		where = " (chain " + b.Chain + ")"
	}
	return &failure{
		code: codeFailed,
		err:  fmt.Errorf("%s: line %d: %s%s", path, b.Line, b.Message, where),
		hint: "everything before this line holds; trust nothing from here on",
	}
}

// writeJSON writes an indented document.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// auditFailure adds what to do to the errors of reading.
func auditFailure(path string, err error) error {
	f := &failure{code: codeUsage, err: fmt.Errorf("%s: %w", path, err)}
	switch {
	case errors.Is(err, trail.ErrNotAudit):
		f.hint = "give the file that the audit sink wrote; with other output in it, add --mixed"
	case errors.Is(err, trail.ErrVersion):
		f.hint = "use the version of dtbench that wrote it"
	case errors.Is(err, trail.ErrKeyNeeded):
		f.hint = "give the key with --key-file"
	case errors.Is(err, audit.ErrField):
		f.hint = "check --field-key-file: it must be the key that the fields were encrypted with"
	default: // the operating system's, which names the file itself
		return err
	}
	return f
}
