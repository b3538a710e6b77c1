package broker_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dtbench/dtbench/core/broker"
)

// threads are the threads of a process.
func threads(t *testing.T, pid int) (ids []int) {
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Errorf("process %d has no threads: %v", pid, err)
	}
	for _, task := range tasks {
		id, err := strconv.Atoi(task.Name())
		if err != nil {
			t.Error(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// storm sends signals of no meaning to all threads of a process until stopped, with a
// pause between them.
func storm(t *testing.T, pid int, pause time.Duration) (stop func()) {
	t.Helper()
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			for _, id := range threads(t, pid) {
				_ = unix.Tgkill(pid, id, unix.SIGURG)
			}
			select {
			case <-quit:
				return
			case <-time.After(pause):
			}
		}
	}()
	return func() { close(quit); <-done }
}

// stormy is a pause that leaves a process time to do something.
const stormy = 100 * time.Microsecond

// Signals interrupt whatever either side waits in, short or long. None costs an
// access.
func TestSignalsAtBothSides(t *testing.T) {
	key := secret()
	r := begin(t, "ENCRYPTION_KEYS=KEY", "KEY="+key, "BUDGET=-1")
	defer storm(t, r.cmd.Process.Pid, stormy)()
	defer storm(t, brokerOf(t, r), stormy)()
	r.do(order{Do: "begin", Request: "r"})
	for range 5 {
		if a := r.do(order{Do: "measure", Request: "r", Key: "KEY", Times: 200}); a.Denied > 0 || a.Other != "" {
			t.Fatalf("%d of 200 denied: %s", a.Denied, a.Other)
		}
		time.Sleep(3 * pause)
	}
	r.expect(order{Do: "use", Request: "r", Key: "KEY"}, 0, masked(key))
}

// cpu is the processor time that a process has taken, in clock ticks, of which a
// second has 100.
func cpu(t *testing.T, pid int) (ticks int) {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	for _, field := range strings.Fields(rest)[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return ticks
}

// A function that waits for a slow broker sleeps, and gets its answer. One that waits
// too long is refused, for good, whatever interrupts its sleep.
func TestABrokerThatIsStopped(t *testing.T) {
	key := secret()
	r := begin(t, "ENCRYPTION_KEYS=KEY", "KEY="+key, "BUDGET=2")
	r.do(order{Do: "begin", Request: "r"})
	pid := brokerOf(t, r)
	signal := func(s unix.Signal) {
		t.Helper()
		if err := unix.Kill(pid, s); err != nil {
			t.Fatal(err)
		}
	}
	defer unix.Kill(pid, unix.SIGCONT)

	signal(unix.SIGSTOP)
	before := cpu(t, r.cmd.Process.Pid)
	goOn := time.AfterFunc(time.Second, func() { _ = unix.Kill(pid, unix.SIGCONT) })
	defer goOn.Stop()
	r.expect(order{Do: "use", Request: "r", Key: "KEY"}, 0, masked(key))
	if took := cpu(t, r.cmd.Process.Pid) - before; took > 30 {
		t.Errorf("a second of waiting took %d hundredths of processor time", took)
	}

	signal(unix.SIGSTOP)
	defer storm(t, r.cmd.Process.Pid, stormy)()
	began := time.Now()
	r.expect(order{Do: "use", Request: "r", Key: "KEY"}, 1)
	if took := time.Since(began); took > 3*broker.Patience {
		t.Errorf("it was refused after %v", took)
	}
	signal(unix.SIGCONT)
	r.expect(order{Do: "use", Request: "r", Key: "KEY"}, 1)
}

// A broker that nobody asks does nothing, however long it is left alone.
func TestAnIdleBroker(t *testing.T) {
	r := begin(t, "ENCRYPTION_KEYS=KEY", "KEY="+secret())
	pid := brokerOf(t, r)
	r.do(order{Do: "begin", Request: "r"})
	r.expect(order{Do: "use", Request: "r", Key: "PLAIN"}, 1)
	wakeups := func() (n int) {
		t.Helper()
		for _, id := range threads(t, pid) {
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/status", pid, id))
			_, rest, found := strings.Cut(string(status), "\nvoluntary_ctxt_switches:\t")
			word, _, _ := strings.Cut(rest, "\n")
			switches, parseErr := strconv.Atoi(word)
			if err != nil || parseErr != nil || !found {
				t.Fatal(err, parseErr)
			}
			n += switches
		}
		return n
	}
	time.Sleep(30 * pause) // by then the record of the refusal is written
	before := wakeups()
	time.Sleep(30 * pause)
	if n := wakeups() - before; n > 5 {
		t.Errorf("%d times awake in %v", n, 30*pause)
	}
}

// While a broker waits, in whatever way, the collector need not wait for it.
func TestTheCollectorOfABrokerThatWaits(t *testing.T) {
	r := begin(t, "ENCRYPTION_KEYS=KEY", "KEY="+secret(), "BROKER_DOES=collect")
	time.Sleep(undisturbed)
	if err := r.stop(); err != nil || r.errors.String() != "collected" {
		t.Errorf("%v, %q", err, r.errors)
	}
}

// What a broker is started with is public.
func TestTheEnvironmentOfABroker(t *testing.T) {
	r := begin(t, "ENCRYPTION_KEYS=KEY", "KEY="+secret(), "BROKER_DOES=tell", "GODEBUG=madvdontneed=1")
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%q", []string{broker.Variable + "=3", "GOMAXPROCS=1", "GOGC=25", "GODEBUG=madvdontneed=1"})
	if r.errors.String() != want {
		t.Errorf("%s, not %s", r.errors, want)
	}
}
