package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const workPrefix = "dtbench-run-"

// newWorkFolder makes a temporary folder for the programs and objects of this
// run, and removes those of runs that were killed.
func newWorkFolder() (string, error) {
	sweepWorkFolders(os.TempDir())
	dir, err := os.MkdirTemp("", fmt.Sprintf("%s%d-", workPrefix, os.Getpid()))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return "", usagef("set TMPDIR to a folder that exists and can be written", "no temporary folder: %v", err)
	}
	return dir, err
}

func sweepWorkFolders(dir string) {
	folders, _ := filepath.Glob(filepath.Join(dir, workPrefix+"*-*"))
	for _, folder := range folders {
		number, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(folder), workPrefix), "-")
		pid, err := strconv.Atoi(number)
		if err != nil || pid == os.Getpid() || !gone(pid) {
			continue
		}
		_ = os.RemoveAll(folder) // another user's stays
	}
}

// gone is true when no process has the number; where that cannot be told, as on
// Windows, it is false.
func gone(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	err = p.Signal(syscall.Signal(0))
	return errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH)
}
