package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dtbench/dtbench/core/audit/trail"
)

func (a *app) auditSummaryCommand() *cobra.Command {
	var f auditFlags
	return auditSubcommand("summary", "Count refusals by reason, source, key and hour",
		`summary counts what an audit file holds: grants, refusals by reason, source, data
key and hour, and critical events. A grant that was withdrawn counts as a
refusal.`,
		`  dtbench audit summary audit.jsonl
  dtbench audit summary audit.jsonl --format json`,
		&f, func(path string) error { return a.auditSummary(path, &f) })
}

func (a *app) auditSummary(path string, f *auditFlags) error {
	var entries []*trail.Entry
	report, err := f.readAudit(path, trail.Options{}, func(e *trail.Entry) error {
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		return err
	}
	s := trail.Summarise(entries)
	if f.format == "json" {
		err = writeJSON(a.stdout, struct {
			File string `json:"file"`
			*trail.Summary
			Break *trail.Break `json:"break"`
		}{path, s, report.Break})
	} else {
		err = writeSummary(a.stdout, path, s)
	}
	if err != nil {
		return err
	}
	return broken(path, report.Break)
}

func writeSummary(w io.Writer, path string, s *trail.Summary) error {
	p := printer{w: w}
	p.line("%s: %s", path, count(s.Records, "record"))
	if s.Records > 0 {
		p.line("from %s to %s", stamp(s.From), stamp(s.To))
	}
	p.line("")
	p.line("%8d granted", s.Granted)
	withdrawn := ""
	if s.Withdrawn > 0 {
		withdrawn = fmt.Sprintf(", %d of them grants that were withdrawn", s.Withdrawn)
	}
	p.line("%8d refused%s", s.Refused, withdrawn)
	if s.Dropped > 0 {
		p.line("%8d lost because the buffer was full", s.Dropped)
	}
	if s.Longest > 1 {
		p.line("%8d failures in a row, at most", s.Longest)
	}
	for _, table := range []struct {
		title  string
		counts []trail.Count
	}{
		{"refusals by reason", s.Reasons},
		{"refusals by source", s.Sources},
		{"refusals by key", s.Keys},
		{"refusals by hour", s.Hours},
		{"critical events", s.Events},
	} {
		if len(table.counts) == 0 {
			continue
		}
		p.line("")
		p.line("%s", table.title)
		most := 0
		for _, c := range table.counts {
			most = max(most, c.Count)
		}
		for _, c := range table.counts {
			p.line("%8d  %-40s %s", c.Count, shorten(c.Name, 40), strings.Repeat("#", max(1, c.Count*24/most)))
		}
	}
	return p.err
}

// shorten keeps the beginning of a text that is too long for its column.
func shorten(s string, width int) string {
	if r := []rune(s); len(r) > width {
		return string(r[:width-1]) + "…"
	}
	return s
}
