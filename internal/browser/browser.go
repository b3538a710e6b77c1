// Package browser lets a test look at a page through headless Chromium, as its
// reader would: is anything cut off, does the page scroll sideways, do its
// tables sort and filter, does its own policy hold, can its charts be read by
// those who do not see them?
//
// It is for tests only. Each page is opened in a frame of each width, from a
// server on 127.0.0.1, and once as a printer would have it; one chromium, with
// a new profile and no network services, looks at all of them.
package browser

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/internal/needs"
)

//go:embed probe.html
var probe []byte

// Page is a page to look at, and what to call it in findings.
type Page struct {
	Name string
	HTML []byte
}

// PrintWidth is what A4 leaves between margins of 14 mm, in CSS pixels.
const PrintWidth = 688

// Finding is what one page looked like at one width.
type Finding struct {
	Page     string
	Width    int
	Print    bool     // by its rules for print, at PrintWidth
	Problems []string // empty is well
	// How much was there to look at.
	Tables, Charts, Sorted, Filtered, Headings int
}

// String names the finding in a test's messages.
func (f Finding) String() string {
	if f.Print {
		return f.Page + " in print"
	}
	return fmt.Sprintf("%s at %d px", f.Page, f.Width)
}

// timeout is for starting a browser and all its pages on a busy machine.
const timeout = 3 * time.Minute

// Look opens each page at each width in CSS pixels, and then in print, and
// returns what was found in that order. Everything that the pages or the browser
// write to the console counts as a problem of the last one.
func Look(t testing.TB, pages []Page, widths ...int) []Finding {
	t.Helper()
	chromium := needs.Chromium(t)
	found := make(chan []Finding, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(probe) })
	type view struct {
		Page, URL string
		Width     int
		Print     bool
	}
	var views []view
	for i, p := range pages {
		url := fmt.Sprintf("/pages/%d.html", i)
		mux.HandleFunc("GET "+url, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(p.HTML) })
		for _, width := range widths {
			views = append(views, view{Page: p.Name, URL: url, Width: width})
		}
		views = append(views, view{Page: p.Name, URL: url, Width: PrintWidth, Print: true})
	}
	mux.HandleFunc("GET /views", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(views) })
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("POST /found", func(_ http.ResponseWriter, r *http.Request) {
		var findings []Finding
		if err := json.NewDecoder(r.Body).Decode(&findings); err != nil {
			findings = []Finding{{Problems: []string{"the probe's answer: " + err.Error()}}}
		}
		found <- findings
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--user-data-dir="+t.TempDir(), "--window-size=1400,2000", "--remote-debugging-port=0", "--enable-logging=stderr", server.URL)
	cmd.WaitDelay = 5 * time.Second
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	console := make(chan []string, 1)
	go func() {
		var lines []string
		for scanner := bufio.NewScanner(stderr); scanner.Scan(); {
			if line := scanner.Text(); strings.Contains(line, "CONSOLE") {
				lines = append(lines, line)
			}
		}
		console <- lines
	}()
	var findings []Finding
	select {
	case findings = <-found:
	case <-ctx.Done():
		findings = []Finding{{Problems: []string{fmt.Sprintf("chromium did not finish within %s", timeout)}}}
	}
	cancel() // ends chromium
	lines := <-console
	_ = cmd.Wait() // it was killed
	if len(findings) > 0 {
		last := &findings[len(findings)-1]
		for _, line := range lines {
			last.Problems = append(last.Problems, "console: "+line)
		}
	}
	return findings
}
