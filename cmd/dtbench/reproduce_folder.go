package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/dtbench/dtbench/results"
)

// stagedFolder is a folder in the making: files are written beside the place
// where they will appear, and moved there when all are complete.
type stagedFolder struct {
	target, staging string
	exists          bool // target is there already
}

// stage refuses, before any work, a target that cannot be written, that is no
// folder, or that holds something and must not be touched.
func stage(target string, force bool) (*stagedFolder, error) {
	f := &stagedFolder{target: filepath.Clean(target)}
	entries, err := os.ReadDir(f.target)
	switch {
	case err == nil:
		f.exists = true
		if len(entries) > 0 && !force {
			return nil, usagef("name another folder, or replace its files with --force", "--out %s is not empty", target)
		}
	case !errors.Is(err, os.ErrNotExist):
		return nil, usagef("name a folder", "--out %s: %v", target, cause(err))
	}
	parent := filepath.Dir(f.target)
	if f.exists {
		parent = f.target
	}
	if f.staging, err = os.MkdirTemp(parent, ".dtbench-reproduce-*"); err != nil {
		return nil, usagef("choose another --out", "cannot write in %s: %v", parent, cause(err))
	}
	if err := os.Chmod(f.staging, 0o755); err != nil {
		return nil, errors.Join(err, os.RemoveAll(f.staging))
	}
	return f, nil
}

// path is where a file is before publish.
func (f *stagedFolder) path(name string) string { return filepath.Join(f.staging, name) }

// write makes one file.
func (f *stagedFolder) write(name string, write func(io.Writer) error) error {
	if err := results.Replace(f.path(name), 0o644, write); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// publish moves the files to their place and returns their names.
func (f *stagedFolder) publish() (names []string, err error) {
	entries, err := os.ReadDir(f.staging)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if !f.exists {
		return names, os.Rename(f.staging, f.target)
	}
	for _, name := range names {
		if err := os.Rename(f.path(name), filepath.Join(f.target, name)); err != nil {
			return nil, err
		}
	}
	return names, os.Remove(f.staging)
}

// discard removes what was not published.
func (f *stagedFolder) discard() { _ = os.RemoveAll(f.staging) }
