package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/dtbench/dtbench/platforms"
)

// Open sets up the host. Where cgroups cannot be made it runs without limits,
// and its Info says so and why.
func Open(o Options) (platforms.Platform, error) {
	if o.Timeout <= 0 {
		return nil, errors.New("local: the timeout must be positive")
	}
	if o.User != nil && os.Geteuid() != 0 {
		return nil, fmt.Errorf("local: only root can run instances as user %d", o.User.UID)
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	h := &host{options: o, log: &lockedWriter{w: o.Log}, info: platforms.Info{
		Name: Name, Provenance: "measured", Contract: "lambda", Limits: "none", SharedClock: true,
	}}
	adoptOrphans()
	h.limits = limits{memoryBytes: o.MemoryBytes, vcpu: o.VCPU, period: o.CPUPeriod}
	if h.limits.none() {
		return h, nil
	}
	hierarchy, err := findHierarchy(h.limits)
	if err != nil {
		h.info.Notices = append(h.info.Notices, fmt.Sprintf("running without memory and CPU limits, this user cannot make cgroups here (%v)", err))
		return h, nil
	}
	h.hierarchy = hierarchy
	h.info.Limits = hierarchy.version()
	return h, nil
}

type host struct {
	options   Options
	limits    limits
	hierarchy hierarchy // nil: no limits
	log       *lockedWriter
	info      platforms.Info
	created   int
}

func (h *host) Info() platforms.Info { return h.info }

// Close has nothing to do: what the host makes belongs to an instance.
func (h *host) Close() error { return nil }

func (h *host) Prepare(ctx context.Context, fn platforms.Function) (_ platforms.Instance, err error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	binary, err := filepath.Abs(fn.Binary)
	if err != nil {
		return nil, err
	}
	h.created++
	in := &instance{host: h, fn: fn}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("preparing an instance of %s: %w", fn.Name, err), in.Close())
		}
	}()
	if in.api, err = newRuntimeAPI(h.options.Timeout); err != nil {
		return nil, err
	}
	if in.out, err = newOutput(h.log, fmt.Sprintf("%s #%d", fn.Name, h.created), fn.Secrets); err != nil {
		return nil, err
	}
	if h.hierarchy != nil {
		if in.group, err = h.hierarchy.create(newGroupName(), h.limits); err != nil {
			return nil, err
		}
	}
	env := h.environment(fn, in.api.address())
	var inherited []*os.File
	if fn.Policy != nil {
		policy, err := handOver(fn.Policy)
		if err != nil {
			return nil, err
		}
		inherited = append(inherited, policy)
		env = append(env, fmt.Sprintf("%s=%d", platforms.PolicyDescriptor, firstInherited))
	}
	command := append(slices.Clone(fn.Interpreter), binary)
	in.process, err = newProcess(command, filepath.Dir(binary), env, in.out.write, inherited, h.options.User, in.group)
	return in, err
}

// maxPolicyBytes is the capacity of a pipe (pipe(7)): the policy is in it, whole,
// before the instance exists, and nobody waits for a reader.
const maxPolicyBytes = 64 << 10

// handOver returns the reading end of a pipe that holds policy and whose writing
// end is closed: it can be read once.
func handOver(policy []byte) (*os.File, error) {
	if len(policy) > maxPolicyBytes {
		return nil, fmt.Errorf("a policy of %d bytes, at most %d can be handed over", len(policy), maxPolicyBytes)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	// Who has very many pipes gets small ones; then this write must not hang.
	err = w.SetWriteDeadline(time.Now().Add(time.Second))
	if err == nil {
		_, err = w.Write(policy)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("handing over the policy: %w", err), r.Close())
	}
	return r, nil
}

// environment is the whole environment of a function: its own variables and
// those that Lambda documents. Nothing of the harness's is passed on.
func (h *host) environment(fn platforms.Function, address string) []string {
	env := map[string]string{
		"AWS_LAMBDA_RUNTIME_API":          address,
		"AWS_LAMBDA_FUNCTION_NAME":        "dtbench",
		"AWS_LAMBDA_FUNCTION_VERSION":     "$LATEST",
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/dtbench",
		"AWS_LAMBDA_LOG_STREAM_NAME":      logStream(time.Now()),
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.FormatInt(h.options.MemoryBytes>>20, 10),
		"AWS_REGION":                      "local",
		"AWS_DEFAULT_REGION":              "local",
		"_HANDLER":                        "bootstrap",
		"LAMBDA_TASK_ROOT":                filepath.Dir(fn.Binary),
		"PATH":                            "/usr/local/bin:/usr/bin:/bin",
		"LANG":                            "en_US.UTF-8",
		"TZ":                              ":UTC",
	}
	for _, more := range []map[string]string{fn.Settings, fn.Secrets} {
		for name, value := range more {
			env[name] = value
		}
	}
	list := make([]string, 0, len(env))
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	return list
}

// logStream names the log stream of a new instance in the form that Lambda has.
// It is the nearest that Lambda gives to an instance id: public, and another for
// every instance.
func logStream(now time.Time) string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return fmt.Sprintf("%s/[$LATEST]%x", now.UTC().Format("2006/01/02"), b)
}

// lockedWriter lets the outputs of instances share one log.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
