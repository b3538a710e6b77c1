package child

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Command says which service to start.
type Command struct {
	// Path is the service's executable, absolute or relative to the working directory.
	Path string
	// Args are its arguments, without the program's name. No secrets: every user of the machine can read them.
	Args []string
	// Env is its whole environment, as NAME=value; nothing is inherited, so that no secret of this process is.
	Env []string
	// Grace is how long Stop waits before it kills; 0 means 5 seconds.
	Grace time.Duration
}

// Running is a service that is ready.
type Running struct {
	// Endpoint is where it listens: scheme://host:port.
	Endpoint string

	cmd      *exec.Cmd
	lifeline io.Closer
	grace    time.Duration
	stderr   *tail
	done     chan struct{}
	err      error // how it ended; read it after done

	stop    sync.Once
	stopErr error
}

// Start starts the service and waits until it is ready. When ctx ends before that, or the service fails, no process is
// left and the error holds the last lines that the service wrote to its standard error. Once Start has returned, ctx
// has no further effect: call Stop.
//
// The service runs in a process group of its own, so that an interrupt at the terminal reaches this process
// only, which then decides when its services end.
func Start(ctx context.Context, command Command) (*Running, error) {
	fail := func(err error) (*Running, error) { return nil, fmt.Errorf("start %s: %w", command.Path, err) }
	cmd := exec.Command(command.Path, command.Args...)
	cmd.Env = append([]string{}, command.Env...) // not nil, which would inherit
	cmd.SysProcAttr = ownGroup()
	cmd.WaitDelay = time.Second
	r := &Running{cmd: cmd, grace: command.Grace, stderr: &tail{}, done: make(chan struct{})}
	if r.grace == 0 {
		r.grace = 5 * time.Second
	}
	cmd.Stderr = r.stderr
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return fail(err)
	}
	r.lifeline = lifeline
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return fail(err)
	}
	if err := cmd.Start(); err != nil {
		return fail(err)
	}

	type firstLine struct {
		endpoint string
		err      error
	}
	first := make(chan firstLine, 1)
	go func() {
		endpoint, err := readReady(stdout)
		first <- firstLine{endpoint, err}
		io.Copy(io.Discard, stdout) // Wait may be called only after the last read
		r.err = cmd.Wait()
		close(r.done)
	}()

	select {
	case line := <-first:
		if line.err == nil {
			r.Endpoint = line.endpoint
			return r, nil
		}
		err = line.err
	case <-ctx.Done():
		err = fmt.Errorf("not ready: %w", context.Cause(ctx))
	}
	stopErr := r.Stop()
	if errors.Is(err, io.EOF) {
		if err = stopErr; err == nil {
			err = errors.New("it ended before it was ready")
		}
		return fail(err)
	}
	return fail(r.explain(err))
}

// Stop ends the service and waits for its end; it kills one that takes longer than the grace. It returns nil when
// the service ended because it was asked to, and otherwise how it ended, with the last lines of its standard error. It may be
// called more than once and concurrently; every call returns the same.
func (r *Running) Stop() error {
	r.stop.Do(func() {
		r.lifeline.Close()
		timer := time.NewTimer(r.grace)
		defer timer.Stop()
		select {
		case <-r.done:
			r.stopErr = r.explain(r.err)
		case <-timer.C:
			r.cmd.Process.Kill()
			<-r.done
			r.stopErr = r.explain(fmt.Errorf("killed, it had not ended after %v", r.grace))
		}
	})
	return r.stopErr
}

// Done is closed when the service has ended, asked or not.
func (r *Running) Done() <-chan struct{} { return r.done }

// PID is the service's process id.
func (r *Running) PID() int { return r.cmd.Process.Pid }

func (r *Running) explain(err error) error {
	if err == nil {
		return nil
	}
	if said := r.stderr.String(); said != "" {
		return fmt.Errorf("%w: %s", err, said)
	}
	return err
}

// tail keeps the last bytes that were written to it.
type tail struct {
	mu   sync.Mutex
	last []byte
}

const tailSize = 2 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, p...)
	if over := len(t.last) - tailSize; over > 0 {
		t.last = append(t.last[:0], t.last[over:]...)
	}
	return len(p), nil
}

// String returns the lines, joined to one.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.ReplaceAll(strings.TrimSpace(string(t.last)), "\n", "; ")
}
