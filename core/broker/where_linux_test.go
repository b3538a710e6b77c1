//go:build !race

// Under the race detector every access takes long.

package broker_test

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A broker answers on the processor on which its function asks, and may run anywhere
// when that takes long.
func TestWhereABrokerRuns(t *testing.T) {
	if runtime.NumCPU() < 2 {
		t.Skip("there is one processor")
	}
	r := begin(t, "ENCRYPTION_KEYS=KEY", "KEY="+secret(), "BUDGET=-1")
	pid := brokerOf(t, r)
	r.do(order{Do: "begin", Request: "r"})
	use := order{Do: "use", Request: "r", Key: "KEY"}
	kept := func() (ids []int) {
		t.Helper()
		for _, id := range threads(t, pid) {
			var where unix.CPUSet
			if err := unix.SchedGetaffinity(id, &where); err != nil {
				t.Fatal(err)
			}
			if where.Count() == 1 {
				ids = append(ids, id)
			}
		}
		return ids
	}
	if ids := kept(); len(ids) > 0 {
		t.Fatalf("before the first access %v are kept", ids)
	}
	r.do(use) // tells which thread it is
	var ids []int
	for range 500 { // on a busy machine an access may take long
		r.do(use)
		if ids = kept(); len(ids) > 0 {
			break
		}
	}
	if len(ids) == 0 {
		t.Fatal("none is kept")
	}
	if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer unix.Kill(pid, unix.SIGCONT)
	defer time.AfterFunc(pause, func() { _ = unix.Kill(pid, unix.SIGCONT) }).Stop()
	r.do(use)
	if now := kept(); len(now) >= len(ids) {
		t.Errorf("of %v still %v", ids, now)
	}
}
