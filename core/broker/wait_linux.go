package broker

import (
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// eager is how long the function looks for an answer over and over before it sleeps,
// giving way to whoever else wants its processor, the broker for one: an exchange takes
// little more than the wake-ups in it, and a processor that has nothing to do falls
// asleep and is slow to wake, above all a virtual one. It looks without telling the Go
// scheduler, which would give its place there to others.
//
// The broker does not do likewise: the runtime's monitor would stay awake with it, which
// took several times the processor time of an access.
const eager = 100 * time.Microsecond

// receiver reads packets, and leaves no garbage as unix.Recvmsg and unix.Recvfrom do. It
// is for one goroutine at a time.
type receiver struct {
	// Here because the kernel gets their addresses, and a stack may move.
	header unix.Msghdr
	vector unix.Iovec
}

// receive reads one packet, and the control messages that come with it, as
// recvmsg(2) does. A packet is whole when neither was cut. With MSG_DONTWAIT it is quick,
// and the scheduler is not told.
func (r *receiver) receive(fd int, buffer, control []byte, flags int) (n, controls int, whole bool, err error) {
	r.vector = unix.Iovec{Base: unsafe.SliceData(buffer)}
	r.vector.SetLen(len(buffer))
	r.header = unix.Msghdr{Iov: &r.vector, Control: unsafe.SliceData(control)}
	r.header.SetIovlen(1)
	r.header.SetControllen(len(control))
	var size uintptr
	var errno syscall.Errno
	if flags&unix.MSG_DONTWAIT != 0 {
		size, _, errno = unix.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&r.header)), uintptr(flags))
	} else {
		size, _, errno = unix.Syscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&r.header)), uintptr(flags))
	}
	if errno != 0 {
		return 0, 0, false, errno
	}
	return int(size), int(r.header.Controllen), r.header.Flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) == 0, nil
}

// giveWay lets another thread have this one's processor, if one wants it.
func giveWay() { _, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
