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
	var n neighbour
	if err := n.look(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.SchedSetaffinity(0, &before) }()

	n.fetch()
	if where() != before {
		t.Error("it is kept before anybody said which thread it is")
	}
	for range 2 {
		n.is(unix.Gettid())
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

	// Another thread is not where the last one was.
	n.fetch()
	n.is(unix.Gettid() + 1)
	if n.at != 0 {
		t.Error("it is taken for kept")
	}
}
