package core

import (
	"syscall"
	"time"
	"unsafe"
)

// clockBootTime is CLOCK_BOOTTIME of linux/time.h: monotonic time that goes on
// while the machine is suspended.
const clockBootTime = 7

// bootTime is a system call: the runtime's way around it (vDSO) knows two other
// clocks only. It is raw because it cannot block.
func bootTime() time.Duration {
	var t syscall.Timespec
	// It cannot fail: the clock exists since Linux 2.6.39 and t is ours.
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockBootTime, uintptr(unsafe.Pointer(&t)), 0)
	return time.Duration(t.Nano())
}
