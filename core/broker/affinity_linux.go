package broker

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// affinity has the broker run where its function runs: question and answer then pass
// from thread to thread on one processor. The kernel would wake another one for the
// broker, because that has nothing to do, and if it sleeps that takes longer than the
// access.
//
// It is a wish. Where it is not granted, as to a function that is root without
// CAP_SYS_NICE, or was root, and has a broker of another user, the access takes longer.
type affinity struct {
	thread   int         // of the broker, 0 while it is not known
	pinned   bool        // to one processor
	at       uint32      // which that is
	anywhere unix.CPUSet // where it might run before it was pinned
	here     unix.CPUSet
}

// follow says which thread of a broker answered last. The Go scheduler has the next
// question almost always answered by the same. Threads that one makes while it is pinned
// begin on its processor, and stay there until they answer and are unpinned.
func (a *affinity) follow(broker, thread int) {
	if a.thread == thread {
		return
	}
	a.unpin()
	a.thread = 0
	// Whatever a broker says, no other process is meant.
	if unix.Tgkill(broker, thread, 0) == nil {
		a.thread = thread
	}
}

// pin keeps the broker on the processor of the caller.
func (a *affinity) pin() {
	if a.thread == 0 {
		return
	}
	var at uint32
	if _, _, errno := unix.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&at)), 0, 0); errno != 0 || a.pinned && at == a.at {
		return
	}
	if !a.pinned && unix.SchedGetaffinity(a.thread, &a.anywhere) != nil {
		return
	}
	a.here = unix.CPUSet{}
	a.here.Set(int(at))
	a.pinned = unix.SchedSetaffinity(a.thread, &a.here) == nil
	a.at = at
}

// unpin lets the broker run wherever it might: it has long work to do, or something
// else keeps its processor busy.
func (a *affinity) unpin() {
	if a.pinned {
		a.pinned = false
		_ = unix.SchedSetaffinity(a.thread, &a.anywhere)
	}
}
