package broker

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// neighbour has the broker run where its function runs: question and answer then pass
// from thread to thread on one processor. The kernel would wake another one for the
// broker, because that has nothing to do, and if it sleeps that takes longer than the
// access.
//
// It is a wish. Where it is not granted, as to a function that is no longer root and
// has a broker of another user, the access takes longer.
type neighbour struct {
	anywhere unix.CPUSet // where the function may run
	here     unix.CPUSet
	thread   int    // of the broker, 0 while it is not known
	at       uint32 // the processor where that is kept, plus 1; or 0
}

// look finds out where the two may run.
func (n *neighbour) look() error { return unix.SchedGetaffinity(0, &n.anywhere) }

// is says which thread of the broker answered last. The Go scheduler has the next
// question almost always answered by the same.
func (n *neighbour) is(thread int) {
	if n.thread != thread {
		n.thread, n.at = thread, 0
	}
}

// fetch keeps the broker on the processor of the caller.
func (n *neighbour) fetch() {
	if n.thread == 0 {
		return
	}
	var at uint32
	if _, _, errno := unix.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&at)), 0, 0); errno != 0 || at+1 == n.at {
		return
	}
	n.at = at + 1
	n.here = unix.CPUSet{}
	n.here.Set(int(at))
	_ = unix.SchedSetaffinity(n.thread, &n.here)
}

// release lets the broker run wherever it may: it has long work to do, or something
// else keeps its processor busy.
func (n *neighbour) release() {
	if n.at != 0 {
		n.at = 0
		_ = unix.SchedSetaffinity(n.thread, &n.anywhere)
	}
}
