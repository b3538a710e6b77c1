package broker

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// eager is how long the function spins: looks for an answer over and over before it sleeps,
// giving way to whoever else wants its processor, the broker for one: an exchange takes
// little more than the wake-ups in it, and a processor that has nothing to do falls
// asleep and is slow to wake, above all a virtual one.
const eager = 100 * time.Microsecond

// pace decides whether the function looks for an answer. On a machine that is busy
// whoever gives way waits for a whole slice of somebody else's time: where answers take
// long the function sleeps for a while as it waits, and the broker does not give way.
type pace struct {
	able    bool // there is more than one processor
	looking bool // for the answer to the question that is asked
	late    int  // answers in a row that looking did not get
	sleeps  int  // accesses that are still waited for asleep
}

const (
	tooLate = 2
	asleep  = 256
)

// next says whether the function looks for the next answer, as the field of the
// question does.
func (p *pace) next() (field []byte) {
	p.looking = p.able && p.sleeps == 0
	p.sleeps = max(0, p.sleeps-1)
	if p.looking {
		return yes
	}
	return nil
}

var yes = []byte{1}

func (p *pace) quick() { p.late = 0 }

func (p *pace) slow() {
	if p.late++; p.late == tooLate {
		p.late, p.sleeps = 0, asleep
	}
}

// receiver reads packets without waiting, and leaves no garbage as unix.Recvmsg and
// unix.Recvfrom do. It is for one goroutine at a time.
//
// The Go scheduler is not told of what does not wait, here as in the rest of this file:
// told, it wakes its monitor, which then takes longer than the call.
type receiver struct {
	// Here because the kernel gets their addresses, and a stack may move.
	header unix.Msghdr
	vector unix.Iovec
}

// receive reads one packet, and the control messages that come with it, as
// recvmsg(2) does; EAGAIN says that there is none. A packet is whole when neither was
// cut.
func (r *receiver) receive(fd int, buffer, control []byte) (n, controls int, whole bool, err error) {
	r.vector = unix.Iovec{Base: unsafe.SliceData(buffer)}
	r.vector.SetLen(len(buffer))
	r.header = unix.Msghdr{Iov: &r.vector, Control: unsafe.SliceData(control)}
	r.header.SetIovlen(1)
	r.header.SetControllen(len(control))
	size, _, errno := unix.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&r.header)), unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
	if errno != 0 {
		return 0, 0, false, errno
	}
	return int(size), int(r.header.Controllen), r.header.Flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) == 0, nil
}

// send sends one packet if there is room for it; EAGAIN says that there is none.
func send(fd int, packet []byte) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(packet))), uintptr(len(packet)),
		unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// giveWay lets another thread have this one's processor, if one wants it.
func giveWay() { _, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
