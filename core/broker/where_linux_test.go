//go:build !race

// Under the race detector every access takes long.

package broker_test

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
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
	if !mayMove(t) {
		t.Skip("without CAP_SYS_NICE root cannot say where threads of another user run")
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
	for range 3000 { // on a busy machine an access may take long, and the function then rests
		r.do(use)
		if ids = kept(); len(ids) == 1 {
			break
		}
	}
	if len(ids) != 1 {
		t.Fatalf("%v are kept", ids)
	}
	before := worked(t, pid)
	r.do(order{Do: "measure", Request: "r", Key: "KEY", Times: 200})
	most, answers := int64(0), 0
	for id, took := range worked(t, pid) {
		if took -= before[id]; took > most {
			most, answers = took, id
		}
	}
	if ids[0] != answers {
		t.Errorf("thread %d is kept, and %d answers", ids[0], answers)
	}

	defer unix.Kill(pid, unix.SIGCONT)
	for range 5 { // the function may begin to wait late
		if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		goOn := time.AfterFunc(10*pause, func() { _ = unix.Kill(pid, unix.SIGCONT) })
		r.do(use)
		goOn.Stop()
		if ids = kept(); len(ids) == 0 {
			return
		}
	}
	t.Errorf("still kept: %v", ids)
}

// mayMove says whether a function of this process may say where its broker runs.
func mayMove(t *testing.T) bool {
	t.Helper()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		t.Fatal(err)
	}
	const nice, other = 1 << unix.CAP_SYS_NICE, 1<<unix.CAP_SETUID | 1<<unix.CAP_SETGID
	return data[0].Effective&nice != 0 || data[0].Effective&other != other
}

// worked is the processor time of each thread of a process, in nanoseconds.
func worked(t *testing.T, pid int) map[int]int64 {
	t.Helper()
	times := map[int]int64{}
	for _, id := range threads(t, pid) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/schedstat", pid, id))
		word, _, _ := strings.Cut(string(text), " ")
		took, parseErr := strconv.ParseInt(word, 10, 64)
		if err != nil || parseErr != nil {
			t.Fatal(err, parseErr)
		}
		times[id] = took
	}
	return times
}
