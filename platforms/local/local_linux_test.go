package local

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/internal/needs"
	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/platforms/platformtest"
	"github.com/dtbench/dtbench/scenarios/build"
	"github.com/dtbench/dtbench/scenarios/build/buildtest"
)

func TestConformance(t *testing.T) { conformance(t, nil) }

// What holds for the user who runs the host holds for instances of another.
func TestConformanceAsAnOrdinaryUser(t *testing.T) {
	needs.Root(t)
	conformance(t, &nobody)
}

var nobody = User{UID: 65534, GID: 65534}

func conformance(t *testing.T, user *User) {
	platformtest.Run(t, platformtest.Suite{
		Open: func(t *testing.T, s platformtest.Settings) platforms.Platform {
			p, err := Open(Options{MemoryBytes: 512 << 20, CPUPeriod: 20 * time.Millisecond, Timeout: s.Timeout, Log: s.Log, User: user})
			if err != nil {
				t.Fatal(err)
			}
			return p
		},
		Leftovers: leftovers,
	})
}

// leftovers lists child processes of this one, cgroups that bear its number,
// and open pipes and sockets.
func leftovers(t *testing.T) []string {
	t.Helper()
	var left []string
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // ended meanwhile
		}
		name, rest, _ := strings.Cut(string(data), ") ")
		if f := strings.Fields(rest); len(f) > 1 && (f[1] == strconv.Itoa(os.Getpid()) || strings.Contains(name, "(faulty")) {
			left = append(left, "process "+name+")")
		}
	}
	mounts, err := cgroupMounts("/proc/self/mountinfo", "/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	dirs := append([]string{}, mounts.unified...)
	for _, dir := range mounts.controllers {
		dirs = append(dirs, dir)
	}
	for _, dir := range dirs {
		groups, _ := filepath.Glob(filepath.Join(dir, fmt.Sprintf("%s%d-*", groupPrefix, os.Getpid())))
		left = append(left, groups...)
	}
	return left
}

func TestAPolicyThatDoesNotFitIsRefused(t *testing.T) {
	p, err := Open(Options{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	check := func(size int, want bool) {
		t.Helper()
		in, err := p.Prepare(context.Background(), platforms.Function{Name: "f", Binary: "/bin/true", Policy: make([]byte, size)})
		if (err == nil) != want {
			t.Errorf("a policy of %d bytes: %v", size, err)
		}
		if err == nil {
			err = in.Close() // it never started
		}
		if err != nil && want {
			t.Error(err)
		}
	}
	check(maxPolicyBytes, true)
	check(maxPolicyBytes+1, false)
}

func TestAnInstanceRunsAsItsUser(t *testing.T) {
	needs.Root(t)
	p, err := Open(Options{Timeout: time.Minute, User: &nobody})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	binary := buildtest.Programs(t, build.FunctionProgram("hello", "benchmark"))["hello-benchmark"].Path
	in, err := p.Prepare(context.Background(), platforms.Function{Name: "hello", Binary: binary, Secrets: map[string]string{"API_KEY": "k"}})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if pid := PID(in); pid != 0 {
		t.Errorf("process %d before the start", pid)
	}
	if _, err := in.Invoke(context.Background(), []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", PID(in)))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Uid:\t65534\t65534\t65534\t65534\n", "Gid:\t65534\t65534\t65534\t65534\n", "Groups:\t \n",
		"CapEff:\t0000000000000000\n", "CapPrm:\t0000000000000000\n",
	} {
		if !strings.Contains(string(status), want) {
			t.Errorf("its status lacks %q", want)
		}
	}
}
