package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/dtbench/dtbench/platforms/local"
	"github.com/dtbench/dtbench/report"
	"github.com/dtbench/dtbench/results"
	attackresults "github.com/dtbench/dtbench/results/attack"
	"github.com/dtbench/dtbench/runner/services"
	"github.com/dtbench/dtbench/scenarios/build"
	"github.com/dtbench/dtbench/scenarios/objectstore"
	"github.com/dtbench/dtbench/scenarios/python"
)

// Exit codes, as documented in dtbench help.
const (
	codeFailed  = 1
	codeUsage   = 2
	codePartial = 3
	codePipe    = 141 // as a shell reports the end by SIGPIPE
)

// failure is an error on its way to the user: what, what next, exit code.
type failure struct {
	code int
	err  error
	hint string
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// usagef is a wrong usage: exit code 2.
func usagef(hint, format string, args ...any) error {
	return &failure{code: codeUsage, err: fmt.Errorf(format, args...), hint: hint}
}

// unwritable marks a full disk as that of a command which only writes output:
// exit code 2, as for output that cannot be written for any other reason, since
// 1 may be its verdict, and there is no run to go on with.
func unwritable(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return &failure{code: codeUsage, err: err, hint: "free some space"}
	}
	return err
}

// asFailure is the one place that turns errors into exit codes and hints.
func asFailure(err error) *failure {
	var f *failure
	var sig errSignal
	var path *fs.PathError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &sig):
		return &failure{code: 128 + int(sig.Signal), err: sig}
	case errors.Is(err, results.ErrInvalid):
		f := &failure{code: codeUsage, err: err}
		if strings.Contains(err.Error(), fmt.Sprintf("schema %q", attackresults.Schema)) {
			f.hint = "it holds attacks: dtbench reproduce --attacks judges claims by them, and dtbench attack --format writes them in other forms"
		}
		return f
	case errors.Is(err, local.ErrUnsupported):
		return &failure{code: codeUsage, err: err, hint: "run it in a Linux machine or virtual machine; report works everywhere"}
	case errors.Is(err, build.ErrNoToolchain):
		return &failure{code: codeFailed, err: err, hint: "install Go 1.26 or later (https://go.dev/dl), or unpack a dtbench release with its functions folder"}
	case errors.Is(err, python.ErrMissing):
		return &failure{code: codeFailed, err: err, hint: "install python3 (3.8 or later), or put one on PATH; --runtime go needs none"}
	case errors.Is(err, build.ErrRevision):
		return &failure{code: codeUsage, err: err, hint: "--against takes a commit, branch or tag, such as HEAD or main"}
	case errors.Is(err, build.ErrBuild):
		f := &failure{code: codeFailed, err: err}
		if errors.Is(err, build.ErrNoSource) {
			f.hint = "run it in the folder that dtbench was cloned into, or make release there and use dist/dtbench"
		}
		if strings.Contains(err.Error(), "dial tcp") || strings.Contains(err.Error(), "proxy") {
			f.hint = "the first build downloads modules; check the network and GOPROXY"
		}
		return f
	case errors.Is(err, objectstore.ErrUnreachable):
		return &failure{code: codeFailed, err: err, hint: "check --store-endpoint, or leave it out to use the embedded store"}
	case errors.Is(err, objectstore.ErrDenied):
		return &failure{code: codeFailed, err: err, hint: "check --store-access-key and the secret key in DTBENCH_STORE_SECRET_KEY or --store-secret-file"}
	case errors.Is(err, objectstore.ErrNoBucket):
		return &failure{code: codeFailed, err: err, hint: "create the bucket first, or name another with --store-bucket"}
	case errors.Is(err, objectstore.ErrInvalid):
		return &failure{code: codeUsage, err: err}
	case errors.Is(err, services.ErrTarget):
		return &failure{code: codeFailed, err: err, hint: "check --target-url and the key in DTBENCH_TARGET_KEY, or leave both out to use the embedded target"}
	case errors.Is(err, report.ErrNoMetric):
		return &failure{code: codeUsage, err: err, hint: "choose another --time"}
	case errors.Is(err, report.ErrNoChart):
		return &failure{code: codeUsage, err: err, hint: "the chart needs benchmark and another variant"}
	case errors.Is(err, syscall.ENOSPC):
		return &failure{code: codeFailed, err: err, hint: "free some space"}
	case errors.As(err, &path) && path.Op == "fork/exec" && errors.Is(err, fs.ErrPermission):
		return &failure{code: codeFailed, err: err, hint: "programs in the temporary folder must be allowed to run: set TMPDIR to a folder that is not mounted noexec"}
	case errors.As(err, &path):
		return &failure{code: codeUsage, err: err}
	case strings.HasPrefix(err.Error(), "unknown command"): // cobra has no sentinel for it
		return &failure{code: codeUsage, err: errors.New(strings.SplitN(err.Error(), "\n", 2)[0]), hint: "see dtbench help"}
	default:
		return &failure{code: codeFailed, err: err}
	}
}
