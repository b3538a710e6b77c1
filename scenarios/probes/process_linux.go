package probes

import (
	"fmt"
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// makeDumpable undoes what core/hygiene has done: code inside may.
func makeDumpable() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("probes: prctl: %w", err)
	}
	return nil
}

// killSelf ends this process at once, with nothing flushed.
func killSelf() error { return unix.Kill(os.Getpid(), unix.SIGKILL) }

// allowCore has this process leave a core file in dir when it crashes. Where the
// system allows none, the hard limit is 0.
func allowCore(dir string) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		return fmt.Errorf("probes: getrlimit: %w", err)
	}
	limit.Cur = limit.Max
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		return fmt.Errorf("probes: setrlimit: %w", err)
	}
	debug.SetTraceback("crash") // else a panic exits and dumps nothing
	return os.Chdir(dir)
}
