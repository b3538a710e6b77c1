// Command faulty is the function of the conformance suite: it does what its
// event, or FAULTY_INIT at start-up, tells it to.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/scenarios/function"
	"github.com/dtbench/dtbench/scenarios/secrets/plain"
)

type order struct {
	Do string `json:"do"`
	MS int    `json:"ms"`
	MB int    `json:"mb"`
}

func main() {
	in, err := function.Start(setup, plain.Open)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	in.Ready()
	lambda.Start(handler{in})
}

func setup(setting func(string) string) (function.Handler, error) {
	switch setting("FAULTY_INIT") {
	case "fail":
		fmt.Println("about to fail with", setting("SECRET"))
		return nil, errors.New("told to fail")
	case "hang":
		time.Sleep(time.Hour)
	case "terminate":
		os.Exit(platforms.ExitTerminated)
	}
	if number := setting(platforms.PolicyDescriptor); number != "" {
		fd, err := strconv.Atoi(number)
		if err != nil {
			return nil, err
		}
		f := os.NewFile(uintptr(fd), "policy")
		defer f.Close()
		if policy, err = io.ReadAll(f); err != nil {
			return nil, err
		}
	}
	return obey, nil
}

var (
	kept   [][]byte
	policy []byte
)

// traces is what an instance knows of its policy, and where else it might show.
type traces struct {
	Policy      []byte
	Environment []string
	Arguments   []string
	Pipes       int // open beside standard input, output and error
}

func pipes() (n int) {
	for fd := 3; fd < 100; fd++ {
		target, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		if err == nil && strings.HasPrefix(target, "pipe:") {
			n++
		}
	}
	return n
}

func obey(_ context.Context, req function.Request, _ function.Secrets) (any, error) {
	var o order
	if err := json.Unmarshal(req.Event, &o); err != nil {
		return nil, err
	}
	switch o.Do {
	case "sleep":
		time.Sleep(time.Duration(o.MS) * time.Millisecond)
	case "burn":
		for end := time.Now().Add(time.Duration(o.MS) * time.Millisecond); time.Now().Before(end); {
		}
	case "allocate":
		for range o.MB {
			page := make([]byte, 1<<20)
			for i := 0; i < len(page); i += 4096 {
				page[i] = 1
			}
			kept = append(kept, page)
		}
	case "exit":
		fmt.Println("last words with", os.Getenv("SECRET"))
		os.Exit(7)
	case "terminate":
		fmt.Println("last words with", os.Getenv("SECRET"))
		os.Exit(platforms.ExitTerminated)
	case "policy":
		return traces{Policy: policy, Environment: os.Environ(), Arguments: os.Args, Pipes: pipes()}, nil
	case "panic":
		panic("told to panic with " + os.Getenv("SECRET"))
	case "error":
		return nil, errors.New("told to return an error")
	case "cgroup":
		data, err := os.ReadFile("/proc/self/cgroup")
		return string(data), err
	case "child":
		// A grandchild that would outlive an instance whose group is not ended.
		p, err := os.StartProcess("/proc/self/exe", []string{"faulty"}, &os.ProcAttr{
			Env: []string{"FAULTY_INIT=hang"}, Files: []*os.File{nil, os.Stdout, os.Stderr},
		})
		if err != nil {
			return nil, err
		}
		return map[string]int{"pid": p.Pid}, nil
	}
	return map[string]string{"did": o.Do}, nil
}

// handler answers text for "text", which is not JSON.
type handler struct{ in *function.Instance }

func (h handler) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	var o order
	if json.Unmarshal(event, &o) == nil && o.Do == "text" {
		return []byte("not json at all"), nil
	}
	return h.in.Invoke(ctx, function.Request{ID: "test", Event: event})
}
