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
// It is a wish. Where it is not granted, as to a function that is root without
// CAP_SYS_NICE, or was root, and has a broker of another user, the access takes longer.
type neighbour struct {
	thread   int         // of the broker, 0 while it is not known
	kept     bool        // on one processor
	at       uint32      // which that is
	anywhere unix.CPUSet // where it might run before it was kept
	here     unix.CPUSet
}

// is says which thread of a broker answered last. The Go scheduler has the next
// question almost always answered by the same. Threads that one makes while it is kept
// begin on its processor, and stay there until they answer and are released.
func (n *neighbour) is(broker, thread int) {
	if n.thread == thread {
		return
	}
	n.release()
	n.thread = 0
	// Whatever a broker says, no other process is meant.
	if unix.Tgkill(broker, thread, 0) == nil {
		n.thread = thread
	}
}

// fetch keeps the broker on the processor of the caller.
func (n *neighbour) fetch() {
	if n.thread == 0 {
		return
	}
	var at uint32
	if _, _, errno := unix.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&at)), 0, 0); errno != 0 || n.kept && at == n.at {
		return
	}
	if !n.kept && unix.SchedGetaffinity(n.thread, &n.anywhere) != nil {
		return
	}
	n.here = unix.CPUSet{}
	n.here.Set(int(at))
	n.kept = unix.SchedSetaffinity(n.thread, &n.here) == nil
	n.at = at
}

// release lets the broker run wherever it might: it has long work to do, or something
// else keeps its processor busy.
func (n *neighbour) release() {
	if n.kept {
		n.kept = false
		_ = unix.SchedSetaffinity(n.thread, &n.anywhere)
	}
}
