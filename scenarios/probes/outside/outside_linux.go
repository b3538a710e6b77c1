package outside

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// highest is how far descriptors are guessed where they cannot be listed.
const highest = 64

// attach becomes the debugger of a process, and lets it go.
func attach(process string) error {
	pid, err := strconv.Atoi(process)
	if err != nil {
		return err
	}
	runtime.LockOSThread() // a debugger is a thread
	defer runtime.UnlockOSThread()
	if err := unix.PtraceAttach(pid); err != nil {
		return fmt.Errorf("attach: %w", err)
	}
	var status unix.WaitStatus
	if _, err := unix.Wait4(pid, &status, unix.WALL, nil); err != nil {
		return errors.Join(fmt.Errorf("wait: %w", err), unix.PtraceDetach(pid))
	}
	if err := unix.PtraceDetach(pid); err != nil {
		return fmt.Errorf("detach: %w", err)
	}
	return nil
}

func listDescriptors(pid int) error {
	_, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return err
}

// openDescriptors opens what a descriptor of the process stands for. A socket
// cannot be opened in this way even by its owner.
func openDescriptors(pid int) error {
	var last error
	for fd := range highest {
		f, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/%d", pid, fd), os.O_RDWR, 0)
		if err == nil {
			return f.Close()
		}
		if last == nil || !errors.Is(err, os.ErrNotExist) {
			last = err
		}
	}
	return last
}

// takeDescriptors copies a socket out of the process (pidfd_getfd(2)).
func takeDescriptors(pid int) error {
	process, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return fmt.Errorf("pidfd_open: %w", err)
	}
	defer unix.Close(process)
	var last error
	for fd := range highest {
		copied, err := unix.PidfdGetfd(process, fd, 0)
		if err == nil {
			return unix.Close(copied)
		}
		if last == nil || !errors.Is(err, unix.EBADF) {
			last = fmt.Errorf("pidfd_getfd: %w", err)
		}
	}
	return last
}

func dial(path string) error {
	var err error
	for _, kind := range []string{"unix", "unixpacket", "unixgram"} {
		var c net.Conn
		if c, err = net.Dial(kind, path); err == nil {
			return c.Close()
		}
	}
	return err
}
