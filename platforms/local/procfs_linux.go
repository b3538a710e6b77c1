package local

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

// residentOf returns the sum of peakResident over the processes of an instance,
// and their number. A process other than main may end meanwhile, or have ended
// and not been waited for: it has no memory any more.
func residentOf(main int, all []int) (bytes int64, processes int, err error) {
	if bytes, err = peakResident(main); err != nil {
		return 0, 0, err
	}
	processes = 1
	for _, pid := range all {
		if pid == main {
			continue
		}
		n, err := peakResident(pid)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ESRCH), errors.Is(err, errNoMemory):
		case err != nil:
			return 0, 0, err
		default:
			bytes += n
			processes++
		}
	}
	return bytes, processes, nil
}

// processGroup lists the processes of a group, by field 5 of proc_pid_stat(5).
func processGroup(group int) ([]int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var found []int
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // ended meanwhile
		}
		// The program's name, field 2, is in parentheses and may hold anything.
		end := strings.LastIndexByte(string(data), ')')
		head, rest := string(data[:end+1]), string(data[end+1:])
		number, _, _ := strings.Cut(head, " ")
		fields := strings.Fields(rest) // from field 3 on
		if len(fields) < 3 || fields[2] != strconv.Itoa(group) {
			continue
		}
		pid, err := strconv.Atoi(number)
		if err != nil {
			return nil, err
		}
		found = append(found, pid)
	}
	return found, nil
}

var errNoMemory = errors.New("no VmHWM")

// peakResident returns VmHWM, the peak resident set of the process in bytes.
// It counts resident file pages, is readable for a non-dumpable process too,
// and must be read while the process lives.
func peakResident(pid int) (int64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/%d/status: %w", pid, errNoMemory)
}
