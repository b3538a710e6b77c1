package machine

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dtbench/dtbench/results"
)

func fingerprint(env *results.Environment) {
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		env.Kernel = unix.ByteSliceToString(u.Release[:])
	}
	for line := range strings.Lines(read("/proc/cpuinfo")) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			env.CPU = strings.TrimSpace(value)
			break
		}
	}
	for line := range strings.Lines(read("/proc/meminfo")) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "MemTotal:" {
			kb, _ := strconv.ParseInt(f[1], 10, 64)
			env.MemoryBytes = kb << 10
		}
	}
}

func load() float64 {
	f := strings.Fields(read("/proc/loadavg"))
	if len(f) == 0 {
		return 0
	}
	v, _ := strconv.ParseFloat(f[0], 64)
	return v
}

func readCounters() counters {
	c := counters{at: time.Now(), pressure: -1, steal: -1}
	for line := range strings.Lines(read("/proc/pressure/cpu")) { // absent without CONFIG_PSI
		if rest, ok := strings.CutPrefix(line, "some "); ok {
			if _, total, ok := strings.Cut(strings.TrimSpace(rest), "total="); ok {
				us, err := strconv.ParseInt(total, 10, 64)
				if err == nil {
					c.pressure = time.Duration(us) * time.Microsecond
				}
			}
		}
	}
	// cpu user nice system idle iowait irq softirq steal …, see proc(5)
	first, _, _ := strings.Cut(read("/proc/stat"), "\n")
	if f := strings.Fields(first); len(f) > 8 && f[0] == "cpu" {
		for i := 1; i <= 8; i++ {
			v, _ := strconv.ParseInt(f[i], 10, 64)
			c.all += v
			switch i {
			case 1, 2, 3:
				c.busy += v
			case 8:
				c.steal = v
			}
		}
	}
	c.ours = ourTicks()
	return c
}

// ourTicks adds up this process, its children that live, and what those that
// were waited for have used.
func ourTicks() int64 {
	self := strconv.Itoa(os.Getpid())
	var sum int64
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		// pid (name) state ppid … utime stime cutime cstime, see proc(5); the
		// name may hold anything, so the fields are counted from its end.
		_, rest, ok := strings.Cut(read(path), ") ")
		f := strings.Fields(rest)
		if !ok || len(f) < 15 || f[1] != self && path != "/proc/"+self+"/stat" {
			continue
		}
		for _, field := range f[11:15] {
			v, _ := strconv.ParseInt(field, 10, 64)
			sum += v
		}
	}
	return sum
}

func read(path string) string {
	data, _ := os.ReadFile(path) // what cannot be read is left out
	return string(data)
}
