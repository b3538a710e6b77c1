package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// cgroup2 makes groups below dir in the unified hierarchy. The cpu and memory
// controllers must be enabled for the children of dir, or dir must let us
// enable them, which the kernel refuses where dir holds processes itself.
type cgroup2 struct{ dir string }

func (cgroup2) version() string { return "cgroup-v2" }

func (h cgroup2) sweep() { sweepDead(h.dir) }

func (h cgroup2) create(name string, l limits) (group, error) {
	g := &group2{dir: filepath.Join(h.dir, name)}
	if err := os.Mkdir(g.dir, 0o755); err != nil {
		return nil, err
	}
	err := g.setUp(h.dir, l)
	if err != nil {
		return nil, errors.Join(err, g.remove())
	}
	return g, nil
}

type group2 struct {
	dir string
	fd  *os.File
}

func (g *group2) setUp(parent string, l limits) (err error) {
	_, noCPU := os.Stat(filepath.Join(g.dir, "cpu.max"))
	_, noMemory := os.Stat(filepath.Join(g.dir, "memory.max"))
	if noCPU != nil || noMemory != nil {
		err := os.WriteFile(filepath.Join(parent, "cgroup.subtree_control"), []byte("+cpu +memory"), 0o644)
		if err != nil {
			return fmt.Errorf("the cpu and memory controllers are not enabled in %s: %w", parent, err)
		}
	}
	if l.memoryBytes > 0 {
		if err := writeValue(g.dir, "memory.max", l.memoryBytes); err != nil {
			return err
		}
		err := writeValue(g.dir, "memory.swap.max", 0)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if l.vcpu > 0 {
		value := strconv.FormatInt(l.quota(), 10) + " " + strconv.FormatInt(l.period.Microseconds(), 10)
		if err := os.WriteFile(filepath.Join(g.dir, "cpu.max"), []byte(value), 0o644); err != nil {
			return err
		}
	}
	g.fd, err = os.Open(g.dir)
	return err
}

func (g *group2) attach(attr *syscall.SysProcAttr) {
	attr.UseCgroupFD = true
	attr.CgroupFD = int(g.fd.Fd())
}

func (*group2) enterThread() error { return nil }

func (*group2) leaveThread() error { return nil }

func (g *group2) throttled() (time.Duration, error) {
	us, err := readKey(g.dir, "cpu.stat", "throttled_usec")
	return time.Duration(us) * time.Microsecond, err
}

func (g *group2) peakBytes() (int64, error) { return readInt(g.dir, "memory.peak") }

func (g *group2) oomKills() (int, error) {
	n, err := readKey(g.dir, "memory.events", "oom_kill")
	return int(n), err
}

func (g *group2) processes() ([]int, error) { return listed(g.dir) }

func (g *group2) remove() error {
	if g.fd != nil {
		_ = g.fd.Close()
	}
	return removeGroup(g.dir, func() error {
		if err := writeValue(g.dir, "cgroup.kill", 1); err == nil {
			return nil
		}
		return killListed(g.dir) // Linux before 5.14
	})
}
