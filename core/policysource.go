package core

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// The variables through which a policy comes, in the order in which they are
// looked at; the first that is set counts. Config.Policy counts before the file
// and the environment, which whoever deploys the code writes too. A descriptor
// comes from the control plane, and code must not overrule that: both together
// are an error.
const (
	// PolicyFDVariable holds the number of an inherited descriptor that the
	// document is read from, up to its end. The descriptor is then closed and
	// the variable removed: the paper wants rules kept out of the runtime
	// environment, and this way code that runs later finds no trace of them.
	PolicyFDVariable = "DTBENCH_POLICY_FD"

	// PolicyFileVariable holds the path of a file with the document.
	PolicyFileVariable = "DTBENCH_POLICY_FILE"

	// PolicyVariable holds the document itself: the least of the three, as
	// whatever reads the environment can read the rules.
	PolicyVariable = "DTBENCH_POLICY"
)

// unsetter is an [Environment] that can also remove a variable.
type unsetter interface{ Unsetenv(name string) error }

// FindPolicy returns the policy that env names, or an empty one, and takes it away
// as [FromEnvironment] does: for code that completes a policy and then gives it to
// a guard. Errors wrap [ErrConfig].
func FindPolicy(env Environment) (*Policy, error) { return findPolicy(env, nil) }

// findPolicy returns the policy given in code, or else that of the environment,
// or an empty one. A descriptor is read and closed even if its policy comes
// beside one in code, which is refused: nobody else is to read it.
func findPolicy(env Environment, given *Policy) (*Policy, error) {
	if text, ok := env.LookupEnv(PolicyFDVariable); ok {
		document, err := readDescriptor(text)
		if u, ok := env.(unsetter); ok && err == nil {
			err = u.Unsetenv(PolicyFDVariable)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: policy from %s: %w", ErrConfig, PolicyFDVariable, err)
		}
		if given != nil {
			return nil, fmt.Errorf("%w: policy: both %s and Config.Policy give one", ErrConfig, PolicyFDVariable)
		}
		return ParsePolicy(document)
	}
	if given != nil {
		return given, nil
	}
	if path, ok := env.LookupEnv(PolicyFileVariable); ok {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("%w: policy from %s: %w", ErrConfig, PolicyFileVariable, err)
		}
		document, err := readPolicy(f)
		if err != nil {
			return nil, fmt.Errorf("%w: policy from %s: %w", ErrConfig, PolicyFileVariable, err)
		}
		return ParsePolicy(document)
	}
	if document, ok := env.LookupEnv(PolicyVariable); ok {
		return ParsePolicy([]byte(document))
	}
	return new(Policy), nil
}

// readDescriptor reads what a descriptor holds and closes it. Standard input,
// output and error are refused: closing one would give its number to the next
// file that is opened.
func readDescriptor(text string) ([]byte, error) {
	fd, err := strconv.Atoi(text)
	if err != nil || fd < 3 || fd > 1<<20 {
		return nil, fmt.Errorf("not the number of a descriptor from 3 on")
	}
	f := os.NewFile(uintptr(fd), "policy")
	if f == nil {
		return nil, os.ErrInvalid
	}
	type reading struct {
		document []byte
		err      error
	}
	done := make(chan reading, 1)
	go func() {
		document, err := readPolicy(f)
		done <- reading{document, err}
	}()
	late := time.NewTimer(policyPatience)
	defer late.Stop()
	select {
	case r := <-done:
		return r.document, r.err
	case <-late.C:
		// The goroutine stays if its read cannot be interrupted. So it is with
		// pipes that block, for which there is no deadline either.
		_ = f.Close()
		return nil, fmt.Errorf("no end of the document within %v: somebody holds the writing end open", policyPatience)
	}
}

// policyPatience is how long the policy may take to come through a descriptor.
const policyPatience = 2 * time.Second

// readPolicy reads f up to one byte more than a policy may have, and closes it.
func readPolicy(f *os.File) ([]byte, error) {
	document, err := io.ReadAll(io.LimitReader(f, maxPolicy+1))
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return document, err
}
