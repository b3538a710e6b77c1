// Package platforms says what a place that runs functions must offer to the
// experiment. Adapters are its sub-packages; platforms/registry lists them and
// platforms/platformtest is the conformance suite that each of them passes.
package platforms

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Errors of an invocation. An adapter wraps exactly one of them around every
// failure of the function; any other error is a failure of the platform.
var (
	// ErrTimeout: the function did not become ready, or did not answer, in time.
	ErrTimeout = errors.New("timed out")
	// ErrOutOfMemory: the memory limit killed the instance.
	ErrOutOfMemory = errors.New("out of memory")
	// ErrInit: the process ended, or reported a failure, before it asked for an
	// event.
	ErrInit = errors.New("crashed in initialisation")
	// ErrCrash: the process ended, or panicked, while it worked on an event.
	ErrCrash = errors.New("crashed in the handler")
	// ErrTerminated: the token guard inside the function ended the instance, after
	// too many refused tokens or because it was revoked. It is no failure of the
	// function's own: a replacement works.
	ErrTerminated = errors.New("terminated by its guard")
	// ErrHandler: the handler returned an error and the instance lives on.
	ErrHandler = errors.New("the handler returned an error")
	// ErrAnswer: the function answered with something that is not JSON.
	ErrAnswer = errors.New("the answer is not JSON")
)

// ExitTerminated is the exit status by which a guard ends its instance. It is
// core.ExitTerminated, written again because a platform does not link the core.
const ExitTerminated = 86

// PolicyDescriptor is the environment variable that holds the number of the
// descriptor from which an instance reads its policy, up to the end.
const PolicyDescriptor = "DTBENCH_POLICY_FD"

// Function is one deployable function with its configuration.
type Function struct {
	Name   string // for logs, such as hello/optimized
	Binary string // path of the executable, or of the script that Interpreter runs
	// Interpreter is the command that runs Binary where that is a script: a program
	// by its path, and its arguments. Nil: Binary is executable.
	Interpreter []string
	// Settings are its plain environment variables.
	Settings map[string]string
	// Secrets are environment variables too. An adapter must keep their values
	// out of logs and errors, the function's own output included.
	Secrets map[string]string
	// Policy is the function's token policy, or nil; its form is the core's
	// business. The control plane keeps it here, with the function's metadata, and
	// an adapter hands it to every instance once, when the instance is created,
	// through the descriptor that PolicyDescriptor names: never as an argument, in
	// the environment or in a log, so that the rules stay out of the runtime
	// environment (the paper, section "Encryption and decryption process").
	Policy []byte
}

// Info describes a platform as it is set up.
type Info struct {
	Name       string
	Provenance string // measured | simulated | replayed | live
	Contract   string // lambda | fc | scf | in-process
	// Limits says what enforces memory and CPU: cgroup-v2, cgroup-v1, model or
	// none.
	Limits string
	// Notices are sentences the user must see once, such as why there are no
	// limits.
	Notices []string
	// SharedClock says that instants of the function and of Invocation.Began
	// are on one clock, so that the way to the handler can be measured.
	SharedClock bool
	// VirtualTime says that time does not pass by itself, so that how long
	// Prepare took means nothing.
	VirtualTime bool
}

// Platform makes instances of functions. It is used by one goroutine.
type Platform interface {
	Info() Info
	// Prepare makes everything ready for one new instance of fn except the
	// instance itself: the first Invoke of what it returns finds no running
	// function and is a cold start. Whatever can be done outside the timed part
	// (listener, cgroup, deployment) is done here.
	Prepare(ctx context.Context, fn Function) (Instance, error)
	// Close removes everything the platform made. Instances must be closed
	// before. It may be called again and then does nothing.
	Close() error
}

// Instance is at most one running copy of a function. It is used by one
// goroutine.
type Instance interface {
	// Invoke delivers event (JSON) and waits for the answer. The first call
	// starts the instance. An invocation that the function failed wraps one of
	// the errors above, with the function's last lines in its text and no
	// secret; after any error but ErrHandler and ErrAnswer the instance is dead
	// and later calls fail. When ctx ends the instance is killed and the cause
	// of ctx is returned.
	Invoke(ctx context.Context, event []byte) (Invocation, error)
	// Close ends the instance, whatever it is doing, and removes all its
	// traces: processes, cgroup, listener, files. It may be called again and
	// then does nothing.
	Close() error
}

// Invocation is what a platform knows of one answered invocation. Nil pointers
// are what it cannot know.
type Invocation struct {
	RequestID string
	Answer    []byte // JSON, as the function gave it
	// Began is the instant just before fork (cold) or send (hot), in
	// nanoseconds on the clock of scenarios/monotonic; 0 without a shared clock.
	Began int64
	// Total lasts from Began to the answer read in full.
	Total time.Duration
	// Start lasts from Began to the first request for an event; cold only.
	Start *time.Duration
	// Reported is what the platform meters or bills.
	Reported *time.Duration
	// Throttled is how long the CPU quota held the instance back during this
	// invocation.
	Throttled *time.Duration
	// MemoryBytes is the instance's peak so far. On local it is the sum of VmHWM
	// over all of its processes, the platform's own figure elsewhere. Pages that
	// processes share are counted in each.
	MemoryBytes int64
	// Processes is how many processes MemoryBytes is of; 0 where that is not known.
	Processes int
	// CgroupPeakBytes is the peak of the instance's cgroup so far.
	CgroupPeakBytes *int64
}

// FunctionError is a failure of the function, not of the platform.
type FunctionError struct {
	Kind     error    // one of the errors above
	Function string   // its name
	Detail   string   // such as "exit status 2" or "no answer within 10s"; may be empty
	Tail     []string // the last lines it wrote, secrets redacted
}

// Reason is the error without the function's name and output: the same for
// every repetition of the same failure.
func (e *FunctionError) Reason() string {
	if e.Detail == "" {
		return e.Kind.Error()
	}
	return e.Kind.Error() + ": " + e.Detail
}

func (e *FunctionError) Error() string {
	s := e.Function + ": " + e.Reason()
	if len(e.Tail) > 0 {
		s += "; its last lines: " + strings.Join(e.Tail, " | ")
	}
	return s
}

func (e *FunctionError) Unwrap() error { return e.Kind }

// Redactor replaces the values of secrets by [redacted], for what a function
// prints or says.
func Redactor(secrets map[string]string) *strings.Replacer {
	var pairs []string
	for _, value := range secrets {
		if value != "" {
			pairs = append(pairs, value, "[redacted]")
		}
	}
	return strings.NewReplacer(pairs...)
}
