// Command faulty is the function of the conformance suite as a process.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/platforms/platformtest/orders"
	"github.com/dtbench/dtbench/scenarios/function"
	"github.com/dtbench/dtbench/scenarios/secrets/plain"
)

func main() {
	in, err := function.Start(orders.Setup(&process{}), plain.Open)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	in.Ready()
	lambda.Start(handler{in})
}

type handler struct{ in *function.Instance }

func (h handler) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	return orders.Invoke(ctx, h.in, function.Request{ID: "test", Event: event})
}

// process is the world as it is.
type process struct{ kept [][]byte }

func (*process) Environ() []string     { return os.Environ() }
func (*process) Arguments() []string   { return os.Args }
func (*process) Print(line string)     { fmt.Println(line) }
func (*process) Sleep(d time.Duration) { time.Sleep(d) }
func (*process) Exit(code int)         { os.Exit(code) }

func (*process) Policy() ([]byte, error) {
	number := os.Getenv(platforms.PolicyDescriptor)
	if number == "" {
		return nil, nil
	}
	fd, err := strconv.Atoi(number)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "policy")
	defer f.Close()
	return io.ReadAll(f)
}

func (*process) Pipes() (n int) {
	for fd := 3; fd < 100; fd++ {
		target, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		if err == nil && strings.HasPrefix(target, "pipe:") {
			n++
		}
	}
	return n
}

func (*process) Burn(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
	}
}

func (p *process) Allocate(mb int) {
	for range mb {
		page := make([]byte, 1<<20)
		for i := 0; i < len(page); i += 4096 {
			page[i] = 1
		}
		p.kept = append(p.kept, page)
	}
}

// Child is a grandchild that would outlive an instance whose group is not ended.
func (*process) Child() (int, error) {
	p, err := os.StartProcess("/proc/self/exe", []string{"faulty"}, &os.ProcAttr{
		Env: []string{"FAULTY_INIT=hang"}, Files: []*os.File{nil, os.Stdout, os.Stderr},
	})
	if err != nil {
		return 0, err
	}
	return p.Pid, nil
}

func (*process) Cgroup() (string, error) {
	data, err := os.ReadFile("/proc/self/cgroup")
	return string(data), err
}
