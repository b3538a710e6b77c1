package local

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// limits of one instance; a zero value means no limit.
type limits struct {
	memoryBytes int64
	vcpu        float64
	period      time.Duration // CFS period of the quota vcpu × period
}

func (l limits) none() bool { return l.memoryBytes == 0 && l.vcpu == 0 }

// quota is the CPU time per period in microseconds.
func (l limits) quota() int64 { return int64(l.vcpu * float64(l.period.Microseconds())) }

// hierarchy makes cgroups of one version.
type hierarchy interface {
	version() string // cgroup-v1 | cgroup-v2
	create(name string, l limits) (group, error)
	// sweep removes the groups of harness processes that no longer exist.
	sweep()
}

// group is the cgroup of one instance. Placement is race-free: with v2 the
// child is born in the group (clone3), with v1 the launching thread enters the
// group before it forks and the child inherits it.
type group interface {
	attach(attr *syscall.SysProcAttr)  // before the fork
	enterThread() error                // moves the calling thread into the group
	leaveThread() error                // and back to where the harness lives
	throttled() (time.Duration, error) // so far
	peakBytes() (int64, error)         // so far
	oomKills() (int, error)            // so far
	processes() ([]int, error)         // in it now, the harness left out
	remove() error                     // kills what is in it first
}

// groupPrefix starts the name of every group; the harness's pid and a random
// word follow, so that sweep can tell the groups of the dead, even of one that
// had our pid, as is common in containers.
const groupPrefix = "dtbench-"

var (
	groupWord   = sync.OnceValue(func() string { return strings.ToLower(rand.Text()[:8]) })
	groupNumber atomic.Int64
)

// newGroupName is unique on this machine.
func newGroupName() string {
	return fmt.Sprintf("%s%d-%s-%d", groupPrefix, os.Getpid(), groupWord(), groupNumber.Add(1))
}

// findHierarchy gives the cgroup version that can enforce l for this process,
// or the reason why none can. It proves it by making and removing a group.
func findHierarchy(l limits) (hierarchy, error) {
	mounts, err := cgroupMounts("/proc/self/mountinfo", "/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	var reasons []string
	for _, h := range append(mounts.v2(), mounts.v1()...) {
		h.sweep()
		g, err := h.create(newGroupName(), l)
		if err == nil {
			if err = g.remove(); err == nil {
				return h, nil
			}
		}
		reasons = append(reasons, fmt.Sprintf("%s: %v", h.version(), err))
	}
	if len(reasons) == 0 {
		return nil, errors.New("no cgroup file system with the cpu and memory controllers is mounted")
	}
	return nil, errors.New(strings.Join(reasons, "; "))
}

// mountTable is where the cgroup file systems are and where this process is in
// them.
type mountTable struct {
	unified     []string          // v2 directories to try, best first
	controllers map[string]string // v1: controller → directory of this process
}

func (m mountTable) v2() []hierarchy {
	var hs []hierarchy
	for _, dir := range m.unified {
		hs = append(hs, cgroup2{dir})
	}
	return hs
}

func (m mountTable) v1() []hierarchy {
	cpu, okCPU := m.controllers["cpu"]
	memory, okMemory := m.controllers["memory"]
	if !okCPU || !okMemory {
		return nil
	}
	return []hierarchy{cgroup1{cpu: cpu, memory: memory}}
}

// cgroupMounts reads the two files, which see proc(5) and cgroups(7).
func cgroupMounts(mountinfo, self string) (mountTable, error) {
	own := map[string]string{} // controller, or "" for v2 → path
	err := eachLine(self, func(line string) {
		parts := strings.SplitN(line, ":", 3)
		if len(parts) != 3 {
			return
		}
		for _, c := range strings.Split(parts[1], ",") {
			own[c] = parts[2]
		}
	})
	if err != nil {
		return mountTable{}, err
	}
	t := mountTable{controllers: map[string]string{}}
	err = eachLine(mountinfo, func(line string) {
		before, after, ok := strings.Cut(line, " - ")
		head, tail := strings.Fields(before), strings.Fields(after)
		if !ok || len(head) < 5 || len(tail) < 3 {
			return
		}
		root, point := head[3], head[4]
		at := func(path string) string {
			rel, err := filepath.Rel(root, path)
			if err != nil || strings.HasPrefix(rel, "..") {
				rel = "." // the process is outside of what is mounted here
			}
			return filepath.Join(point, rel)
		}
		switch tail[0] {
		case "cgroup2":
			t.unified = append(t.unified, at(own[""]))
			if here := at("/"); here != t.unified[0] {
				t.unified = append(t.unified, here)
			}
		case "cgroup":
			for _, c := range strings.Split(tail[2], ",") {
				if path, ok := own[c]; ok {
					t.controllers[c] = at(path)
				}
			}
		}
	})
	return t, err
}

func eachLine(path string, f func(string)) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	s := bufio.NewScanner(file)
	for s.Scan() {
		f(s.Text())
	}
	return s.Err()
}

// sweepDead removes the empty groups below dir whose harness is gone. A group
// that still holds processes is left alone: they are not ours to judge.
func sweepDead(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), groupPrefix)
		if !ok || !e.IsDir() {
			continue
		}
		number, rest, _ := strings.Cut(rest, "-")
		pid, err := strconv.Atoi(number)
		if err != nil {
			continue
		}
		gone := errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
		if gone || pid == os.Getpid() && !strings.HasPrefix(rest, groupWord()) {
			_ = syscall.Rmdir(filepath.Join(dir, e.Name()))
		}
	}
}

// removeGroup kills everything in the group at dir and removes it. The kernel
// refuses to remove a group whose processes are dying, hence the retries.
func removeGroup(dir string, kill func() error) error {
	var err error
	for wait := time.Millisecond; wait < 2*time.Second; wait *= 2 {
		err = syscall.Rmdir(dir)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err := kill(); err != nil {
			return err
		}
		time.Sleep(wait)
	}
	return fmt.Errorf("removing cgroup %s: %w", dir, err)
}

func writeValue(dir, file string, value int64) error {
	return os.WriteFile(filepath.Join(dir, file), []byte(strconv.FormatInt(value, 10)), 0o644)
}

func readInt(dir, file string) (int64, error) {
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
}

// readKey reads one entry of a "key value" file such as cpu.stat.
func readKey(dir, file, key string) (int64, error) {
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), " "); ok && k == key {
			return strconv.ParseInt(v, 10, 64)
		}
	}
	return 0, fmt.Errorf("%s: no %s", filepath.Join(dir, file), key)
}

// listed returns the processes that cgroup.procs of a group names, without the
// harness, one of whose threads may be in there.
func listed(dir string) ([]int, error) {
	data, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, field := range strings.Fields(string(data)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(dir, "cgroup.procs"), err)
		}
		if pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// killListed sends SIGKILL to the processes of a group.
func killListed(dir string) error {
	pids, err := listed(dir)
	if err != nil {
		return err
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	return nil
}
