package local

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// cgroup1 makes groups in the cpu and memory hierarchies of version 1, below
// the groups in which the harness itself lives.
type cgroup1 struct{ cpu, memory string }

func (cgroup1) version() string { return "cgroup-v1" }

func (h cgroup1) sweep() {
	sweepDead(h.cpu)
	sweepDead(h.memory)
}

func (h cgroup1) create(name string, l limits) (group, error) {
	g := &group1{home: h, cpu: filepath.Join(h.cpu, name), memory: filepath.Join(h.memory, name)}
	err := g.setUp(l)
	if err != nil {
		return nil, errors.Join(err, g.remove())
	}
	return g, nil
}

type group1 struct {
	home        cgroup1
	cpu, memory string
}

func (g *group1) setUp(l limits) error {
	for _, dir := range g.dirs() {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	if l.memoryBytes > 0 {
		if err := writeValue(g.memory, "memory.limit_in_bytes", l.memoryBytes); err != nil {
			return err
		}
		// Without this file the kernel counts no swap, and the limit above
		// would only push pages out; machines without it have no swap here.
		err := writeValue(g.memory, "memory.memsw.limit_in_bytes", l.memoryBytes)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if l.vcpu > 0 {
		if err := writeValue(g.cpu, "cpu.cfs_period_us", l.period.Microseconds()); err != nil {
			return err
		}
		return writeValue(g.cpu, "cpu.cfs_quota_us", l.quota())
	}
	return nil
}

// dirs gives each directory once: cpu and memory may be mounted together.
func (g *group1) dirs() []string {
	if g.cpu == g.memory {
		return []string{g.cpu}
	}
	return []string{g.cpu, g.memory}
}

func (*group1) attach(*syscall.SysProcAttr) {}

func (g *group1) enterThread() error { return moveThread(g.cpu, g.memory) }

func (g *group1) leaveThread() error { return moveThread(g.home.cpu, g.home.memory) }

func moveThread(cpu, memory string) error {
	tid := []byte(strconv.Itoa(unix.Gettid()))
	if err := os.WriteFile(filepath.Join(cpu, "tasks"), tid, 0); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(memory, "tasks"), tid, 0)
}

func (g *group1) throttled() (time.Duration, error) {
	ns, err := readKey(g.cpu, "cpu.stat", "throttled_time")
	return time.Duration(ns), err
}

func (g *group1) peakBytes() (int64, error) { return readInt(g.memory, "memory.max_usage_in_bytes") }

func (g *group1) oomKills() (int, error) {
	n, err := readKey(g.memory, "memory.oom_control", "oom_kill")
	return int(n), err
}

func (g *group1) processes() ([]int, error) { return listed(g.memory) }

func (g *group1) remove() error {
	var errs []error
	for _, dir := range g.dirs() {
		errs = append(errs, removeGroup(dir, func() error { return killListed(dir) }))
	}
	return errors.Join(errs...)
}
