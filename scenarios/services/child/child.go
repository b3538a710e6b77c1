// Package child is the contract between dtbench and the services that it starts beside the functions: the object store
// and the target of the network scenario, each a process of its own.
//
// A service listens on a free port of 127.0.0.1, writes one line {"endpoint":"http://127.0.0.1:PORT"} to its standard
// output as soon as requests succeed, and writes nothing there after it. It ends when its standard input ends, or on
// SIGTERM or an interrupt. Standard input is the lifeline: the parent holds the other end of the pipe, and the kernel
// closes it when the parent dies of whatever cause, SIGKILL included, so no service outlives its parent. Secrets
// come in environment variables, never as arguments, which every user of the machine can read.
//
// Main is the service's side, Start the parent's.
package child

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Exit codes of a service.
const (
	ExitDone   = 0 // asked to end, and ended
	ExitFailed = 1 // could not start or failed while it served
	ExitUsage  = 2 // wrong arguments or environment
)

// ErrUsage marks an error of the arguments or of the environment; Main answers it with ExitUsage.
var ErrUsage = errors.New("wrong usage")

// Service serves until ctx ends, and then returns nil. It calls ready once, with its endpoint, when requests succeed.
type Service func(ctx context.Context, args []string, ready func(endpoint string) error) error

// Process is what a service sees of its process; the fields are those of package os in a main function.
type Process struct {
	Args   []string // without the program's name
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
}

// Main runs a service under the contract and returns its exit code. A failure is one line on Stderr, "name: cause".
// Stdin is read until it ends; started by hand, a service needs one that stays open, such as a terminal.
func Main(name string, p Process, serve Service) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		io.Copy(io.Discard, p.Stdin)
		stop()
	}()

	err := serve(ctx, p.Args, func(endpoint string) error { return writeReady(p.Stdout, endpoint) })
	if err == nil {
		return ExitDone
	}
	fmt.Fprintf(p.Stderr, "%s: %s\n", name, strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; "))
	if errors.Is(err, ErrUsage) {
		return ExitUsage
	}
	return ExitFailed
}

// readyLine is the one line that a service writes.
type readyLine struct {
	Endpoint string `json:"endpoint"`
}

func writeReady(w io.Writer, endpoint string) error {
	if err := json.NewEncoder(w).Encode(readyLine{Endpoint: endpoint}); err != nil {
		return fmt.Errorf("say that the service is ready: %w", err)
	}
	return nil
}

// readReady reads the line. An end of the stream before it is io.EOF.
func readReady(r io.Reader) (endpoint string, err error) {
	text, err := bufio.NewReader(io.LimitReader(r, 4096)).ReadBytes('\n')
	if err != nil {
		if errors.Is(err, io.EOF) && len(text) > 0 {
			err = fmt.Errorf("the first line breaks off: %q", text)
		}
		return "", err
	}
	var line readyLine
	if err := json.Unmarshal(text, &line); err != nil {
		return "", fmt.Errorf("the first line is %q: %w", text, err)
	}
	if u, err := url.Parse(line.Endpoint); err != nil || u.Host == "" {
		return "", fmt.Errorf("the first line is %q: no endpoint", text)
	}
	return line.Endpoint, nil
}
