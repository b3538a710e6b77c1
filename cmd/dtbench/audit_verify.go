package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/dtbench/dtbench/core/audit/trail"
)

func (a *app) auditVerifyCommand() *cobra.Command {
	var f auditFlags
	var o trail.Options
	cmd := auditSubcommand("verify", "Check the hash chain of an audit file",
		`verify checks every line of an audit file and names the first that was changed,
removed, inserted or moved.

An end that is cut off at the end of a line looks like an instance that was
killed: demand the closing record with --closed, or give the last hash, kept
elsewhere, with --head. Without a key, whoever can write the file can compute
the whole chain anew; --head finds that too.

Exit codes: 0 the chain holds, 1 it does not, 2 the file cannot be read.`,
		`  dtbench audit verify audit.jsonl
  dtbench audit verify audit.jsonl --closed --key-file chain.key
  dtbench audit verify function.log --mixed --format json
  dtbench audit verify r.log   # what the functions of dtbench run printed`,
		&f, func(path string) error { return a.auditVerify(path, &f, o) })
	cmd.Flags().BoolVar(&o.Closed, "closed", false, "every chain must end with its closing record")
	cmd.Flags().StringVar(&o.Head, "head", "", "a chain must end with this hash")
	return cmd
}

func (a *app) auditVerify(path string, f *auditFlags, o trail.Options) error {
	report, err := f.readAudit(path, o, nil)
	if err != nil {
		return err
	}
	if f.format == "json" {
		err = writeJSON(a.stdout, struct {
			File string `json:"file"`
			OK   bool   `json:"ok"`
			*trail.Report
		}{path, report.Break == nil, report})
	} else {
		err = writeReport(a.stdout, path, report)
	}
	if err != nil {
		return err
	}
	return broken(path, report.Break)
}

func writeReport(w io.Writer, path string, r *trail.Report) error {
	p := printer{w: w}
	verb := "hold"
	if r.Break != nil {
		verb = fmt.Sprintf("hold, up to the break at line %d", r.Break.Line)
	}
	p.line("%s: %s in %s %s", path, count(r.Records, "record"), count(len(r.Chains), "chain"), verb)
	if r.Foreign > 0 {
		p.line("%s passed over", count(r.Foreign, "other line"))
	}
	for _, c := range r.Chains {
		p.line("")
		p.line("chain %s, lines %d to %d, %s", c.ID, c.First, c.Last, count(int(c.Records), "record"))
		if c.Function != "" || c.Instance != "" {
			p.line("  function %s, instance %s", orNone(c.Function), orNone(c.Instance))
		}
		if c.After != "" {
			p.line("  goes on from %s", c.After)
		}
		p.line("  hash of the last record, to keep elsewhere:")
		p.line("  %s", c.Head)
		if c.Dropped > 0 {
			p.line("  %s lost because the buffer was full", count(int(c.Dropped), "record"))
		}
		switch {
		case c.Closed:
			p.line("  closed")
		case r.Break == nil:
			p.line("  not closed: the instance was killed or still runs, or the end was cut off")
		}
	}
	return p.err
}

// printer keeps the first error of many writes.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

// count writes a number and its noun.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func orNone(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
