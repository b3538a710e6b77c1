package broker_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/core/broker"
)

// TestMain: this binary is also the function under test and, started by it, the
// broker. The function takes orders on standard input, a line each, and answers
// on descriptor 3: standard output belongs to the audit records.
func TestMain(m *testing.M) {
	if served, err := broker.Serve(setup); served {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	switch os.Getenv("BROKER_TEST") {
	case "function":
		os.Exit(function())
	case "thief":
		os.Exit(thief())
	}
	os.Exit(m.Run())
}

// setup declares one operation, which reverses a value: the function may see
// that.
func setup(setting func(string) string) (broker.Config, error) {
	if setting("SIGNED") != "" {
		return broker.Config{}, errors.New("a declared key can be read as a setting")
	}
	c := broker.Config{}
	if text := setting("BUDGET"); text != "" {
		var err error
		if c.Budget, err = strconv.Atoi(text); err != nil {
			return c, errors.New("no budget")
		}
	}
	switch setting("BROKER_DOES") {
	case "collect":
		go collect()
	case "tell":
		fmt.Fprintf(os.Stderr, "%q", os.Environ())
	}
	if setting("OPERATION") == "" {
		return c, nil
	}
	c.Operations = []broker.Operation{{
		Name: "reverse", Key: "SIGNED",
		Prepare: func(input []byte) (func([]byte) ([]byte, error), error) {
			if string(input) != "please" {
				return nil, errors.New("impolite")
			}
			return func(value []byte) ([]byte, error) {
				var held unix.Sigset_t
				if err := unix.PthreadSigmask(unix.SIG_SETMASK, nil, &held); err != nil || held.Val[0]>>(unix.SIGURG-1)&1 == 0 {
					return nil, errors.New("a signal could come now")
				}
				out := make([]byte, len(value))
				for i, b := range value {
					out[len(out)-1-i] = b
				}
				return out, nil
			}, nil
		},
	}}
	return c, nil
}

// pause is longer than a broker that has nothing to do needs to fall asleep.
const pause = 10 * time.Millisecond

// collect has the collector run in a broker that waits, and says so if it did not
// have to wait for a message.
func collect() {
	time.Sleep(5 * pause)
	began := time.Now()
	runtime.GC()
	if time.Since(began) < undisturbed/2 {
		fmt.Fprint(os.Stderr, "collected")
	}
}

// undisturbed is how long a broker that collects is left alone.
const undisturbed = time.Second

// order is what the function is told to do, and answer what came of it.
type order struct {
	Do                      string
	Request, Key, Op, Input string
	Times                   int
	Nested                  bool
}

type answer struct {
	State  broker.State
	Values []string // opened, or given by an operation
	Denied int
	Other  string // an error that is not the one public error
	Nanos  int64
}

func function() int {
	out := os.NewFile(3, "answers")
	fail := func(err error) int {
		fmt.Fprintln(os.Stderr, err)
		return 7
	}
	client, err := broker.Start()
	if err != nil {
		return fail(err)
	}
	encoder := json.NewEncoder(out)
	if err := encoder.Encode(answer{State: client.State()}); err != nil {
		return fail(err)
	}
	lines := json.NewDecoder(os.Stdin)
	for {
		var o order
		if err := lines.Decode(&o); errors.Is(err, io.EOF) {
			return 0
		} else if err != nil {
			return fail(err)
		}
		var a answer
		count := func(err error) {
			switch {
			case errors.Is(err, core.ErrDenied):
				a.Denied++
			case err != nil:
				a.Other = err.Error()
			}
		}
		began := time.Now()
		for range max(o.Times, 1) {
			switch o.Do {
			case "begin":
				client.Begin(o.Request)
			case "end":
				client.End()
			case "use":
				count(client.Use(o.Request, o.Key, func(v []byte) error {
					a.Values = append(a.Values, mask(v))
					if o.Nested {
						count(client.Use(o.Request, o.Key, func(w []byte) error {
							a.Values = append(a.Values, mask(w))
							return nil
						}))
					}
					return nil
				}))
			case "measure":
				count(client.Use(o.Request, o.Key, func([]byte) error { return nil }))
			case "fail":
				count(client.Use(o.Request, o.Key, func([]byte) error { return io.ErrNoProgress }))
			case "run":
				output, err := client.Run(o.Request, o.Key, o.Op, []byte(o.Input))
				if err == nil {
					a.Values = append(a.Values, mask(output))
				}
				count(err)
			case "environment":
				a.Values = append(a.Values, os.Getenv(o.Key))
			case "pass":
				a.Values, err = pass(o.Input)
				count(err)
			case "send":
				a.Values, err = send(o.Input, o.Op == "descriptor")
				count(err)
			case "leave":
				count(leave())
			case "close":
				client.Close()
			}
		}
		a.Nanos = time.Since(began).Nanoseconds()
		if err := encoder.Encode(a); err != nil {
			return fail(err)
		}
	}
}

// mask tells which value it is without being one: nothing that this program keeps
// may look like a secret.
func mask(v []byte) string {
	return fmt.Sprintf("%d:%c%c", len(v), v[0]+1, v[len(v)-1]+1)
}

func masked(v string) string { return mask([]byte(v)) }

// connection is a second descriptor of the function's end.
func connection() (int, error) {
	links, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		return -1, err
	}
	for _, link := range links {
		fd, _ := strconv.Atoi(filepath.Base(link))
		if kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE); err == nil && kind == unix.SOCK_SEQPACKET {
			return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
		}
	}
	return -1, errors.New("no connection found")
}

// another prepares another process that has the connection.
func another(args ...string) (*exec.Cmd, error) {
	fd, err := connection()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = []string{"BROKER_TEST=thief"}
	cmd.ExtraFiles = []*os.File{os.NewFile(uintptr(fd), "connection")}
	return cmd, nil
}

// pass gives the connection to another process, which sends a packet through it
// and waits for an answer.
func pass(packet string) ([]string, error) {
	cmd, err := another("send", packet)
	if err != nil {
		return nil, err
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	return []string{strings.TrimSpace(string(out))}, nil
}

// leave gives the connection to another process, which holds it until descriptor 4
// of this one comes to its end.
func leave() error {
	cmd, err := another("hold")
	if err != nil {
		return err
	}
	cmd.Stdin = os.NewFile(4, "until")
	return cmd.Start()
}

// send is for a function that goes around its client: it sends a packet, perhaps
// with the writing end of a pipe, and tells whether an answer came and whether
// somebody has that end then.
func send(packet string, along bool) ([]string, error) {
	text, err := strconv.Unquote(packet)
	if err != nil {
		return nil, err
	}
	fd, err := connection()
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return nil, err
	}
	defer unix.Close(pipe[0])
	var rights []byte
	if along {
		rights = unix.UnixRights(pipe[1])
	}
	err = unix.Sendmsg(fd, []byte(text), rights, nil, 0)
	unix.Close(pipe[1])
	if err != nil {
		return nil, err
	}
	var values []string
	for _, waits := range []struct {
		fd        int
		yes, none string
	}{{fd, "an answer", "no answer"}, {pipe[0], "closed", "kept"}} {
		n, err := pollFor(waits.fd, 300*time.Millisecond)
		switch {
		case err != nil:
			return nil, err
		case n > 0:
			values = append(values, waits.yes)
		default:
			values = append(values, waits.none)
		}
	}
	return values, nil
}

func pollFor(fd int, d time.Duration) (n int, err error) {
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(d.Milliseconds()))
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

// thief holds the function's end of the connection, and is not the function.
func thief() int {
	if os.Args[1] == "hold" {
		_, _ = io.Copy(io.Discard, os.Stdin)
		return 0
	}
	packet, err := strconv.Unquote(os.Args[2])
	if err != nil {
		return 8
	}
	if err := unix.Sendto(3, []byte(packet), 0, nil); err != nil { // of no bytes too
		return 8
	}
	n, err := pollFor(3, 300*time.Millisecond)
	switch {
	case err != nil:
		return 8
	case n == 0:
		fmt.Println("no answer")
	default:
		n, err := unix.Read(3, make([]byte, 4096))
		fmt.Println("an answer of", n, "bytes", err)
	}
	return 0
}

// running is a function with its broker.
type running struct {
	t       testing.TB
	cmd     *exec.Cmd
	orders  io.WriteCloser
	answers *json.Decoder
	state   broker.State
	records *strings.Builder // audit
	errors  *strings.Builder
	read    chan struct{}
}

// start runs the function with these variables, as a user if it is not to be
// ours, and with these files from descriptor 4 on.
func start(t testing.TB, credential *syscall.Credential, files []*os.File, env ...string) (*running, error) {
	t.Helper()
	var err error
	r := &running{t: t, cmd: exec.Command("/proc/self/exe"), records: &strings.Builder{}, errors: &strings.Builder{}, read: make(chan struct{})}
	// A busy machine must not cost a grant: no test here is about the sink.
	if !slices.ContainsFunc(env, func(e string) bool { return strings.Contains(e, "POLICY") }) {
		env = append(env, core.PolicyVariable+`={"policy":"dtbench/policy/v1","audit":{"grant_bound":"1s"}}`)
	}
	r.cmd.Env = append([]string{"BROKER_TEST=function"}, env...)
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential, Setpgid: true}
	r.cmd.Stderr = r.errors
	if r.orders, err = r.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.cmd.ExtraFiles = append([]*os.File{out}, files...)
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out.Close()
	go func() {
		defer close(r.read)
		s := bufio.NewScanner(stdout)
		for s.Scan() {
			r.records.WriteString(s.Text() + "\n")
		}
	}()
	r.answers = json.NewDecoder(in)
	var first answer
	err = r.answers.Decode(&first)
	r.state = first.State
	t.Cleanup(func() {
		r.stop()
		in.Close()
	})
	if err != nil {
		return r, r.stop()
	}
	return r, nil
}

func begin(t testing.TB, env ...string) *running {
	t.Helper()
	r, err := start(t, nil, nil, env...)
	if err != nil {
		t.Fatalf("%v: %s", err, r.errors)
	}
	return r
}

// stop ends the function, and waits for it and for the end of its output, which
// the broker holds as well.
func (r *running) stop() error {
	r.orders.Close()
	<-r.read
	if r.cmd.ProcessState != nil {
		return nil // it was waited for
	}
	return r.cmd.Wait()
}

func (r *running) do(o order) answer {
	r.t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.orders.Write(append(text, '\n')); err != nil {
		r.t.Fatal(err)
	}
	var a answer
	if err := r.answers.Decode(&a); err != nil {
		r.t.Fatalf("%s: %v; %s", o.Do, err, r.errors)
	}
	return a
}
