package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/dtbench/dtbench/scenarios/requestsig"
	"github.com/dtbench/dtbench/scenarios/services/child"
)

const (
	keyVariable = "DTTARGET_KEY"
	// maxSize bounds --size, in bytes: the largest object of one PUT in S3.
	maxSize = 5 << 30
)

// target answers signed requests.
type target struct {
	key    []byte
	size   int64 // bytes of every answer
	window time.Duration
	now    func() time.Time
}

func parse(args []string, getenv func(string) string) (*target, error) {
	t := &target{key: []byte(getenv(keyVariable)), now: time.Now}
	flags := flag.NewFlagSet("dttarget", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // child.Main prints the error, once
	flags.Int64Var(&t.size, "size", 1024, "")
	flags.DurationVar(&t.window, "window", 5*time.Minute, "")

	err := flags.Parse(args)
	switch {
	case err != nil:
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case t.size < 0 || t.size > maxSize:
		err = fmt.Errorf("--size %d: want 0 to %d bytes", t.size, int64(maxSize))
	case t.window <= 0:
		err = fmt.Errorf("--window %v: want a positive duration", t.window)
	case len(t.key) == 0:
		err = errors.New(keyVariable + " is not set")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", child.ErrUsage, err)
	}
	return t, nil
}

// serve runs the target until ctx ends.
func serve(ctx context.Context, args []string, ready func(endpoint string) error) error {
	t, err := parse(args, os.Getenv)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: t}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	if err := ready("http://" + listener.Addr().String()); err != nil {
		server.Close()
		return err
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	// Answers under way get a moment; a caller that does not read holds nobody up.
	finish, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if server.Shutdown(finish) != nil {
		server.Close()
	}
	return nil
}

// ServeHTTP answers one request.
func (t *target) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := requestsig.Verify(r, t.key, t.now(), t.window); err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		http.Error(w, "only GET is served", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(t.size, 10))
	// A write fails when the caller has gone; there is nobody left to tell.
	for left := t.size; left > 0; {
		n, err := w.Write(content[:min(left, int64(len(content)))])
		if err != nil {
			return
		}
		left -= int64(n)
	}
}

// content is the period of every answer: byte i of an answer is content[i % 65536], which is byte(i) ^ byte(i >> 8).
var content = func() (block [64 << 10]byte) {
	for i := range block {
		block[i] = byte(i) ^ byte(i>>8)
	}
	return block
}()
