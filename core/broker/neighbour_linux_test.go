package broker

import (
	"runtime"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The thread of this test is both the function's and the broker's.
func TestNeighbour(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	where := func() (set unix.CPUSet) {
		t.Helper()
		if err := unix.SchedGetaffinity(0, &set); err != nil {
			t.Fatal(err)
		}
		return set
	}
	before := where()
	defer func() { _ = unix.SchedSetaffinity(0, &before) }()
	var n neighbour
	n.fetch()
	if where() != before {
		t.Error("it is kept before anybody said which thread it is")
	}
	for range 2 {
		n.is(unix.Getpid(), unix.Gettid())
		n.fetch()
		kept := where()
		var at uint32
		if _, _, errno := unix.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&at)), 0, 0); errno != 0 {
			t.Fatal(errno)
		}
		if kept.Count() != 1 || !kept.IsSet(int(at)) {
			t.Errorf("on processor %d it is kept on %v", at, kept)
		}
		n.release()
		if where() != before {
			t.Error("it is still kept")
		}
	}

	n.fetch()
	n.is(unix.Getpid(), unix.Getppid())
	if where() != before {
		t.Error("it is still kept when another thread answers")
	}
	n.fetch()
	if n.thread != 0 || n.kept {
		t.Error("a thread of another process is taken for the broker's")
	}
}
