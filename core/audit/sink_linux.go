package audit

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// descriptor writes to a file descriptor without blocking.
type descriptor struct {
	fd    int
	kind  uint32 // of file, as S_IFMT masks it
	owned bool
	keep  *os.File // or its finalizer would close fd
}

// fileDevice returns nil for a file that cannot be written to without blocking.
//
// O_NONBLOCK belongs to the open file description, which standard output shares
// with other processes, so it is not set on f: the file is opened anew.
func fileDevice(f *os.File) device {
	raw, err := f.SyscallConn()
	if err != nil {
		return nil
	}
	var d *descriptor
	if raw.Control(func(fd uintptr) { d = openDescriptor(int(fd)) }) != nil || d == nil {
		return nil
	}
	d.keep = f
	return d
}

func openDescriptor(fd int) *descriptor {
	var stat unix.Stat_t
	if unix.Fstat(fd, &stat) != nil {
		return nil
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return nil
	}
	switch kind := uint32(stat.Mode & unix.S_IFMT); {
	case kind == unix.S_IFREG, kind == unix.S_IFSOCK, flags&unix.O_NONBLOCK != 0:
		return &descriptor{fd: fd, kind: kind}
	case kind == unix.S_IFIFO || kind == unix.S_IFCHR:
		own, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", fd), unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
		if err == nil {
			return &descriptor{fd: own, kind: kind, owned: true}
		}
	}
	return nil
}

func (d *descriptor) write(p []byte, limit limit) (int, error) {
	written := 0
	for written < len(p) {
		n, err := d.once(p[written:])
		written += max(n, 0)
		switch {
		case err == nil, errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			if err := d.wait(limit.left()); err != nil {
				return written, err
			}
		default:
			return written, fmt.Errorf("audit: write to the sink: %w", err)
		}
	}
	return written, nil
}

// once writes what the descriptor takes without waiting. For a file, and for devices
// of which we know nothing, the disk may have to be waited for. A pipe or a socket only
// copies, and the Go scheduler is not told: told, it wakes its monitor, which then takes
// longer than the write.
func (d *descriptor) once(p []byte) (int, error) {
	var n uintptr
	var errno syscall.Errno
	switch {
	case d.kind == unix.S_IFSOCK:
		n, _, errno = unix.RawSyscall6(unix.SYS_SENDTO, uintptr(d.fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)),
			unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	case d.kind == unix.S_IFIFO && d.neverWaits():
		n, _, errno = unix.RawSyscall(unix.SYS_WRITE, uintptr(d.fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	default:
		return unix.Write(d.fd, p)
	}
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// neverWaits is true while O_NONBLOCK is set. Others may share the open file
// description, and clear it: os.File.Fd does.
func (d *descriptor) neverWaits() bool {
	if d.owned {
		return true
	}
	flags, _, errno := unix.RawSyscall(unix.SYS_FCNTL, uintptr(d.fd), unix.F_GETFL, 0)
	return errno == 0 && flags&unix.O_NONBLOCK != 0
}

// wait returns when the descriptor may take more, or a signal came, and errLate
// when no time is left.
func (d *descriptor) wait(left time.Duration) error {
	if left <= 0 {
		return errLate
	}
	sleep := max(0, left-coarse)
	if sleep == 0 {
		runtime.Gosched() // the caller asks again
	}
	timeout := unix.NsecToTimespec(sleep.Nanoseconds())
	_, err := unix.Ppoll([]unix.PollFd{{Fd: int32(d.fd), Events: unix.POLLOUT}}, &timeout, nil)
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("audit: wait for the sink: %w", err)
	}
	return nil
}

// settle has nothing to wait for: what write(2) took is written.
func (d *descriptor) settle(limit) error { return nil }

func (d *descriptor) close() error {
	if d.owned {
		return unix.Close(d.fd)
	}
	return nil
}
