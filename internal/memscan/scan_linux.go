package memscan

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const window = 1 << 20

// Scan stops the process, searches it for the needles, given by name, and for
// the decoy, and lets it go on. The process must not be the caller's own.
//
// Errors match [ErrDecoy] or [ErrShort], or say what could not be read: a
// mapping that is passed over in silence could hold anything.
func Scan(pid int, decoy []byte, needles map[string][]byte) (Result, error) {
	return ScanApart(pid, decoy, decoy, needles)
}

// ScanApart is Scan for a process whose environment does not hold what its memory
// does: one decoy is looked for in memory and another in the environ of every
// thread.
func ScanApart(pid int, decoy, environDecoy []byte, needles map[string][]byte) (_ Result, err error) {
	var r Result
	if pid == os.Getpid() {
		return r, errors.New("memscan: a process that searches itself finds its own needles")
	}
	const decoyName, environName = "\x00decoy", "\x00environ"
	all := map[string][]byte{decoyName: decoy, environName: environDecoy}
	longest := max(len(decoy), len(environDecoy))
	for name, needle := range needles {
		all[name] = needle
		longest = max(longest, len(needle))
	}
	for name, needle := range all {
		if len(needle) < 8 {
			return r, fmt.Errorf("%w: %s", ErrShort, name)
		}
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return r, fmt.Errorf("memscan: stopping process %d: %w", pid, err)
	}
	defer func() { err = errors.Join(err, syscall.Kill(pid, syscall.SIGCONT)) }()
	if err := awaitStop(pid); err != nil {
		return r, fmt.Errorf("memscan: %w", err)
	}

	s := scanner{pid: pid, needles: all, longest: longest}
	if err := s.memory(); err != nil {
		return r, fmt.Errorf("memscan: %w", err)
	}
	inMemory, before := s.count(decoyName), s.count(environName)
	if err := s.environs(); err != nil {
		return r, fmt.Errorf("memscan: %w", err)
	}
	inEnvirons := s.count(environName) - before
	r.Decoys, r.Bytes, r.Threads = inMemory+inEnvirons, s.bytes, s.threads
	for _, h := range s.hits {
		if h.Needle != decoyName && h.Needle != environName {
			r.Hits = append(r.Hits, h)
		}
	}
	if inMemory == 0 || inEnvirons < s.threads || s.threads == 0 {
		return r, fmt.Errorf("%w: %d in memory, %d in the environ of %d threads", ErrDecoy, inMemory, inEnvirons, s.threads)
	}
	return r, nil
}

// Family scans a process and its children of one program, which share the decoy in
// memory and have another in their environ. It returns all that was found. It is an
// error if there are more or fewer processes than it is told.
func Family(pid, processes int, decoy []byte, program string, environDecoy []byte, needles map[string][]byte) (Result, error) {
	r, err := Scan(pid, decoy, needles)
	if err != nil {
		return r, err
	}
	children, err := Children(pid, program)
	if err == nil && 1+len(children) != processes {
		err = fmt.Errorf("memscan: %d children %s of process %d, not %d", len(children), program, pid, processes-1)
	}
	if err != nil {
		return r, err
	}
	for _, child := range children {
		c, err := ScanApart(child, decoy, environDecoy, needles)
		if err != nil {
			return r, fmt.Errorf("%s: %w", program, err)
		}
		for _, h := range c.Hits {
			h.Place = program + ", " + h.Place
			r.Hits = append(r.Hits, h)
		}
		r.Decoys, r.Bytes, r.Threads = r.Decoys+c.Decoys, r.Bytes+c.Bytes, r.Threads+c.Threads
	}
	return r, nil
}

// awaitStop waits until no thread of the process runs any more.
func awaitStop(pid int) error {
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		if err != nil {
			return err
		}
		running := len(stats) == 0
		for _, path := range stats {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			_, rest, _ := strings.Cut(string(data), ") ")
			running = running || !strings.HasPrefix(rest, "T")
		}
		if !running {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("process %d does not stop", pid)
		}
	}
}

type scanner struct {
	pid     int
	needles map[string][]byte
	longest int
	hits    []Hit
	bytes   int64
	threads int
}

func (s *scanner) count(needle string) int { return Result{Hits: s.hits}.Count(needle) }

// search adds the needles that begin in data[:limit].
func (s *scanner) search(data []byte, limit int, place string, at uint64) {
	for name, needle := range s.needles {
		for from := 0; ; {
			i := bytes.Index(data[from:], needle)
			if i < 0 || from+i >= limit {
				break
			}
			h := Hit{Needle: name, Place: place}
			if at != 0 {
				h.Address = at + uint64(from+i)
			}
			s.hits = append(s.hits, h)
			from += i + 1
		}
	}
}

func (s *scanner) memory() error {
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", s.pid))
	if err != nil {
		return err
	}
	defer maps.Close()
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", s.pid))
	if err != nil {
		return err
	}
	defer memory.Close()
	lines := bufio.NewScanner(maps)
	mappings := 0
	for lines.Scan() {
		m, err := parseMapping(lines.Text())
		if err != nil {
			return err
		}
		if !m.readable {
			continue
		}
		mappings++
		if err := s.mapping(memory, m); err != nil {
			return err
		}
	}
	if mappings == 0 {
		return fmt.Errorf("process %d has no readable mapping", s.pid)
	}
	return lines.Err()
}

type mapping struct {
	start, end uint64
	readable   bool
	place      string
}

// parseMapping reads a line of proc_pid_maps(5).
func parseMapping(line string) (mapping, error) {
	fields := strings.Fields(line)
	malformed := fmt.Errorf("a line of maps that is none: %q", line)
	if len(fields) < 5 {
		return mapping{}, malformed
	}
	from, to, _ := strings.Cut(fields[0], "-")
	start, err1 := strconv.ParseUint(from, 16, 64)
	end, err2 := strconv.ParseUint(to, 16, 64)
	if err1 != nil || err2 != nil || end < start {
		return mapping{}, malformed
	}
	m := mapping{start: start, end: end, readable: fields[1][0] == 'r', place: "anonymous"}
	if len(fields) > 5 {
		m.place = strings.Join(fields[5:], " ")
	}
	// The kernel's own pages: the same in every process, and not in mem.
	if m.place == "[vvar]" || m.place == "[vvar_vclock]" || m.place == "[vsyscall]" {
		m.readable = false
	}
	return m, nil
}

func (s *scanner) mapping(memory *os.File, m mapping) error {
	buffer := make([]byte, window+s.longest)
	for at := m.start; at < m.end; {
		want := min(uint64(len(buffer)), m.end-at)
		n, err := memory.ReadAt(buffer[:want], int64(at))
		if uint64(n) < want {
			return fmt.Errorf("%s at %#x: %d of %d bytes: %w", m.place, at, n, want, err)
		}
		step := min(window, m.end-at)
		s.search(buffer[:n], int(step), m.place, at)
		s.bytes += int64(step)
		at += step
	}
	return nil
}

func (s *scanner) environs() error {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", s.pid))
	if err != nil {
		return err
	}
	for _, task := range tasks {
		f, err := os.Open(filepath.Join(task, "environ"))
		if err != nil {
			return err
		}
		data, err := io.ReadAll(f)
		f.Close()
		if err != nil {
			return err
		}
		s.search(data, len(data), "environ of thread "+filepath.Base(task), 0)
		s.threads++
	}
	return nil
}

// Children lists the processes whose parent is pid and whose program has the
// given name (its first 15 bytes, as the kernel keeps it).
func Children(pid int, name string) ([]int, error) {
	if len(name) > 15 {
		name = name[:15]
	}
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
		head, rest, _ := strings.Cut(string(data), ") ")
		number, program, _ := strings.Cut(head, " (")
		f := strings.Fields(rest)
		if len(f) < 2 || f[1] != strconv.Itoa(pid) || program != name {
			continue
		}
		child, err := strconv.Atoi(number)
		if err != nil {
			return nil, err
		}
		found = append(found, child)
	}
	return found, nil
}
