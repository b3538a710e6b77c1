//go:build !linux

package hygiene

import (
	"fmt"
	"runtime"
)

func erase(old map[string]string, _ bool, r *Report) error {
	eraseRuntime(old, r)
	return fmt.Errorf("%w: %s keeps the environment that the process was started with", ErrUnsupported, runtime.GOOS)
}

func closeToOthers(*Report) error {
	return fmt.Errorf("%w: %s has no PR_SET_DUMPABLE", ErrUnsupported, runtime.GOOS)
}
