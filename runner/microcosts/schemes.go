package microcosts

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/core/audit"
	"github.com/dtbench/dtbench/core/literal"
)

const (
	requestID = "1-5759e988-bd862e3fe1be46a994272793"
	dataKey   = "DB_PASSWORD"
	// secret stands for a password: only its length counts.
	secret = "0123456789abcdef0123456789abcdef"
	// window is the paper's example.
	window = 10 * time.Second
)

// variables stand in for the environment of the process.
type variables map[string]string

func (v variables) LookupEnv(name string) (string, bool) { value, ok := v[name]; return value, ok }
func (v variables) Setenv(name, value string) error      { v[name] = value; return nil }

func environment() variables { return variables{core.KeysVariable: dataKey, dataKey: secret} }

// clock is the wall clock and an offset that the measurement moves.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) }

// newOptimized makes a guard of the hardened core that never ends its instance.
// Without a log it records nothing.
func newOptimized(now func() time.Time, log *audit.Log) (*core.Guard, error) {
	policy := &core.Policy{Response: core.ResponsePolicy{AlertAfter: -1, BlockAfter: -1, TerminateAfter: -1}}
	if log == nil {
		policy.Audit.Mode = core.AuditOff
	}
	return core.FromEnvironment(core.Config{
		Policy: policy, Audit: log, Window: window, Clock: now,
		KeepDumpable: true, Environment: environment(),
		Exit: func(int) {},
	})
}

func newLiteral(now func() time.Time, log *audit.Log) (*literal.UnsafeGuard, error) {
	return literal.UnsafeFromEnvironment(literal.Options{Window: window, Clock: now, Audit: log, Environment: environment()})
}

// newScheme makes a guard of either scheme.
func newScheme(name string, log *audit.Log) (core.Scheme, error) {
	if name == schemeLiteral {
		return newLiteral(nil, log)
	}
	return newOptimized(nil, log)
}

func discard([]byte) error { return nil }

// refused turns the refusal that is being timed into success, and anything else
// into an error.
func refused(err error) error {
	if errors.Is(err, core.ErrDenied) {
		return nil
	}
	return fmt.Errorf("a token that had to be refused gave %v", err)
}

// forge alters the last character of a text so that it keeps its form.
func forge(text string) string {
	last := byte('0')
	if strings.HasSuffix(text, "0") {
		last = '1'
	}
	return text[:len(text)-1] + string(last)
}
