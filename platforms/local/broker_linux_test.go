package local

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dtbench/dtbench/core/broker"
	"github.com/dtbench/dtbench/internal/memscan"
	"github.com/dtbench/dtbench/internal/needs"
	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/platforms/platformtest"
	"github.com/dtbench/dtbench/scenarios"
	"github.com/dtbench/dtbench/scenarios/build"
	"github.com/dtbench/dtbench/scenarios/build/buildtest"
)

// brokered starts an instance of hello in the broker variant and returns it
// answered once, with a pidfd of its broker.
func brokered(t *testing.T, o Options) (in platforms.Instance, first platforms.Invocation, brokerFD int) {
	t.Helper()
	p, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	in, err = p.Prepare(context.Background(), platforms.Function{
		Name: "hello/broker", Binary: buildtest.Programs(t, build.FunctionProgram("hello", "broker"))["hello-broker"].Path,
		Settings: map[string]string{scenarios.EncryptionKeys: scenarios.APIKey}, Secrets: map[string]string{scenarios.APIKey: "canary-in-two-processes"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	if first, err = in.Invoke(context.Background(), []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	brokers, err := memscan.Children(PID(in), broker.ProcessName)
	if err != nil || len(brokers) != 1 {
		t.Fatalf("brokers %v, %v", brokers, err)
	}
	if brokerFD, err = unix.PidfdOpen(brokers[0], 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(brokerFD) })
	return in, first, brokerFD
}

// ends waits for the end of a process.
func ends(t *testing.T, pidfd int) {
	t.Helper()
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, 10_000)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if n != 1 || err != nil {
			t.Errorf("it goes on: %v", err)
		}
		return
	}
}

func TestMemoryIsThatOfAllProcesses(t *testing.T) {
	for limits, o := range map[string]Options{
		"a cgroup, where there are any": {Timeout: time.Minute, MemoryBytes: 512 << 20},
		"none":                          {Timeout: time.Minute},
	} {
		in, inv, _ := brokered(t, o)
		function, err := peakResident(PID(in))
		if err != nil {
			t.Fatal(err)
		}
		if inv.Processes != 2 || inv.MemoryBytes < function+1<<20 {
			t.Errorf("%s: %d processes, %d bytes, of which the function has %d", limits, inv.Processes, inv.MemoryBytes, function)
		}
	}
}

func TestABrokerLeavesWithItsInstance(t *testing.T) {
	for _, limit := range []int64{0, 512 << 20} {
		in, _, pidfd := brokered(t, Options{Timeout: time.Minute, MemoryBytes: limit})
		if err := in.Close(); err != nil {
			t.Error(err)
		}
		ends(t, pidfd)

		in, _, pidfd = brokered(t, Options{Timeout: time.Minute, MemoryBytes: limit})
		if err := unix.Kill(PID(in), unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
		ends(t, pidfd)
	}
}

// Without its broker a function answers that access is denied, and nothing more.
func TestAnInstanceWithoutItsBroker(t *testing.T) {
	log := &platformtest.Log{}
	in, _, pidfd := brokered(t, Options{Timeout: time.Minute, Log: log})
	if err := unix.PidfdSendSignal(pidfd, unix.SIGKILL, nil, 0); err != nil {
		t.Fatal(err)
	}
	ends(t, pidfd)
	for range 2 {
		_, err := in.Invoke(context.Background(), []byte(`{}`))
		var f *platforms.FunctionError
		if !errors.Is(err, platforms.ErrHandler) || !errors.As(err, &f) || !strings.Contains(f.Detail, "core: access denied") {
			t.Errorf("%v", err)
		}
	}
}

// As an ordinary user there is no other user id to take, and the log says so.
func TestABrokerOfAnOrdinaryUser(t *testing.T) {
	needs.Root(t)
	log := &platformtest.Log{}
	in, inv, _ := brokered(t, Options{Timeout: time.Minute, Log: log, User: &nobody})
	if inv.Processes != 2 {
		t.Errorf("%d processes", inv.Processes)
	}
	if err := in.Close(); err != nil { // and its output is all there
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "runs as the function's own user") {
		t.Errorf("the log does not say it: %s", log)
	}
}
