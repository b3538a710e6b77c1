package audit

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Whoever shares the description of a pipe may have it wait: then a write is not one
// that never does.
func TestAPipeThatBeginsToWait(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	raw, err := w.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) {
		d := openDescriptor(int(fd))
		if d == nil || d.owned || !d.neverWaits() {
			t.Errorf("a pipe that does not wait: %+v", d)
			return
		}
		if err := unix.SetNonblock(int(fd), false); err != nil {
			t.Error(err)
		}
		if d.neverWaits() {
			t.Error("it still counts as one that does not wait")
		}
		own := openDescriptor(int(fd))
		if own == nil || !own.owned || !own.neverWaits() {
			t.Errorf("a pipe that was opened anew: %+v", own)
			return
		}
		if err := own.close(); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
}
