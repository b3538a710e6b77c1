// Package orders is the function of the conformance suite: it does what its
// event, or FAULTY_INIT at start-up, tells it to. What it does to the world
// around it goes through an interface, so that it runs as a process of its own
// (command faulty) and inside a platform that has no processes.
package orders

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/scenarios/function"
)

// World is what an instance can do to the world. Calls that end the instance do
// not return.
type World interface {
	Environ() []string // the whole environment, as NAME=value
	Arguments() []string
	// Policy is what was handed over through platforms.PolicyDescriptor, read
	// once, at start-up; empty when there was none.
	Policy() ([]byte, error)
	Pipes() int // open beside standard input, output and error
	Print(line string)
	Sleep(d time.Duration)
	Burn(d time.Duration) // processor time
	Allocate(mb int)      // MiB that stay in use
	Exit(code int)
	// Child starts a process that outlives the invocation. ErrNoProcesses where
	// functions have none.
	Child() (pid int, err error)
	Cgroup() (string, error)
}

// ErrNoProcesses: functions are no processes here.
var ErrNoProcesses = errors.New("functions of this platform are no processes and have no children")

type order struct {
	Do string `json:"do"`
	MS int    `json:"ms"`
	MB int    `json:"mb"`
}

// Traces is what an instance knows of its policy, and where else it might show.
type Traces struct {
	Policy      []byte
	Environment []string
	Arguments   []string
	Pipes       int
}

// Setup is the function in that world.
func Setup(w World) function.Setup {
	return func(setting func(string) string) (function.Handler, error) {
		switch setting("FAULTY_INIT") {
		case "fail":
			w.Print("about to fail with " + setting("SECRET"))
			return nil, errors.New("told to fail")
		case "hang":
			w.Sleep(time.Hour)
		case "terminate":
			w.Exit(platforms.ExitTerminated)
		}
		policy, err := w.Policy()
		if err != nil {
			return nil, err
		}
		return func(_ context.Context, req function.Request, _ function.Secrets) (any, error) {
			return obey(w, policy, setting("SECRET"), req.Event)
		}, nil
	}
}

func obey(w World, policy []byte, secret string, event []byte) (any, error) {
	var o order
	if err := json.Unmarshal(event, &o); err != nil {
		return nil, err
	}
	duration := time.Duration(o.MS) * time.Millisecond
	switch o.Do {
	case "sleep":
		w.Sleep(duration)
	case "burn":
		w.Burn(duration)
	case "allocate":
		w.Allocate(o.MB)
	case "exit":
		w.Print("last words with " + secret)
		w.Exit(7)
	case "terminate":
		w.Print("last words with " + secret)
		w.Exit(platforms.ExitTerminated)
	case "policy":
		return Traces{Policy: policy, Environment: w.Environ(), Arguments: w.Arguments(), Pipes: w.Pipes()}, nil
	case "panic":
		panic("told to panic with " + secret)
	case "error":
		return nil, errors.New("told to return an error")
	case "cgroup":
		return w.Cgroup()
	case "child":
		pid, err := w.Child()
		if err != nil {
			return nil, err
		}
		return map[string]int{"pid": pid}, nil
	}
	return map[string]string{"did": o.Do}, nil
}

// Invoke runs the function once. It answers text for "text", which is not JSON.
func Invoke(ctx context.Context, in *function.Instance, req function.Request) ([]byte, error) {
	var o order
	if json.Unmarshal(req.Event, &o) == nil && o.Do == "text" {
		return []byte("not json at all"), nil
	}
	return in.Invoke(ctx, req)
}
