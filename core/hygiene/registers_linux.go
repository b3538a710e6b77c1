package hygiene

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// ForgetCopy overwrites what copying n bytes left in the vector registers of this
// thread, and what a signal may have made of that: the kernel saves all registers
// on the thread's signal stack, where they stay until the next signal, and the
// runtime sends a signal to a thread that is slow, as on a busy machine. Attack T4
// found whole credentials there, in about one of thirty instances on a busy
// machine: the environment had been copied into one message, and the registers
// that only longer copies use keep what they held. It is judged by T4 and not by a
// test of its own, because nothing says when a signal comes.
//
// The caller has locked the goroutine to its thread since before the copying
// (runtime.LockOSThread), and has overwritten source and destination itself.
func ForgetCopy(n int) error {
	// The registers depend on the length; the offset is for copies that are not
	// aligned.
	const offset = 14
	from, to := make([]byte, n+offset), make([]byte, n+offset)
	copy(to, from[:n])
	copy(to[offset:], from)
	runtime.KeepAlive(to)
	// Of no meaning but "see whether you should pause", which the runtime sends
	// all the time. Its frame is as large as that of any other signal and takes
	// its place.
	if err := unix.Tgkill(os.Getpid(), unix.Gettid(), unix.SIGURG); err != nil {
		return fmt.Errorf("hygiene: signal to this thread: %w", err)
	}
	return nil
}
