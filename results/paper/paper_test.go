package paper

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/dtbench/dtbench/results"
)

func load(t *testing.T) Published {
	t.Helper()
	p, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Every figure, typed here a second time in the layout of the paper.
func TestTablesAreThePublishedOnes(t *testing.T) {
	p := load(t)
	if len(p.Tables) != 4 {
		t.Fatalf("%d tables, want 4", len(p.Tables))
	}
	check := func(number int, platform, scenario, variant, row string) {
		t.Helper()
		table, ok := p.Find(platform, scenario)
		if !ok || table.Number != number {
			t.Fatalf("%s on %s is table %d (%v), want %d", scenario, platform, table.Number, ok, number)
		}
		cold, _ := table.Cell(variant, results.Cold)
		hot, _ := table.Cell(variant, results.Hot)
		got := fmt.Sprintf("%.2f %.2f %.2f %.2f", cold.TimeMS, cold.MemoryMB, hot.TimeMS, hot.MemoryMB)
		if got != row {
			t.Errorf("table %d, %s: %s, want %s", number, variant, got, row)
		}
	}
	// Columns: cold start time and memory, hot start time and memory.
	check(3, "aliyun", "hello", "benchmark", "2.01 7.74 1.12 7.62")
	check(3, "aliyun", "hello", "optimized", "69.67 13.22 1.81 13.25")
	check(4, "tencent", "hello", "benchmark", "47.41 8.58 1.20 8.58")
	check(4, "tencent", "hello", "optimized", "63.47 15.27 1.01 15.27")
	check(5, "aliyun", "storage", "benchmark", "397.33 35.65 59.33 35.55")
	check(5, "aliyun", "storage", "optimized", "415.92 43.65 40.42 35.87")
	check(6, "aliyun", "network", "benchmark", "822.12 62.65 498.97 62.81")
	check(6, "aliyun", "network", "optimized", "809.55 62.86 533.95 63.02")
}

func TestOnlyTable6DoesNotNameItsPlatform(t *testing.T) {
	for _, table := range load(t).Tables {
		if table.PlatformNamed == (table.Number == 6) {
			t.Errorf("table %d: platform named: %v", table.Number, table.PlatformNamed)
		}
	}
}

// The text derives eleven percentages; all but one follow from the tables. The
// exception is the headline: 69.67 / 2.01 is +3366 %, the text says 3367.
func TestStatedPercentages(t *testing.T) {
	p := load(t)
	if len(p.Stated) != 11 {
		t.Fatalf("%d stated percentages, want 11", len(p.Stated))
	}
	var differ []string
	for _, s := range p.Stated {
		table, ok := p.Table(s.Table)
		if !ok {
			t.Fatalf("%q is of table %d, which is not there", s.Text, s.Table)
		}
		percent, ok := table.Percent(s.Start, s.Metric)
		if !ok {
			t.Fatalf("%q: no %s %s in table %d", s.Text, s.Start, s.Metric, s.Table)
		}
		scale := math.Pow10(s.Decimals)
		if rounded := math.Round(percent*scale) / scale; rounded != s.Percent {
			differ = append(differ, fmt.Sprintf("table %d %s %s: text %v, table %v", s.Table, s.Start, s.Metric, s.Percent, rounded))
		}
		if !strings.Contains(s.Text, strings.TrimPrefix(fmt.Sprint(s.Percent), "-")+"%") {
			t.Errorf("%q does not state %v %%", s.Text, s.Percent)
		}
	}
	if got, want := strings.Join(differ, "; "), "table 3 cold time_ms: text 3367, table 3366"; got != want {
		t.Errorf("differences between text and tables: %q, want %q", got, want)
	}
}

func TestCitation(t *testing.T) {
	const want = "Liu et al., Dynamic token encryption for preventing permission leakage in serverless architectures, PeerJ Computer Science 11:e3029, 2025, https://doi.org/10.7717/peerj-cs.3029"
	if got := load(t).Citation.String(); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	p := load(t)
	if _, ok := p.Find("tencent", "storage"); ok {
		t.Error("tencent has published figures for hello only")
	}
	if _, ok := p.Table(7); ok {
		t.Error("found a table 7")
	}
	table, _ := p.Table(3)
	if _, ok := table.Cell("literal", results.Cold); ok {
		t.Error("found a literal variant")
	}
	if _, ok := table.Percent(results.Cold, "watts"); ok {
		t.Error("found a metric called watts")
	}
}

func TestLoadReturnsAFreshCopy(t *testing.T) {
	load(t).Tables[0].Cells[0].TimeMS = -1
	if got := load(t).Tables[0].Cells[0].TimeMS; got != 2.01 {
		t.Errorf("after a caller changed its copy: %v", got)
	}
}

func TestDamagedFiles(t *testing.T) {
	check := func(text, want string) {
		t.Helper()
		if _, err := decode(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	check(`{`, "unexpected EOF")
	check(`{"tabels": []}`, "unknown field")
	check(`{"tables": [{"table": 3, "cells": []}]}`, "table 3 lacks benchmark cold")
}
