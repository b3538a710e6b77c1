package services

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"
)

const (
	readyWithin = 30 * time.Second
	endWithin   = 5 * time.Second
)

// child is a service process. Its standard input is its lifeline: it ends when
// that closes, so it cannot outlive the harness, however the harness ends.
type child struct {
	cmd      *exec.Cmd
	lifeline io.Closer
	errors   *tail
	done     chan struct{} // the process was reaped
	Endpoint string
}

// startChild starts a service and waits for its line of readiness.
func startChild(ctx context.Context, log io.Writer, path string, env []string, args ...string) (*child, error) {
	c := &child{cmd: exec.Command(path, args...), errors: &tail{log: log}, done: make(chan struct{})}
	c.cmd.Env = env
	c.cmd.Stderr = c.errors
	c.cmd.SysProcAttr = ownGroup() // a Ctrl-C in the terminal is for the harness
	lifeline, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	c.lifeline = lifeline
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	type ready struct {
		Endpoint string `json:"endpoint"`
	}
	first := make(chan ready, 1)
	go func() {
		defer close(c.done)
		var r ready
		line, _ := bufio.NewReader(stdout).ReadBytes('\n')
		_ = json.Unmarshal(line, &r) // an empty endpoint is no readiness
		first <- r
		_ = c.cmd.Wait()
	}()
	timer := time.NewTimer(readyWithin)
	defer timer.Stop()
	select {
	case r := <-first:
		if r.Endpoint != "" {
			c.Endpoint = r.Endpoint
			return c, nil
		}
		err = errors.New("it ended before it was ready")
	case <-timer.C:
		err = fmt.Errorf("it was not ready within %s", readyWithin)
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	c.close()
	if text := c.errors.String(); text != "" {
		err = fmt.Errorf("%w: %s", err, text)
	}
	return nil, err
}

// close ends the process and waits for that.
func (c *child) close() {
	_ = c.lifeline.Close()
	select {
	case <-c.done:
	case <-time.After(endWithin):
		_ = c.cmd.Process.Kill()
		<-c.done
	}
}

// tail passes on to the log and remembers the end.
type tail struct {
	log io.Writer
	mu  sync.Mutex
	end string
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end += string(p)
	if len(t.end) > 500 {
		t.end = t.end[len(t.end)-500:]
	}
	return t.log.Write(p)
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.ReplaceAll(strings.TrimSpace(t.end), "\n", " | ")
}
