//go:build unix

package audit

import (
	"os"
	"syscall"
	"testing"
)

// NewRawWriter returns a bare write(2) to a file, the floor of strict records.
func NewRawWriter(t testing.TB, f *os.File) func([]byte) {
	raw, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	fd := -1
	raw.Control(func(n uintptr) { fd = int(n) })
	return func(p []byte) { syscall.Write(fd, p) }
}
