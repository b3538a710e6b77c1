package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dtbench/dtbench/core/audit/trail"
)

// explained is one or several like records and what they mean.
type explained struct {
	*trail.Entry
	trail.Explanation
	Repeated int `json:"repeated"`  // records like it that follow
	LastLine int `json:"last_line"` // of the last of them
}

func (a *app) auditExplainCommand() *cobra.Command {
	var f auditFlags
	var request string
	var line int
	cmd := auditSubcommand("explain", "Say why accesses were refused, and what to do",
		`explain says for every refusal, and for every other event that somebody should
look at, what was decided, why, and what to do about it. Records that follow
each other and differ in time and request only are told once.`,
		`  dtbench audit explain audit.jsonl
  dtbench audit explain audit.jsonl --request 8f14e45f
  dtbench audit explain audit.jsonl --line 12 --format json`,
		&f, func(path string) error { return a.auditExplain(path, &f, request, line) })
	cmd.Flags().StringVar(&request, "request", "", "only records of this request")
	cmd.Flags().IntVar(&line, "line", 0, "only the record on this line")
	return cmd
}

func (a *app) auditExplain(path string, f *auditFlags, request string, line int) error {
	list := []*explained{}
	report, err := f.readAudit(path, trail.Options{}, func(e *trail.Entry) error {
		if request != "" && e.Request != request || line != 0 && e.Line != line {
			return nil
		}
		x, noteworthy := trail.Explain(e)
		if !noteworthy {
			return nil
		}
		if n := len(list); n > 0 && alike(list[n-1].Entry, e) {
			list[n-1].Repeated++
			list[n-1].LastLine = e.Line
			return nil
		}
		list = append(list, &explained{Entry: e, Explanation: x, LastLine: e.Line})
		return nil
	})
	if err != nil {
		return err
	}
	if f.format == "json" {
		err = writeJSON(a.stdout, struct {
			File    string       `json:"file"`
			Records []*explained `json:"records"`
			Break   *trail.Break `json:"break"`
		}{path, list, report.Break})
	} else {
		err = a.writeExplanations(path, report, list)
	}
	if err != nil {
		return err
	}
	return broken(path, report.Break)
}

func alike(a, b *trail.Entry) bool {
	return a.Chain == b.Chain && a.Event == b.Event && a.Reason == b.Reason && a.Key == b.Key && a.Source == b.Source
}

func (a *app) writeExplanations(path string, report *trail.Report, list []*explained) error {
	p := printer{w: a.stdout}
	if len(list) == 0 {
		p.line("%s: %s, nothing to explain", path, count(report.Records, "record"))
	}
	for i, x := range list {
		if i > 0 {
			p.line("")
		}
		p.line("%s", strings.Join(words("line "+fmt.Sprint(x.Line), stamp(x.Time), x.Event, x.Result, x.Reason), "  "))
		for _, part := range []string{x.What, "Why: " + x.Why + ".", "Do: " + x.Do + "."} {
			for _, l := range fold(part, 76) {
				p.line("  %s", l)
			}
		}
		if x.Repeated > 0 {
			p.line("  (and %d more like it, up to line %d)", x.Repeated, x.LastLine)
		}
	}
	return p.err
}

// stamp is a time as a reader wants it: UTC, milliseconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000Z") }

// words drops what is empty.
func words(list ...string) []string {
	kept := list[:0]
	for _, w := range list {
		if w != "" {
			kept = append(kept, w)
		}
	}
	return kept
}

// fold breaks text into lines of at most width columns, at spaces. A longer word
// has a line of its own.
func fold(text string, width int) []string {
	var lines []string
	line := ""
	for _, w := range strings.Fields(text) {
		switch {
		case line == "":
			line = w
		case len([]rune(line))+1+len([]rune(w)) <= width:
			line += " " + w
		default:
			lines, line = append(lines, line), "  "+w
		}
	}
	return append(lines, line)
}
