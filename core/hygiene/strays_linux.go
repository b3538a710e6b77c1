package hygiene

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unsafe"
)

// eraseStrays overwrites the value in every copy of entry, "NAME=value", in the
// writable memory of the process, except in entry itself. That is how the copy
// is reached that the runtime made of an entry which os.Getenv does not give:
// the second of two with one name, or one that os.Setenv has replaced since.
//
// It reads and writes through /proc/self/mem, where a mapping that goes away
// meanwhile is an error and not a fault, so it must run before the process is
// made non-dumpable.
func eraseStrays(entry, value []byte) (erased int, err error) {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return 0, fmt.Errorf("searching for another copy: %w", err)
	}
	memory, err := os.OpenFile("/proc/self/mem", os.O_RDWR, 0)
	if err != nil {
		return 0, fmt.Errorf("searching for another copy: %w", err)
	}
	defer memory.Close()

	const window = 256 << 10
	buffer := make([]byte, window+len(entry))
	defer clear(buffer)
	own := addressOf(entry)
	first := addressOf(buffer)
	last := first + uint64(len(buffer))
	nothing := make([]byte, len(value))
	for line := range strings.Lines(string(maps)) {
		start, end, ok := writable(line)
		for at := start; ok && at < end; at += window {
			// What cannot be read was unmapped since, or is a device's.
			n, _ := memory.ReadAt(buffer[:min(uint64(len(buffer)), end-at)], int64(at))
			for from := 0; ; {
				i := bytes.Index(buffer[from:n], entry)
				if i < 0 {
					break
				}
				from += i + 1
				hit := at + uint64(from-1)
				if hit == own || hit+uint64(len(entry)) > first && hit < last {
					continue
				}
				if _, err := memory.WriteAt(nothing, int64(hit)+int64(len(entry)-len(value))); err != nil {
					return erased, fmt.Errorf("overwriting another copy: %w", err)
				}
				erased++
			}
		}
	}
	return erased, nil
}

// writable reads a line of proc_pid_maps(5).
func writable(line string) (start, end uint64, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 2 || !strings.HasPrefix(fields[1], "rw") {
		return 0, 0, false
	}
	from, to, _ := strings.Cut(fields[0], "-")
	start, err1 := strconv.ParseUint(from, 16, 64)
	end, err2 := strconv.ParseUint(to, 16, 64)
	return start, end, err1 == nil && err2 == nil
}

func addressOf(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }
