package local

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dtbench/dtbench/internal/needs"
	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/scenarios/build"
	"github.com/dtbench/dtbench/scenarios/build/buildtest"
	"github.com/dtbench/dtbench/scenarios/function"
)

func TestTheMountTableFindsOurOwnGroups(t *testing.T) {
	check := func(name, mountinfo, self string, want mountTable) {
		t.Helper()
		dir := t.TempDir()
		for file, text := range map[string]string{"mountinfo": mountinfo, "cgroup": self} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := cgroupMounts(filepath.Join(dir, "mountinfo"), filepath.Join(dir, "cgroup"))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	check("v2 on a desktop",
		"31 24 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
		"0::/user.slice/user-1000.slice/session.scope\n",
		mountTable{unified: []string{"/sys/fs/cgroup/user.slice/user-1000.slice/session.scope", "/sys/fs/cgroup"}, controllers: map[string]string{}})
	check("v2 in a container with its own namespace",
		"31 24 0:27 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n", "0::/\n",
		mountTable{unified: []string{"/sys/fs/cgroup"}, controllers: map[string]string{}})
	check("v1, cpu and cpuacct together, a container without a namespace",
		"40 30 0:30 /docker/abc /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"+
			"41 30 0:31 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
		"5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc/sub\n1:name=systemd:/docker/abc\n",
		mountTable{controllers: map[string]string{
			"cpu": "/sys/fs/cgroup/cpu,cpuacct", "cpuacct": "/sys/fs/cgroup/cpu,cpuacct", "memory": "/sys/fs/cgroup/memory/sub",
		}})
	check("nothing mounted", "22 1 8:1 / / rw - ext4 /dev/vda rw\n", "0::/\n", mountTable{controllers: map[string]string{}})
}

func TestVersion2WritesItsLimits(t *testing.T) {
	parent := t.TempDir() // a plain folder shows what would be written
	h := cgroup2{dir: parent}
	g, err := h.create("dtbench-1-1", limits{memoryBytes: 512 << 20, vcpu: 0.5, period: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer g.(*group2).fd.Close()
	for file, want := range map[string]string{
		"cgroup.subtree_control":        "+cpu +memory",
		"dtbench-1-1/memory.max":        "536870912",
		"dtbench-1-1/memory.swap.max":   "0",
		"dtbench-1-1/cpu.max":           "10000 20000",
		"dtbench-1-1/does-not-exist-no": "",
	} {
		data, err := os.ReadFile(filepath.Join(parent, file))
		if string(data) != want || (want == "") != (err != nil) {
			t.Errorf("%s: %q, %v; want %q", file, data, err, want)
		}
	}
}

// The kernel puts a version 2 child into its group at birth. The mount may have
// no controllers; placement needs none.
func TestVersion2PlacesTheChildAtBirth(t *testing.T) {
	mounts, err := cgroupMounts("/proc/self/mountinfo", "/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	if len(mounts.unified) == 0 {
		needs.Missing(t, "cgroup v2", "no cgroup2 file system is mounted")
	}
	name := groupPrefix + strconv.Itoa(os.Getpid()) + "-placement"
	dir := filepath.Join(mounts.unified[0], name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		needs.Missing(t, "cgroup v2", err.Error())
	}
	g := &group2{dir: dir}
	defer func() {
		if err := g.remove(); err != nil {
			t.Error(err)
		}
	}()
	if g.fd, err = os.Open(dir); err != nil {
		t.Fatal(err)
	}
	attr := &syscall.SysProcAttr{}
	g.attach(attr)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p, err := os.StartProcess("/bin/cat", []string{"cat", "/proc/self/cgroup"}, &os.ProcAttr{Files: []*os.File{nil, w, nil}, Sys: attr})
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	out := make([]byte, 4096)
	n, _ := r.Read(out)
	if _, err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out[:n]), name) {
		t.Errorf("the child was born in\n%s", out[:n])
	}
}

// withLimits opens the host with limits, or skips.
func withLimits(t *testing.T) platforms.Platform {
	t.Helper()
	// A small quota: on a busy machine the function may not get even half a
	// processor, and a quota that is not used up throttles nothing.
	p, err := Open(Options{MemoryBytes: 512 << 20, VCPU: 0.05, CPUPeriod: 20 * time.Millisecond, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if p.Info().Limits == "none" {
		needs.Missing(t, "cgroups", strings.Join(p.Info().Notices, "; "))
	}
	return p
}

func faultyFunction(t *testing.T) platforms.Function {
	t.Helper()
	program := build.Program{Name: "faulty", Package: "platforms/platformtest/faulty"}
	return platforms.Function{Name: "faulty", Binary: buildtest.Programs(t, program)["faulty"].Path}
}

func TestAFunctionRunsInItsGroupAndIsThrottled(t *testing.T) {
	p := withLimits(t)
	in, err := p.Prepare(context.Background(), faultyFunction(t))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	invoke := func(event string) (platforms.Invocation, function.Answer) {
		t.Helper()
		inv, err := in.Invoke(context.Background(), []byte(event))
		if err != nil {
			t.Fatal(err)
		}
		var a function.Answer
		if err := json.Unmarshal(inv.Answer, &a); err != nil {
			t.Fatal(err)
		}
		return inv, a
	}
	_, a := invoke(`{"do":"cgroup"}`)
	if where, _ := a.Result.(string); !strings.Contains(where, groupPrefix+strconv.Itoa(os.Getpid())) {
		t.Errorf("the function runs in\n%s", where)
	}
	inv, _ := invoke(`{"do":"burn","ms":300}`)
	if inv.Throttled == nil || *inv.Throttled <= 0 {
		t.Errorf("burning CPU for 300 ms at a twentieth of a processor was throttled for %v", inv.Throttled)
	} else if *inv.Throttled > inv.Total {
		t.Errorf("throttled for %s of %s", *inv.Throttled, inv.Total)
	}
	if inv.CgroupPeakBytes == nil || *inv.CgroupPeakBytes <= 0 {
		t.Errorf("no cgroup peak: %v", inv.CgroupPeakBytes)
	}
}

func TestSweepRemovesTheGroupsOfTheDeadOnly(t *testing.T) {
	dead, err := os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dead.Wait(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	stay := []string{newGroupName(), "other-" + strconv.Itoa(dead.Pid), groupPrefix + "x", groupPrefix + "1-init-1"}
	for _, name := range append(stay, groupPrefix+strconv.Itoa(dead.Pid)+"-abc-7", groupPrefix+strconv.Itoa(os.Getpid())+"-earlier-1") {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	sweepDead(dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(stay) {
		t.Errorf("left: %v, want %v", entries, stay)
	}
}
