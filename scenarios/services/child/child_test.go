//go:build unix

package child

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The services of these tests are this test binary, run again with a role.
const role = "DTBENCH_TEST_CHILD"

func TestMain(m *testing.M) {
	process := Process{Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	switch os.Getenv(role) {
	case "":
		os.Exit(m.Run())
	case "service":
		os.Exit(Main("service", process, echo))
	case "fails":
		os.Exit(Main("service", process, func(context.Context, []string, func(string) error) error {
			return errors.New("no luck\ntoday")
		}))
	case "usage":
		os.Exit(Main("service", process, func(context.Context, []string, func(string) error) error {
			return fmt.Errorf("%w: --size is missing", ErrUsage)
		}))
	case "babbles":
		fmt.Println("Welcome to the service!")
		io.Copy(io.Discard, os.Stdin)
	case "mute": // never ready, and deaf to its lifeline
		time.Sleep(time.Hour)
	case "deaf": // ready, and deaf to its lifeline
		writeReady(os.Stdout, "http://127.0.0.1:1")
		time.Sleep(time.Hour)
	case "ends": // ends by itself right after it was ready
		writeReady(os.Stdout, "http://127.0.0.1:1")
		os.Stderr.WriteString("disk full\n")
		os.Exit(3)
	case "parent": // starts a service and waits to be killed
		service, err := Start(context.Background(), command("service"))
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(service.Endpoint)
		time.Sleep(time.Hour)
	}
}

func command(as string, env ...string) Command {
	return Command{Path: os.Args[0], Env: append(env, role+"="+as)}
}

// echo answers every connection with its environment and arguments, and leaves it open.
func echo(ctx context.Context, args []string, ready func(string) error) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			fmt.Fprintf(conn, "%q %q\n", os.Environ(), args)
		}
	}()
	if err := ready("http://" + listener.Addr().String()); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// connect returns a connection to an echo service, and what it says. The connection ends when the service does.
func connect(t *testing.T, endpoint string) (*bufio.Reader, string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(endpoint, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	line, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return r, line
}

// awaitEnd fails unless the service at the other end of the connection ends.
func awaitEnd(t *testing.T, r *bufio.Reader) {
	t.Helper()
	_, err := r.ReadByte()
	var timeout net.Error
	if err == nil || errors.As(err, &timeout) && timeout.Timeout() {
		t.Fatalf("the service is still there: %v", err)
	}
}

func TestStartAndStop(t *testing.T) {
	t.Setenv("DTBENCH_TEST_INHERITED", "a secret of the parent")
	c := command("service", "OWN=1")
	c.Args = []string{"--flag", "value"}
	ctx, cancel := context.WithCancel(t.Context())
	service, err := Start(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	cancel() // no effect any more
	conn, said := connect(t, service.Endpoint)
	if strings.Contains(said, "INHERITED") || !strings.Contains(said, `"OWN=1"`) || !strings.Contains(said, `["--flag" "value"]`) {
		t.Errorf("environment and arguments: %s", said)
	}
	if err := syscall.Kill(service.PID(), 0); err != nil {
		t.Errorf("process %d: %v", service.PID(), err)
	}
	for range 2 {
		if err := service.Stop(); err != nil {
			t.Errorf("Stop: %v", err)
		}
	}
	awaitEnd(t, conn)
	<-service.Done()
	if err := syscall.Kill(service.PID(), 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is left: %v", service.PID(), err)
	}
}

func TestSignals(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		service, err := Start(t.Context(), command("service"))
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(service.PID(), signal); err != nil {
			t.Fatal(err)
		}
		select {
		case <-service.Done():
		case <-time.After(20 * time.Second):
			t.Errorf("%v: still running", signal)
		}
		if err := service.Stop(); err != nil {
			t.Errorf("%v: %v", signal, err)
		}
	}
}

// TestServiceDiesWithItsParent kills the parent so that it can do nothing about its service.
func TestServiceDiesWithItsParent(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	parent, err := os.StartProcess(os.Args[0], []string{os.Args[0]}, &os.ProcAttr{
		Env: []string{role + "=parent"}, Files: []*os.File{nil, write, os.Stderr},
	})
	if err != nil {
		t.Fatal(err)
	}
	write.Close()
	endpoint, err := bufio.NewReader(read).ReadString('\n')
	if err != nil || !strings.HasPrefix(endpoint, "http://") {
		t.Fatalf("the parent says %q, %v", endpoint, err)
	}
	conn, _ := connect(t, strings.TrimSpace(endpoint))
	if err := parent.Kill(); err != nil {
		t.Fatal(err)
	}
	if state, err := parent.Wait(); err != nil || state.Success() {
		t.Fatalf("the parent was not killed: %v, %v", state, err)
	}
	awaitEnd(t, conn)
}

func TestFailedStarts(t *testing.T) {
	check := func(name string, ctx context.Context, c Command, want ...string) {
		t.Helper()
		service, err := Start(ctx, c)
		if service != nil || err == nil {
			t.Errorf("%s: started", name)
			return
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %v; want %q in it", name, err, part)
			}
		}
	}
	check("no executable", t.Context(), Command{Path: filepath.Join(t.TempDir(), "missing")}, "missing", "start ")
	check("failure", t.Context(), command("fails"), "exit status 1", "service: no luck; today")
	check("usage", t.Context(), command("usage"), "exit status 2", "service: wrong usage: --size is missing")
	check("babble", t.Context(), command("babbles"), "the first line is", "Welcome")

	deadline, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	mute := command("mute")
	mute.Grace = 50 * time.Millisecond
	check("mute", deadline, mute, "not ready", "deadline exceeded")
}

func TestStopKillsTheDeaf(t *testing.T) {
	c := command("deaf")
	c.Grace = 50 * time.Millisecond
	service, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := service.Stop(); err == nil || !strings.Contains(err.Error(), "killed, it had not ended after 50ms") {
		t.Errorf("Stop: %v", err)
	}
	if err := syscall.Kill(service.PID(), 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is left: %v", service.PID(), err)
	}
}

func TestStopTellsOfAnEarlyEnd(t *testing.T) {
	service, err := Start(t.Context(), command("ends"))
	if err != nil {
		t.Fatal(err)
	}
	<-service.Done()
	err = service.Stop()
	if err == nil || !strings.Contains(err.Error(), "exit status 3: disk full") {
		t.Errorf("Stop: %v", err)
	}
}

// TestMainInProcess reads the lines and the exit codes without a process around them.
func TestMainInProcess(t *testing.T) {
	check := func(serve Service, wantCode int, wantOut, wantErr string) {
		t.Helper()
		stdin, lifeline := io.Pipe()
		lifeline.Close()
		var stdout, stderr bytes.Buffer
		code := Main("name", Process{Stdin: stdin, Stdout: &stdout, Stderr: &stderr}, serve)
		if code != wantCode || stdout.String() != wantOut || stderr.String() != wantErr {
			t.Errorf("code %d, stdout %q, stderr %q; want %d, %q, %q", code, stdout.String(), stderr.String(), wantCode, wantOut, wantErr)
		}
	}
	check(func(ctx context.Context, _ []string, ready func(string) error) error {
		err := ready("http://127.0.0.1:80")
		<-ctx.Done() // standard input has ended
		return err
	}, ExitDone, `{"endpoint":"http://127.0.0.1:80"}`+"\n", "")
	check(func(context.Context, []string, func(string) error) error { return errors.New("two\nlines\n") },
		ExitFailed, "", "name: two; lines\n")
	check(func(context.Context, []string, func(string) error) error { return fmt.Errorf("%w: why", ErrUsage) },
		ExitUsage, "", "name: wrong usage: why\n")
}

func TestReadReady(t *testing.T) {
	check := func(line, want, wantErr string) {
		t.Helper()
		got, err := readReady(strings.NewReader(line))
		if got != want || (err == nil) != (wantErr == "") || err != nil && !strings.Contains(err.Error(), wantErr) {
			t.Errorf("%q: got %q, %v; want %q, %q", line, got, err, want, wantErr)
		}
	}
	check(`{"endpoint":"http://127.0.0.1:80"}`+"\n", "http://127.0.0.1:80", "")
	check("", "", "EOF")
	check(`{"endpoint":"http://127`, "", "breaks off")
	check("{}\n", "", "no endpoint")
	check(`{"endpoint":"nowhere"}`+"\n", "", "no endpoint")
	check(strings.Repeat("x", 10_000)+"\n", "", "breaks off")
}

func TestTailKeepsTheEnd(t *testing.T) {
	var kept tail
	for i := range 10_000 {
		fmt.Fprintf(&kept, "line %d\n", i)
	}
	got := kept.String()
	if !strings.HasSuffix(got, "line 9998; line 9999") || len(got) > 2*tailSize {
		t.Errorf("%d bytes, end %q", len(got), got[max(0, len(got)-40):])
	}
}
