package local

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/dtbench/dtbench/platforms"
	"github.com/dtbench/dtbench/scenarios/monotonic"
)

// instance is one function process and everything around it. Its invocations
// go through three states: not started, idle (the process waits for an event),
// dead.
type instance struct {
	host    *host
	fn      platforms.Function
	api     *runtimeAPI
	out     *output
	group   group // nil: no limits
	process *process

	launched  bool
	dead      error
	closed    bool
	throttled time.Duration // when the current invocation began
}

// PID returns the number of the function's process, for who looks at it from
// outside: 0 when the instance is not of this platform or has not started.
func PID(of platforms.Instance) int {
	in, ok := of.(*instance)
	if !ok || in.process == nil {
		return 0
	}
	return in.process.pid
}

func (in *instance) Invoke(ctx context.Context, body []byte) (platforms.Invocation, error) {
	if in.dead != nil {
		return platforms.Invocation{}, fmt.Errorf("the instance is dead: %w", in.dead)
	}
	inv, err := in.invoke(ctx, body)
	if err != nil && !errors.Is(err, platforms.ErrHandler) && !errors.Is(err, platforms.ErrAnswer) {
		in.dead = err
		in.process.kill()
	}
	return inv, err
}

func (in *instance) invoke(ctx context.Context, body []byte) (inv platforms.Invocation, err error) {
	ev := event{id: requestID(), body: body}
	inv.RequestID = ev.id
	timer := time.NewTimer(in.host.options.Timeout)
	defer timer.Stop()

	if !in.launched {
		// The event waits before the function asks for it, so that handing it
		// out costs the cold start nothing.
		in.launched = true
		in.api.events <- ev
		if err := in.process.launch(); err != nil {
			return inv, fmt.Errorf("starting %s: %w", in.fn.Name, err)
		}
		in.out.started()
		inv.Began = in.process.began
		asked, err := in.awaitRequest(ctx, timer, platforms.ErrInit, "not ready")
		if err != nil {
			return inv, err
		}
		start := time.Duration(asked - inv.Began)
		inv.Start = &start
		timer.Reset(in.host.options.Timeout)
	} else {
		in.throttled = in.throttledSoFar() // what the idle instance was booked since
		inv.Began = monotonic.Now()
		in.api.events <- ev
	}

	out, err := in.awaitOutcome(ctx, timer, ev.id)
	if err != nil {
		return inv, err
	}
	inv.Total = time.Duration(out.at - inv.Began)
	inv.Answer = out.body

	// Lambda counts an invocation as complete when the next event is asked
	// for; only then is the process idle and its memory peak final.
	timer.Reset(in.host.options.Timeout)
	if _, err := in.awaitRequest(ctx, timer, platforms.ErrCrash, "did not ask for the next event"); err != nil {
		if out.failure != nil && !errors.Is(err, platforms.ErrTerminated) {
			err = in.failed(platforms.ErrCrash, out.failure.Type+": "+out.failure.Message)
		}
		return inv, err
	}
	if out.failure != nil {
		return inv, in.failed(platforms.ErrHandler, out.failure.Type+": "+out.failure.Message)
	}
	if !json.Valid(out.body) {
		return inv, in.failed(platforms.ErrAnswer, fmt.Sprintf("%d bytes that start with %q", len(out.body), in.excerpt(out.body)))
	}
	return inv, in.observe(&inv)
}

// awaitRequest waits until the function asks for an event and returns the
// instant. died names what it means when the process ends instead.
func (in *instance) awaitRequest(ctx context.Context, timer *time.Timer, died error, late string) (int64, error) {
	select {
	case at := <-in.api.asked:
		return at, nil
	case f := <-in.api.initFail:
		return 0, in.failed(platforms.ErrInit, f.Type+": "+f.Message)
	case <-in.process.exited:
		return 0, in.ended(died)
	case <-timer.C:
		return 0, in.failed(platforms.ErrTimeout, fmt.Sprintf("%s within %s", late, in.host.options.Timeout))
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

func (in *instance) awaitOutcome(ctx context.Context, timer *time.Timer, id string) (outcome, error) {
	for {
		select {
		case out := <-in.api.outcomes:
			if out.id == id {
				return out, nil
			}
		case <-in.process.exited:
			// The answer may have come just before the end.
			select {
			case out := <-in.api.outcomes:
				if out.id == id {
					return out, nil
				}
			default:
			}
			return outcome{}, in.ended(platforms.ErrCrash)
		case <-timer.C:
			return outcome{}, in.failed(platforms.ErrTimeout, fmt.Sprintf("no answer within %s", in.host.options.Timeout))
		case <-ctx.Done():
			return outcome{}, context.Cause(ctx)
		}
	}
}

// ended says why the process is gone: the kernel's memory limit, its guard, or
// kind.
func (in *instance) ended(kind error) error {
	if in.group != nil {
		if n, err := in.group.oomKills(); err == nil && n > 0 {
			return in.failed(platforms.ErrOutOfMemory, fmt.Sprintf("killed at the limit of %d MB", in.host.options.MemoryBytes>>20))
		}
	}
	if in.process.state.ExitCode() == platforms.ExitTerminated {
		kind = platforms.ErrTerminated
	}
	return in.failed(kind, in.process.state.String())
}

// failed ends a doomed process first, so that its last lines are all there.
func (in *instance) failed(kind error, detail string) error {
	if errors.Is(kind, platforms.ErrTimeout) || errors.Is(kind, platforms.ErrInit) {
		in.process.kill()
	}
	e := &platforms.FunctionError{Kind: kind, Function: in.fn.Name, Detail: in.out.redact.Replace(detail)}
	select {
	case <-in.process.exited:
		e.Tail = in.out.lastLines()
	default:
		e.Tail = in.out.linesSoFar()
	}
	return e
}

// observe reads what the kernel knows of the idle instance, and what it wrote.
func (in *instance) observe(inv *platforms.Invocation) error {
	in.out.drain()
	all, err := in.processes()
	if err == nil {
		inv.MemoryBytes, inv.Processes, err = residentOf(in.process.pid, all)
	}
	if err != nil {
		return fmt.Errorf("memory of %s: %w", in.fn.Name, err)
	}
	if in.group == nil {
		return nil
	}
	if peak, err := in.group.peakBytes(); err == nil { // Linux before 5.19 has no memory.peak
		inv.CgroupPeakBytes = &peak
	}
	if in.host.limits.vcpu == 0 {
		return nil
	}
	// The kernel adds up what it held back on each processor, and books a wait
	// when it ends; no more than the whole invocation can have been waiting.
	during := min(in.throttledSoFar()-in.throttled, inv.Total)
	inv.Throttled = &during
	return nil
}

// processes lists those of the instance: what is in its cgroup, else in its
// process group.
func (in *instance) processes() ([]int, error) {
	if in.group != nil {
		return in.group.processes()
	}
	return processGroup(in.process.pid)
}

// throttledSoFar is 0 where there is no CPU quota.
func (in *instance) throttledSoFar() time.Duration {
	if in.group == nil || in.host.limits.vcpu == 0 {
		return 0
	}
	throttled, err := in.group.throttled()
	if err != nil {
		return 0 // the file is there as long as the group is
	}
	return throttled
}

func (in *instance) Close() error {
	if in.closed {
		return nil
	}
	in.closed = true
	if in.dead == nil {
		in.dead = errors.New("closed")
	}
	if in.process != nil {
		in.process.end()
	}
	if in.api != nil {
		in.api.close()
	}
	var err error
	if in.group != nil {
		err = in.group.remove()
	}
	if in.out != nil {
		in.out.close()
	}
	return err
}

// requestID draws a random UUID (RFC 9562, version 4), the form that Lambda's
// request ids have.
func requestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// excerpt is the beginning of an answer, redacted before it is cut: a secret
// cut in two would no longer be recognised.
func (in *instance) excerpt(b []byte) string {
	s := in.out.redact.Replace(string(b[:min(len(b), 4096)]))
	return s[:min(len(s), 40)]
}
