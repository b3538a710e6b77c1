package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
)

// csvHeader names the columns of the CSV format. Times are ms; an empty field
// was not observed.
var csvHeader = []string{
	"file", "platform", "provenance", "scenario", "variant", "start", "basis",
	"order", "instance", "invocation", "metric", "time_ms", "trimmed",
	"total_ms", "start_ms", "to_handler_ms", "init_ms", "handler_ms", "secrets_ms", "reported_ms", "prepare_ms", "throttled_ms",
	"memory_bytes", "cgroup_peak_bytes", "processes",
}

// writeCSV writes one row per sample (RFC 4180, header first, LF line ends).
// time_ms is the report's metric, named in the column before; trimmed says
// whether the headline of its cell drops the sample.
func writeCSV(w io.Writer, files []Source, o Options) error {
	out := csv.NewWriter(w)
	rows := [][]string{csvHeader}
	for _, s := range files {
		a, err := s.analyse(o)
		if err != nil {
			return err
		}
		rows = append(rows, a.csvRows(s.Name)...)
	}
	return out.WriteAll(rows) // flushes, and returns the first error
}

func (a *analysis) csvRows(name string) [][]string {
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	optional := func(v *float64) string {
		if v == nil {
			return ""
		}
		return number(*v)
	}
	var rows [][]string
	e := a.file.Experiment
	for i := range a.cells {
		c := &a.cells[i]
		for _, s := range a.observations(c) {
			time, memory, peak, processes := "", "", "", ""
			if s.timed {
				time = number(s.time)
			}
			if s.MemoryBytes > 0 {
				memory = strconv.FormatInt(s.MemoryBytes, 10)
			}
			if s.Processes > 0 {
				processes = strconv.Itoa(s.Processes)
			}
			if s.CgroupPeakBytes != nil {
				peak = strconv.FormatInt(*s.CgroupPeakBytes, 10)
			}
			total, handler, secrets, prepare := "", "", "", ""
			if a.parted() {
				total, handler, secrets, prepare = number(s.TotalMS), number(s.HandlerMS), number(s.SecretsMS), number(s.PrepareMS)
			}
			rows = append(rows, []string{
				harmless(name), harmless(e.Platform), string(e.Provenance), harmless(c.Scenario), harmless(c.Variant), string(c.Start), harmless(c.Basis),
				strconv.Itoa(s.Order), harmless(s.Instance), strconv.Itoa(s.Invocation), string(a.metric), time, strconv.FormatBool(s.trimmed),
				total, optional(s.StartMS), optional(s.ToHandlerMS), optional(s.InitMS), handler, secrets,
				optional(s.ReportedMS), prepare, optional(s.ThrottledMS),
				memory, peak, processes,
			})
		}
	}
	return rows
}

// harmless is clean for a field that a spreadsheet may open: one that would
// begin a formula gets an apostrophe in front, which spreadsheets hide.
func harmless(s string) string {
	s = clean(s)
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		return "'" + s
	}
	return s
}
