package hygiene

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

func erase(old map[string]string, search bool, r *Report) error {
	block, err := environmentBlock()
	if err != nil {
		eraseRuntime(old, r)
		return err
	}
	// The block is compared with what the runtime holds, so it comes first.
	strays := eraseBlock(block, old, search, r)
	eraseRuntime(old, r)
	return strays
}

// eraseBlock overwrites the values of the named entries of block.
func eraseBlock(block []byte, old map[string]string, search bool, r *Report) error {
	seen := make(map[string]bool, len(old))
	var errs []error
	for len(block) > 0 {
		entry, rest, _ := bytes.Cut(block, []byte{0})
		block = rest
		name, value, ok := bytes.Cut(entry, []byte{'='})
		if !ok {
			continue
		}
		given, ours := old[string(name)]
		if !ours {
			continue
		}
		if search || seen[string(name)] || string(value) != given {
			n, err := eraseStrays(entry, value)
			r.Strays += n
			errs = append(errs, err)
		}
		seen[string(name)] = true
		clear(value)
		r.Kernel++
	}
	return errors.Join(errs...)
}

// environmentBlock is the memory between env_start and env_end of
// proc_pid_stat(5), fields 50 and 51: what /proc/PID/environ shows. The kernel
// laid it on the initial stack, outside of Go's heap and writable.
func environmentBlock() ([]byte, error) {
	var stat [2 << 10]byte // 52 numbers of at most 20 digits, and a short name
	n, err := readOnce("/proc/self/stat", stat[:])
	if err != nil {
		return nil, fmt.Errorf("finding the environment block: %w", err)
	}
	start, end, err := blockBounds(stat[:n])
	if err != nil {
		return nil, err
	}
	// The address comes from the kernel and not from a Go pointer; it is read
	// as one, because converting it would look like pointer arithmetic to vet.
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&start)), end-start), nil
}

// readOnce reads what one read(2) gives: these files come whole or not at all.
// It spares the start of every function the bookkeeping of an os.File.
func readOnce(path string, p []byte) (int, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", path, err)
	}
	defer unix.Close(fd)
	n, err := unix.Read(fd, p)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", path, err)
	}
	return n, nil
}

var errBounds = errors.New("/proc/self/stat does not tell where the environment block is")

func blockBounds(stat []byte) (start, end uintptr, err error) {
	// The program's name, field 2, is in parentheses and may hold anything.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const first = 3 // number of the field in fields[0]
	if len(fields) <= 51-first {
		return 0, 0, errBounds
	}
	from, err1 := strconv.ParseUint(string(fields[50-first]), 10, 64)
	to, err2 := strconv.ParseUint(string(fields[51-first]), 10, 64)
	const most = 1 << 30
	if err1 != nil || err2 != nil || from == 0 || to < from || to-from > most {
		return 0, 0, errBounds
	}
	return uintptr(from), uintptr(to), nil
}

func closeToOthers(r *Report) error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("PR_SET_DUMPABLE: %w", err)
	}
	r.NonDumpable = true
	return nil
}
