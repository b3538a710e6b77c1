package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/dtbench/dtbench/internal/filelock"
	"github.com/dtbench/dtbench/results"
)

// outPaths are the files of one run.
type outPaths struct{ result, journal, chart, log string }

func newOutPaths(result string) outPaths {
	stem := strings.TrimSuffix(result, filepath.Ext(result))
	return outPaths{result: result, journal: result + ".journal", chart: stem + ".svg", log: stem + ".log"}
}

// base names the files of the revision that --against compares with: r.json
// has r-base.json beside it.
func (p outPaths) base() outPaths {
	ext := filepath.Ext(p.result)
	return newOutPaths(strings.TrimSuffix(p.result, ext) + "-base" + ext)
}

// outPaths decides where the result goes. It looks at names only.
func (a *app) outPaths(f *runFlags) (outPaths, error) {
	out := f.out
	if out == "" {
		out = fmt.Sprintf("dtbench-%s-%s.json", f.platform, a.now().UTC().Format("20060102T150405Z"))
	}
	p := newOutPaths(out)
	if out == p.chart || out == p.log {
		return p, usagef("use a name that ends in .json", "--out %s is the name of the chart or the log", out)
	}
	return p, nil
}

// claim takes the names for this run until unlock, and refuses, before any
// work, a place that cannot be written, that another run is writing, or that
// holds something which mayExist does not allow.
func (p outPaths) claim(mayExist bool) (unlock func(), err error) {
	if info, err := os.Stat(p.result); err == nil && !info.Mode().IsRegular() {
		return nil, usagef("name a file", "--out %s is not a regular file", p.result)
	}
	dir := filepath.Dir(p.result)
	probe, err := os.CreateTemp(dir, ".dtbench-*")
	if err != nil {
		return nil, usagef("choose another --out", "cannot write in %s: %v", dir, cause(err))
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return nil, err
	}
	unlock, err = filelock.TryRemoving(filepath.Join(dir, "."+filepath.Base(p.result)+".lock"))
	if errors.Is(err, filelock.ErrHeld) {
		return nil, usagef("wait for it, or name another --out", "another run is writing %s", p.result)
	}
	if err != nil {
		return nil, err
	}
	if mayExist {
		return unlock, nil
	}
	if exists(p.journal) {
		err = usagef("--resume goes on with it, --force discards it", "%s is left from a run that was cut off", p.journal)
	}
	for _, path := range []string{p.log, p.chart, p.result} {
		if exists(path) {
			err = usagef("--force replaces it, --resume completes an interrupted run", "%s exists", path)
		}
	}
	if err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// cause is the reason of a path error without the path, which the message
// names already.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// loadEarlier reads the run that --resume goes on with: its journal, else its
// file.
func loadEarlier(p outPaths) (*results.File, error) {
	if exists(p.journal) {
		return results.ReadJournal(p.journal)
	}
	if !exists(p.result) {
		return nil, usagef("leave --resume out to start a new run", "nothing to resume: neither %s nor %s exists", p.result, p.journal)
	}
	return results.ReadFile(p.result)
}
