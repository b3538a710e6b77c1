package attack

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// socketsOf lists the machine's named Unix sockets and listening ports, and tells
// which of them processes of the instance hold. It needs the right to look at
// their descriptors.
func socketsOf(pids []int) (s sockets, err error) {
	held := map[string]bool{}
	for _, pid := range pids {
		fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		if err != nil {
			return s, err
		}
		if len(fds) == 0 {
			return s, cannot("the descriptors of process %d cannot be seen: only root sees those of a non-dumpable process", pid)
		}
		for _, fd := range fds {
			if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, "socket:[") {
				held[strings.TrimSuffix(strings.TrimPrefix(to, "socket:["), "]")] = true
			}
		}
	}
	unix, err := os.ReadFile("/proc/net/unix")
	if err != nil {
		return s, err
	}
	for i, line := range strings.Split(strings.TrimSpace(string(unix)), "\n") {
		if f := strings.Fields(line); i > 0 && len(f) > 6 { // Num RefCount Protocol Flags Type St Inode Path
			s.unix = append(s.unix, unixSocket{path: strings.Join(f[7:], " "), ours: held[f[6]]})
		}
	}
	for _, table := range []string{"tcp", "tcp6", "udp", "udp6"} {
		data, err := os.ReadFile("/proc/net/" + table)
		if err != nil {
			continue // no such protocol here
		}
		for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
			f := strings.Fields(line)
			const listening, unconnected = "0A", "07" // include/net/tcp_states.h
			if i == 0 || len(f) < 10 || f[3] != listening && f[3] != unconnected {
				continue
			}
			_, hexadecimal, _ := strings.Cut(f[1], ":")
			number, err := strconv.ParseInt(hexadecimal, 16, 32)
			if err != nil {
				return s, fmt.Errorf("/proc/net/%s: line %d: %w", table, i+1, err)
			}
			s.ports = append(s.ports, openPort{protocol: table, number: int(number), ours: held[f[9]]})
		}
	}
	return s, nil
}
