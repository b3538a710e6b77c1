// Package browser lets a test look at a page through headless Chromium, as its
// reader would: is anything cut off, does the page scroll sideways, do its
// tables sort and filter, does its own policy hold, can its charts be read by
// those who do not see them?
//
// It is for tests only. The page is opened in a frame of each width, from a
// server on 127.0.0.1; chromium gets a new profile and no network services.
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

// Finding is what one page looked like at one width.
type Finding struct {
	Width    int
	Problems []string // empty is well
	// How much was there to look at.
	Tables, Charts, Sorted, Filtered, Headings int
}

// timeout is for starting a browser and all its widths on a busy machine.
const timeout = 2 * time.Minute

// Look opens the page at each width in CSS pixels and returns what was found,
// in the order of the widths. Everything that the page or the browser writes to
// the console counts as a problem of the last one.
func Look(t testing.TB, page []byte, widths ...int) []Finding {
	t.Helper()
	chromium := needs.Chromium(t)
	found := make(chan []Finding, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(probe) })
	mux.HandleFunc("GET /page.html", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page) })
	mux.HandleFunc("GET /widths", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(widths) })
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
