//go:build unix

package core

import (
	"os"
	"syscall"
)

// rawWrite is one write(2), without what package os puts around it.
func rawWrite(f *os.File, p []byte) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var wrote error
	err = c.Control(func(fd uintptr) { _, wrote = syscall.Write(int(fd), p) })
	if err == nil {
		err = wrote
	}
	return err
}
