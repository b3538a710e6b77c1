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

	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/platforms/platformtest"
)

func TestConformance(t *testing.T) {
	platformtest.Run(t, platformtest.Suite{
		Open: func(t *testing.T, s platformtest.Settings) platforms.Platform {
			p, err := Open(Options{MemoryBytes: 512 << 20, CPUPeriod: 20 * time.Millisecond, Timeout: s.Timeout, Log: s.Log})
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
