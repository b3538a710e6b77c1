package broker_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/core/audit/trail"
	"github.com/dtbench/dtbench/core/broker"
	"github.com/dtbench/dtbench/internal/memscan"
	"github.com/dtbench/dtbench/internal/needs"
)

func secret() string { return "canary-" + rand.Text() }

// expect compares what an order gave: the values, and how many refusals.
func (r *running) expect(o order, denied int, values ...string) {
	r.t.Helper()
	a := r.do(o)
	if !slices.Equal(a.Values, values) || a.Denied != denied || a.Other != "" {
		r.t.Errorf("%+v: values %v, %d denied, %s; want %v and %d", o, a.Values, a.Denied, a.Other, values, denied)
	}
}

func TestAccess(t *testing.T) {
	key, other, signed := secret(), secret()+"x", secret()+"yz"
	r := begin(t, "ENCRYPTION_KEYS=KEY, OTHER,SIGNED", "KEY="+key, "OTHER="+other, "SIGNED="+signed, "OPERATION=1", "PLAIN=visible", "AWS_SESSION_TOKEN="+secret())
	use := func(request, key string) order { return order{Do: "use", Request: request, Key: key} }
	reverse := func(request, op, input string) order {
		return order{Do: "run", Request: request, Key: "SIGNED", Op: op, Input: input}
	}
	r.expect(use("r1", "KEY"), 1) // no request runs
	r.do(order{Do: "begin", Request: "r1"})
	r.expect(use("r1", "KEY"), 0, masked(key))
	r.expect(use("r1", "KEY"), 1) // the budget is 1
	r.expect(use("r1", "OTHER"), 0, masked(other))
	r.expect(use("r2", "KEY"), 1)               // another request
	r.expect(use("r1", "PLAIN"), 1)             // not declared
	r.expect(use("r1", "AWS_SESSION_TOKEN"), 1) // sealed, and not declared
	r.expect(use("r1", ""), 1)
	r.expect(use("r1", strings.Repeat("K", 300)), 1)
	r.expect(use("r1", strings.Repeat("K", 300_000)), 1)
	r.expect(use("r1", "SIGNED"), 1)                // used, never revealed
	r.expect(reverse("r1", "reverse", "now"), 1)    // Prepare refuses
	r.expect(reverse("r1", "forward", "please"), 1) // no such operation
	r.expect(order{Do: "run", Request: "r1", Key: "KEY", Op: "reverse", Input: "please"}, 1)
	r.expect(reverse("r2", "reverse", "please"), 1)
	r.expect(reverse("r1", "reverse", "please"), 0, masked(reversed(signed)))
	r.expect(reverse("r1", "reverse", "please"), 1) // the budget again
	r.do(order{Do: "begin", Request: "r2"})
	r.expect(use("r1", "KEY"), 1) // left behind
	if a := r.do(order{Do: "fail", Request: "r2", Key: "KEY"}); a.Other == "" || a.Denied != 0 {
		t.Errorf("the callback's error: %+v", a)
	}
	r.do(order{Do: "end"})
	r.expect(use("r2", "OTHER"), 1)
	for name, want := range map[string]string{"KEY": "dt1.", "SIGNED": "dt1.", "AWS_SESSION_TOKEN": "dt1.", "PLAIN": "visible"} {
		if got := r.do(order{Do: "environment", Key: name}).Values[0]; !strings.HasPrefix(got, want) {
			t.Errorf("%s=%q", name, got)
		}
	}
	if err := r.stop(); err != nil {
		t.Fatalf("%v: %s", err, r.errors)
	}
	// Every decision is on the function's standard output, whole and in a chain.
	report, err := trail.Verify(strings.NewReader(r.records.String()), trail.Options{Closed: true}, func(*trail.Entry) error { return nil })
	if err != nil || report.Break != nil {
		t.Errorf("the records: %+v, %v", report, err)
	}
	for reason, want := range map[string]int{`"granted"`: 4, `"over_budget"`: 2, `"malformed"`: 9} {
		if got := strings.Count(r.records.String(), reason); got < want {
			t.Errorf("%d records with %s, want %d:\n%s", got, reason, want, r.records)
		}
	}
	for _, s := range []string{key, other, signed} {
		if strings.Contains(r.records.String()+r.errors.String(), s) {
			t.Error("an output holds a secret")
		}
	}
}

func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

func TestBudgetAndNesting(t *testing.T) {
	key := secret()
	r := begin(t, "ENCRYPTION_KEYS=KEY", "KEY="+key, "BUDGET=3")
	r.do(order{Do: "begin", Request: "r"})
	r.expect(order{Do: "use", Request: "r", Key: "KEY", Times: 2, Nested: true}, 1, masked(key), masked(key), masked(key))
	r = begin(t, "ENCRYPTION_KEYS=KEY", "KEY="+key, "BUDGET=-1")
	r.do(order{Do: "begin", Request: "r"})
	if a := r.do(order{Do: "measure", Request: "r", Key: "KEY", Times: 1000}); a.Denied != 0 {
		t.Errorf("%d of 1000 denied without a budget", a.Denied)
	}
}

// A policy that the platform hands over by descriptor reaches the broker and
// nobody else.
func TestPolicy(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(out, `{"policy":"dtbench/policy/v1","keys":{"KEY":{"budget":2}},"audit":{"grant_bound":"1s"}}`)
	out.Close()
	defer in.Close()
	// Descriptor 3 of the function is for answers, so the policy comes as 4.
	r, err := start(t, nil, []*os.File{in}, "KEY="+secret(), core.PolicyFDVariable+"=4")
	if err != nil {
		t.Fatalf("%v: %s", err, r.errors)
	}
	r.do(order{Do: "begin", Request: "r"})
	if a := r.do(order{Do: "measure", Request: "r", Key: "KEY", Times: 3}); a.Denied != 1 || a.Other != "" {
		t.Errorf("%+v", a)
	}
	if got := r.do(order{Do: "environment", Key: core.PolicyFDVariable}).Values[0]; got != "" {
		t.Errorf("the variable is still there: %s", got)
	}
	if _, err := os.Stat(fmt.Sprintf("/proc/%d/fd/4", r.cmd.Process.Pid)); err == nil {
		if target, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/4", r.cmd.Process.Pid)); strings.HasPrefix(target, "pipe:") {
			t.Error("the function holds the policy's descriptor")
		}
	}
}

func TestWhatCannotStart(t *testing.T) {
	check := func(says string, env ...string) {
		t.Helper()
		r, err := start(t, nil, nil, env...)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 7 || !strings.Contains(r.errors.String(), says) {
			t.Errorf("%v: %v: %s", env, err, r.errors)
		}
	}
	check("ENCRYPTION_KEYS is not set")
	check("MISSING is not set", "ENCRYPTION_KEYS=MISSING")
	check("names KEY twice", "ENCRYPTION_KEYS=KEY,KEY", "KEY=v")
	check("already holds ciphertext", "ENCRYPTION_KEYS=KEY", "KEY=dt1.abcd")
	check("descriptor", "ENCRYPTION_KEYS=KEY", "KEY=value", core.PolicyFDVariable+"=77")
	check("setup: no budget", "ENCRYPTION_KEYS=KEY", "KEY=value", "BUDGET=none")
}

// Who did not make the connection is not served, and nobody without one.
func TestWhoIsNotServed(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	check := func(says, descriptor string, argv ...string) {
		t.Helper()
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(pair[0])
		end := os.NewFile(uintptr(pair[1]), "connection")
		defer end.Close()
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Env = []string{broker.Variable + "=" + descriptor}
		cmd.ExtraFiles = []*os.File{end}
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), says) {
			t.Errorf("%v: %v: %s", argv, err, out)
		}
	}
	// The shell is the parent then, and this process made the connection.
	check("the maker of the connection is not the parent", "3", "/bin/sh", "-c", `"$0"; exit $?`, exe)
	check("not the number of a descriptor", "x", exe)
	check("not the number of a descriptor", "1", exe)
	check("bad file descriptor", "77", exe)
	check("SO_PEERCRED: socket operation on non-socket", "5", "/bin/sh", "-c", `exec "$0" 5</dev/null`, exe)
}

// An access after a pause, in which everything fell asleep, is as any other.
func TestAccessAfterALongPause(t *testing.T) {
	key := secret()
	r := begin(t, "ENCRYPTION_KEYS=KEY", "KEY="+key)
	for _, request := range []string{"r1", "r2"} {
		r.do(order{Do: "begin", Request: request})
		r.expect(order{Do: "use", Request: request, Key: "KEY"}, 0, masked(key))
		time.Sleep(5 * pause)
	}
	if err := r.stop(); err != nil {
		t.Errorf("%v: %s", err, r.errors)
	}
}

func TestLongValues(t *testing.T) {
	long := strings.Repeat("long-", 25_000)[:120_000]
	r := begin(t, "ENCRYPTION_KEYS=KEY", "KEY="+long)
	r.do(order{Do: "begin", Request: "r"})
	r.expect(order{Do: "use", Request: "r", Key: "KEY"}, 0, masked(long))
}

// More than the connection holds at a time, in both directions: each side waits until
// the other has read.
func TestManyLongValues(t *testing.T) {
	env, names := []string{}, []string{}
	for i := range 8 {
		name := fmt.Sprintf("KEY%d", i)
		names = append(names, name)
		env = append(env, name+"="+strings.Repeat(string(rune('a'+i)), 100_000))
	}
	r := begin(t, append(env, "ENCRYPTION_KEYS="+strings.Join(names, ","))...)
	r.do(order{Do: "begin", Request: "r"})
	for i, name := range names {
		r.expect(order{Do: "use", Request: "r", Key: name}, 0, masked(strings.Repeat(string(rune('a'+i)), 100_000)))
	}
}

// brokerOf finds the broker's process.
func brokerOf(t testing.TB, r *running) int {
	t.Helper()
	pids, err := memscan.Children(r.cmd.Process.Pid, broker.ProcessName)
	if err != nil || len(pids) != 1 || pids[0] != r.state.PID {
		t.Fatalf("brokers %v, %v; it said %d", pids, err, r.state.PID)
	}
	return pids[0]
}

func TestADeadBrokerOpensNothing(t *testing.T) {
	r := begin(t, "ENCRYPTION_KEYS=KEY", "KEY="+secret(), "BUDGET=-1")
	r.do(order{Do: "begin", Request: "r"})
	if a := r.do(order{Do: "measure", Request: "r", Key: "KEY"}); a.Denied != 0 {
		t.Fatal("denied")
	}
	if err := unix.Kill(brokerOf(t, r), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	r.expect(order{Do: "use", Request: "r", Key: "KEY", Times: 3}, 3)
	r.do(order{Do: "begin", Request: "r2"})
	r.expect(order{Do: "use", Request: "r2", Key: "KEY"}, 1)
	if err := r.stop(); err != nil {
		t.Errorf("the function ended with %v", err)
	}
}

// However the function ends, its broker ends too: the pipe that both write to
// comes to its end.
func TestABrokerEndsWithItsFunction(t *testing.T) {
	for name, end := range map[string]func(*running) error{
		"killed": func(r *running) error { return r.cmd.Process.Kill() },
		"killed, and another holds the connection": func(r *running) error {
			r.expect(order{Do: "leave"}, 0)
			return r.cmd.Process.Kill()
		},
		"returns": func(r *running) error { return r.orders.Close() },
		"closed": func(r *running) error {
			r.do(order{Do: "close"})
			r.expect(order{Do: "use", Request: "r", Key: "KEY"}, 1)
			return r.orders.Close()
		},
	} {
		until, ends, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r, err := start(t, nil, []*os.File{until}, "ENCRYPTION_KEYS=KEY", "KEY="+secret())
		until.Close()
		if err != nil {
			t.Fatalf("%v: %s", err, r.errors)
		}
		pid := brokerOf(t, r)
		pidfd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := end(r); err != nil {
			t.Fatal(err)
		}
		for {
			n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, 10_000)
			if n == 0 && !errors.Is(err, unix.EINTR) {
				t.Errorf("%s: the broker goes on (%v)", name, err)
			}
			if !errors.Is(err, unix.EINTR) {
				break
			}
		}
		unix.Close(pidfd)
		ends.Close()
		<-r.read
	}
}

// A guard that ends the instance ends both processes, with the exit status that
// platforms know.
func TestTermination(t *testing.T) {
	r := begin(t, "ENCRYPTION_KEYS=KEY", "KEY="+secret(), core.PolicyVariable+`={"policy":"dtbench/policy/v1","response":{"terminate_after":5},"audit":{"grant_bound":"1s"}}`)
	for range 4 {
		r.expect(order{Do: "use", Request: "invented", Key: "KEY"}, 1)
	}
	fmt.Fprintln(r.orders, `{"Do":"use","Request":"invented","Key":"KEY"}`)
	err := r.stop()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != core.ExitTerminated {
		t.Errorf("ended with %v: %s", err, r.errors)
	}
}

// Another process that got hold of the connection opens nothing, hears nothing,
// and is on record, whatever it sends; the function goes on.
func TestAnotherProcessWithTheConnection(t *testing.T) {
	key := secret()
	r := begin(t, "ENCRYPTION_KEYS=KEY", "KEY="+key)
	r.do(order{Do: "begin", Request: "r"})
	for _, packet := range []string{string(broker.UsePacket(1, "r", "r", "KEY")), "of no version", ""} {
		r.expect(order{Do: "pass", Input: strconv.Quote(packet)}, 0, "no answer")
	}
	r.expect(order{Do: "use", Request: "r", Key: "KEY"}, 0, masked(key))
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(r.records.String(), `"malformed"`); n != 3 {
		t.Errorf("the records show %d of 3:\n%s", n, r.records)
	}
}

// A message that is cut, or that brings a descriptor, is refused as another's is, and
// the descriptor gets nowhere.
func TestMessagesThatAreNotWhole(t *testing.T) {
	key := secret()
	r := begin(t, "ENCRYPTION_KEYS=KEY", "KEY="+key)
	r.do(order{Do: "begin", Request: "r"})
	check := func(packet []byte, along string) {
		t.Helper()
		r.expect(order{Do: "send", Input: strconv.Quote(string(packet)), Op: along}, 0, "no answer", "closed")
	}
	check(broker.UsePacket(1, "r", "r", "KEY"), "descriptor")
	check(make([]byte, broker.MaxPacket+1), "")
	r.expect(order{Do: "use", Request: "r", Key: "KEY"}, 0, masked(key))
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(r.records.String(), `"malformed"`); n != 2 {
		t.Errorf("the records show %d of 2:\n%s", n, r.records)
	}
}

func TestUsers(t *testing.T) {
	check := func(r *running, separated bool) {
		t.Helper()
		s := r.state
		if s.Separated != separated || (s.Limit == "") != separated || s.PID == 0 || !strings.HasPrefix(s.Peer, "SO_PEERCRED") {
			t.Errorf("%+v", s)
		}
		info, err := os.Stat(fmt.Sprintf("/proc/%d/environ", s.PID))
		if err != nil {
			t.Fatal(err)
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID))
		if err != nil {
			t.Fatal(err)
		}
		// Those of a non-dumpable process belong to root.
		if uid := info.Sys().(*syscall.Stat_t).Uid; uid != 0 {
			t.Errorf("the broker is dumpable: its environ belongs to %d", uid)
		}
		if !bytes.Contains(status, fmt.Appendf(nil, "\nUid:\t%d\t%[1]d\t%[1]d\t%[1]d\n", s.UID)) {
			t.Errorf("user %d is not what the kernel says:\n%s", s.UID, status)
		}
	}
	if os.Geteuid() == 0 {
		check(begin(t, "ENCRYPTION_KEYS=KEY", "KEY="+secret()), true)
	}
	needs.Root(t)
	r, err := start(t, &syscall.Credential{Uid: 65534, Gid: 65534}, nil, "ENCRYPTION_KEYS=KEY", "KEY="+secret())
	if err != nil {
		t.Fatalf("%v: %s", err, r.errors)
	}
	check(r, false)
	if !strings.Contains(r.state.Limit, "65534") || r.state.UID != 65534 {
		t.Errorf("%+v", r.state)
	}
}

// What an access costs when both processes are warm, without the record.
func BenchmarkUse(b *testing.B) {
	r := begin(b, "ENCRYPTION_KEYS=KEY", "KEY="+secret(), "BUDGET=-1", core.PolicyVariable+`={"policy":"dtbench/policy/v1","audit":{"mode":"off"}}`)
	r.do(order{Do: "begin", Request: "r"})
	b.ResetTimer()
	a := r.do(order{Do: "measure", Request: "r", Key: "KEY", Times: b.N})
	b.ReportMetric(float64(a.Nanos)/float64(b.N), "ns/access")
	if a.Denied > 0 {
		b.Error("denied")
	}
}

// The records are written without blocking and without a goroutine in between,
// whoever the broker runs as: the sink is a descriptor of its own.
func TestTheOutputDoesNotBlock(t *testing.T) {
	r := begin(t, "ENCRYPTION_KEYS=KEY", "KEY="+secret())
	flags := func(pid int) int64 {
		t.Helper()
		info, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/1", pid))
		if os.IsPermission(err) {
			needs.Ptrace(t)
		}
		_, rest, _ := strings.Cut(string(info), "flags:\t")
		word, _, _ := strings.Cut(rest, "\n")
		n, parseErr := strconv.ParseInt(word, 8, 64)
		if err != nil || parseErr != nil {
			t.Fatal(err, parseErr)
		}
		return n
	}
	if flags(r.state.PID)&unix.O_NONBLOCK == 0 {
		t.Error("the broker's output blocks")
	}
	if flags(r.cmd.Process.Pid)&unix.O_NONBLOCK != 0 {
		t.Error("the function's own output was changed")
	}
}
