package evidence

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ReadFiles searches every regular file below dir, which evidence names by their
// paths in it. An error means that the folder could not be walked; a file that is
// closed is a refusal.
func (s *Sight) ReadFiles(dir string, prey Prey) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		s.readFile(name, path, prey)
		return err
	})
}

func (s *Sight) readFile(place, path string, prey Prey) {
	f, err := os.Open(path)
	if err != nil {
		s.Looked(place, 0, err)
		return
	}
	defer f.Close()
	n, err := s.scan(place, f, prey)
	s.Looked(place, n, err)
}

// window is how much is read at once.
const window = 1 << 20

// scan searches what r gives.
func (s *Sight) scan(place string, r io.Reader, prey Prey) (total int, err error) {
	buffer := make([]byte, 0, window+prey.Length)
	for {
		n, err := io.ReadFull(r, buffer[len(buffer):cap(buffer)])
		total += n
		buffer = buffer[:len(buffer)+n]
		s.Search(place, buffer, prey)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
		// A value that is cut off here is found whole the next time.
		rest := min(prey.Length-1, len(buffer))
		buffer = buffer[:copy(buffer, buffer[len(buffer)-rest:])]
	}
}

// ReadEnvirons searches the environment block of a process, and of each of its
// threads. The process is a number or "self".
func (s *Sight) ReadEnvirons(process string, prey Prey) {
	paths := []string{"/proc/" + process + "/environ"}
	threads, _ := filepath.Glob("/proc/" + process + "/task/*/environ")
	for _, path := range append(paths, threads...) {
		s.readFile(path, path, prey)
	}
}

// ReadMemory searches every readable mapping of a process through /proc/PID/mem.
func (s *Sight) ReadMemory(process string, prey Prey) {
	place := "/proc/" + process + "/mem"
	n, err := s.memory(process, place, prey)
	s.Looked(place, n, err)
}

func (s *Sight) memory(process, place string, prey Prey) (total int, err error) {
	maps, err := os.Open("/proc/" + process + "/maps")
	if err != nil {
		return 0, err
	}
	defer maps.Close()
	memory, err := os.Open(place)
	if err != nil {
		return 0, err
	}
	defer memory.Close()
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		start, end, ok := readable(lines.Text())
		if !ok {
			continue
		}
		// What cannot be read, such as [vvar], an attacker passes over.
		n, _ := s.scan(place, io.NewSectionReader(memory, start, end-start), prey)
		total += n
	}
	if err = lines.Err(); err == nil && total == 0 {
		err = fmt.Errorf("no mapping of process %s can be read", process)
	}
	return total, err
}

// readable reads a line of proc_pid_maps(5).
func readable(line string) (start, end int64, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 2 || fields[1][0] != 'r' {
		return 0, 0, false
	}
	from, to, _ := strings.Cut(fields[0], "-")
	start, err1 := strconv.ParseInt(from, 16, 64)
	end, err2 := strconv.ParseInt(to, 16, 64)
	return start, end, err1 == nil && err2 == nil && start < end
}
