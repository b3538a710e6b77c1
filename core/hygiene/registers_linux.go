package hygiene

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// HeldSignals is a thread's signal mask of before.
type HeldSignals struct{ before unix.Sigset_t }

// HoldSignals keeps signals from the calling thread until LetIn. A signal that
// comes while a value is handled leaves the registers, with what of the value is in
// them, on the thread's signal stack, and on the goroutine's if the runtime takes
// that off the processor; there they may stay as long as the process lives. Without
// this a broker under a storm of signals held parts of values at rest in two of five
// scans, and nobody has to send any: the runtime does, to a thread that is slow, as
// on a busy machine.
//
// The caller has locked the goroutine to its thread (runtime.LockOSThread). Signals
// that a fault of the thread itself raises are not held; those to the process go to
// another thread.
func HoldSignals() (HeldSignals, error) {
	var h HeldSignals
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &allButFaults, &h.before); err != nil {
		return h, fmt.Errorf("hygiene: hold signals: %w", err)
	}
	return h, nil
}

// LetIn overwrites the vector registers and takes signals again. The caller is
// on the thread that holds them and has overwritten its copies of the value by now.
func (h HeldSignals) LetIn() error {
	// Of this length copy uses every vector register of an amd64 without AVX, which
	// are those that decryption and hashing end with as well.
	var from, to [256 + unaligned]byte
	overwriteRegisters(from[:], to[:])
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &h.before, nil); err != nil {
		return fmt.Errorf("hygiene: take signals again: %w", err)
	}
	return nil
}

var allButFaults = func() (set unix.Sigset_t) {
	bits := uint(unsafe.Sizeof(set.Val[0])) * 8
	for signal := range uint(64) { // numbered from 1
		switch unix.Signal(signal + 1) {
		case unix.SIGSEGV, unix.SIGBUS, unix.SIGFPE, unix.SIGILL, unix.SIGTRAP, unix.SIGSYS:
		default:
			set.Val[signal/bits] |= 1 << (signal % bits)
		}
	}
	return set
}()

// ForgetCopy overwrites what copying n bytes left in the vector registers of this
// thread, and what a signal may have made of that (see [HoldSignals]), for a caller
// who did not hold signals. Attack T4 found whole credentials on signal stacks, in
// about one of thirty instances on a busy machine: the environment had been copied
// into one message, and the registers that only longer copies use keep what they
// held.
//
// The caller has locked the goroutine to its thread since before the copying
// (runtime.LockOSThread), and has overwritten source and destination itself.
func ForgetCopy(n int) error {
	overwriteRegisters(make([]byte, n+unaligned), make([]byte, n+unaligned))
	// Of no meaning but "see whether you should pause", which the runtime sends
	// all the time. Its frame is as large as that of any other signal and takes
	// its place.
	if err := unix.Tgkill(os.Getpid(), unix.Gettid(), unix.SIGURG); err != nil {
		return fmt.Errorf("hygiene: signal to this thread: %w", err)
	}
	return nil
}

// unaligned is how far copies lie apart that are aligned and not.
const unaligned = 14

// overwriteRegisters copies zeros between buffers of one length, all but the last
// bytes, aligned and not: which registers that uses depends on both.
//
//go:noinline
func overwriteRegisters(from, to []byte) {
	copy(to, from[:len(from)-unaligned])
	copy(to[unaligned:], from)
	runtime.KeepAlive(to)
}
