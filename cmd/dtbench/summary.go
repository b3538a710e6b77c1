package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// envStepSummary names the file that GitHub shows as Markdown on the page of a
// workflow run.
const envStepSummary = "GITHUB_STEP_SUMMARY"

// GitHub refuses a step's summary beyond this size.
const maxStepSummary = 1 << 20

// stepSummary appends Markdown to GitHub's step summary, where there is one.
// A text that is there already is not appended again, so that one step may make
// several formats of one report. The summary is an extra: what goes wrong with
// it is a note and never changes how a command ends.
func (a *app) stepSummary(markdown func(io.Writer) error) {
	path := a.getenv(envStepSummary)
	if path == "" {
		return
	}
	if err := appendOnce(path, markdown); err != nil {
		a.note("the step summary was not written: %v", err)
	}
}

func appendOnce(path string, markdown func(io.Writer) error) (err error) {
	var text bytes.Buffer
	if err := markdown(&text); err != nil {
		return err
	}
	text.WriteByte('\n')
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
	}()
	there, err := io.ReadAll(io.LimitReader(f, maxStepSummary))
	switch {
	case err != nil || bytes.Contains(there, text.Bytes()):
		return err
	case len(there)+text.Len() > maxStepSummary:
		return fmt.Errorf("%s would grow beyond %d bytes", path, maxStepSummary)
	}
	_, err = f.Write(text.Bytes())
	return err
}
