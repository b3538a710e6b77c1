// Package local is a small FaaS host that runs real function processes on this
// machine: one process per instance, spoken to through the AWS Lambda Runtime
// API on a listener of its own, inside its own cgroup where the user may make
// one. It needs Linux; elsewhere Open says so.
//
// It is not a security boundary: functions run as the user who runs it, or, where
// that is root, as the ordinary user that Options name.
package local

import (
	"errors"
	"io"
	"time"
)

// Name of the platform.
const Name = "local"

// ErrUnsupported is returned by Open on another system than Linux.
var ErrUnsupported = errors.New("the local platform needs Linux (cgroups, /proc and a clock that processes share)")

const functionARN = "arn:aws:lambda:local:000000000000:function:dtbench"

// Options configure the host.
type Options struct {
	MemoryBytes int64         // limit of an instance; 0 is none
	VCPU        float64       // CPU quota in processors; 0 is none
	CPUPeriod   time.Duration // CFS period of the quota, 1 ms to 1 s; used when VCPU > 0
	// Timeout bounds the initialisation and each invocation; an instance that
	// exceeds it is killed.
	Timeout time.Duration
	// Log receives what functions write, a line at a time with secrets
	// redacted, from several goroutines; nil discards it.
	Log io.Writer
	// User runs every instance as an ordinary user, without supplementary groups
	// and without capabilities, because root hides what one user may do to
	// another's processes. Only root can; nil is the user who runs the host.
	// Binaries, and the folders they are in, must be open to that user.
	User *User
}

// User is a user and a group by number.
type User struct{ UID, GID uint32 }
