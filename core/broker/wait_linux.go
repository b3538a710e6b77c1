package broker

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// An exchange takes little more than the wake-ups in it, so each side waits in the
// way that saves the most of them. Both wait outside the scheduler of the Go runtime
// at first: a goroutine that comes back to it from a system call of more than a few
// microseconds has to find a processor again and to wake the runtime's monitor
// thread, which takes longer than the core's work.
const (
	// eager is how long the function looks for an answer over and over, giving way to
	// whoever else wants its processor, the broker for one. A processor that has
	// nothing to do falls asleep and is slow to wake, above all a virtual one.
	eager = 100 * time.Microsecond

	// attentive is how long after a message the broker sleeps outside the scheduler. It
	// is as long as that lets a goroutine compute before it looks after the others. A
	// collection that must stop everything interrupts it by a signal.
	attentive = 10 * time.Millisecond
)

// receiver reads packets outside the scheduler. It is for one goroutine at a time.
type receiver struct {
	// Here because the kernel gets their addresses, and a stack may move.
	header unix.Msghdr
	vector unix.Iovec
}

// receive reads one packet, and the control messages that come with it, as
// recvmsg(2) does. A packet is whole when neither was cut.
func (r *receiver) receive(fd int, buffer, control []byte, flags int) (n, controls int, whole bool, err error) {
	r.vector = unix.Iovec{Base: unsafe.SliceData(buffer)}
	r.vector.SetLen(len(buffer))
	r.header = unix.Msghdr{Iov: &r.vector, Control: unsafe.SliceData(control)}
	r.header.SetIovlen(1)
	r.header.SetControllen(len(control))
	size, _, errno := unix.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&r.header)), uintptr(flags))
	if errno != 0 {
		return 0, 0, false, errno
	}
	return int(size), int(r.header.Controllen), r.header.Flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) == 0, nil
}

// giveWay lets another thread have this one's processor, if one wants it.
func giveWay() { _, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }

// waitLong waits until there is something to read, or a signal came.
func waitLong(fd int) error {
	_, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
	if err == unix.EINTR {
		return nil
	}
	return err
}
