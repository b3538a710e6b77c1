package broker

import (
	"runtime"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The thread of this test is both the function's and the broker's.
func TestAffinity(t *testing.T) {
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
	var a affinity
	a.pin()
	if where() != before {
		t.Error("it is pinned before anybody said which thread it is")
	}
	for range 2 {
		a.follow(unix.Getpid(), unix.Gettid())
		a.pin()
		pinned := where()
		var at uint32
		if _, _, errno := unix.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&at)), 0, 0); errno != 0 {
			t.Fatal(errno)
		}
		if pinned.Count() != 1 || !pinned.IsSet(int(at)) {
			t.Errorf("on processor %d it is pinned on %v", at, pinned)
		}
		a.unpin()
		if where() != before {
			t.Error("it is still pinned")
		}
	}

	a.pin()
	a.follow(unix.Getpid(), unix.Getppid())
	if where() != before {
		t.Error("it is still pinned when another thread answers")
	}
	a.pin()
	if a.thread != 0 || a.pinned {
		t.Error("a thread of another process is taken for the broker's")
	}
}
