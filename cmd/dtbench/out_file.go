package main

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dtbench/dtbench/results"
)

// What report and attack have in common: --format and --out.

// endings are the formats that the names of files tell.
var endings = map[string]string{
	".html": "html", ".htm": "html", ".md": "markdown", ".json": "json", ".csv": "csv", ".tex": "latex", ".xml": "junit", ".txt": "text",
}

// formatFor is the format that was asked for or, where none was, the one that the
// name of the output tells, if it is one of formats.
func formatFor(cmd *cobra.Command, format, out string, formats []string) (string, error) {
	if told := endings[strings.ToLower(filepath.Ext(out))]; !cmd.Flags().Changed("format") && slices.Contains(formats, told) {
		return told, nil
	}
	_, err := choice("format", format, formats)
	return format, err
}

// writableAt refuses a place in which no file can be made.
func writableAt(path string) error {
	unlock, err := outPaths{result: path}.claim(true)
	if err != nil {
		return err
	}
	unlock()
	return nil
}

// holdsRun refuses a file that holds what dtbench run measured.
func holdsRun(path string) error {
	if _, err := results.ReadFile(path); err == nil {
		return usagef("name another file", "%s holds a run, which this would replace", path)
	}
	return nil
}
