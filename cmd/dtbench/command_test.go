package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dtbench/dtbench/results"
	"github.com/dtbench/dtbench/results/reproduction"
)

// inProcess is a command line without a process, in the source tree.
func inProcess(t *testing.T) (a *app, stdout, stderr *bytes.Buffer) {
	t.Helper()
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	return &app{
		stdout: stdout, stderr: stderr, getenv: func(string) string { return "" }, workDir: filepath.Join("..", ".."),
		now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
	}, stdout, stderr
}

func readResult(t *testing.T, path string) *results.File {
	t.Helper()
	return readWith(t, results.Read, path)
}

func readClaims(t *testing.T, folder string) []reproduction.Claim {
	t.Helper()
	return readWith(t, reproduction.ReadClaims, filepath.Join(folder, "claims.json"))
}

func readPredictions(t *testing.T, folder string) []reproduction.Prediction {
	t.Helper()
	return readWith(t, reproduction.ReadPredictions, filepath.Join(folder, "predictions.json"))
}

// readWith reads a file that a command wrote as its readers will.
func readWith[T any](t *testing.T, read func(io.Reader) (T, error), path string) T {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v, err := read(f)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
