// Package outside is attack code in a process of its own: a sibling of the
// function under the same user, a child of it, or a process of another user.
// It is the program scenarios/probes/probe-outsider, so that all of these have
// no more than what the kernel lets them have.
package outside

import (
	"fmt"
	"strconv"

	"github.com/dtbench/dtbench/scenarios/probes/evidence"
)

// Read looks into processes, given by their numbers: at the environment of every
// thread and at all of the memory; and it tries to attach to them as a debugger.
// The number "self" is the outsider's own environment.
func Read(prey evidence.Prey, processes []string) evidence.Sight {
	var s evidence.Sight
	for _, process := range processes {
		s.ReadEnvirons(process, prey)
		if process == "self" {
			continue // its memory holds what it was told to look for
		}
		s.ReadMemory(process, prey)
		s.Looked("ptrace of "+process, 0, attach(process))
	}
	return s
}

// Connect tries to reach the sockets of processes that other users run: by the
// list of their descriptors, by taking a descriptor out of them, and by the
// sockets in paths, a list of names in the file system or, where they begin with
// "@", in the abstract namespace.
func Connect(processes, paths []string) evidence.Sight {
	var s evidence.Sight
	for _, process := range processes {
		pid, err := strconv.Atoi(process)
		if err != nil {
			s.Looked("process "+process, 0, err)
			continue
		}
		s.Looked(fmt.Sprintf("/proc/%d/fd", pid), 0, listDescriptors(pid))
		s.Looked(fmt.Sprintf("a descriptor of /proc/%d/fd", pid), 0, openDescriptors(pid))
		s.Looked(fmt.Sprintf("pidfd_getfd of %d", pid), 0, takeDescriptors(pid))
	}
	for _, path := range paths {
		s.Looked("connect to "+path, 0, dial(path))
	}
	return s
}
