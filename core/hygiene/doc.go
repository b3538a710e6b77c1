// Package hygiene takes plaintext out of the process that was started with it.
//
// A serverless platform hands credentials over as environment variables, and
// os.Setenv or os.Unsetenv do not take them back. The plaintext stays in two
// places for the life of the process: in the kernel's environment block on the
// initial stack, which /proc/PID/environ and the environ of every thread show
// (proc_pid_environ(5)), and in the strings that the Go runtime made of that
// block before main (runtime.goenvs), which os.Getenv hands out without copying
// them. [Replace] puts other text in the place of a value and overwrites both;
// it then makes the process non-dumpable (PR_SET_DUMPABLE(2const)), so that
// another process of the same user can read neither its memory nor its
// environment, and a crash writes no core file.
//
// Overwriting in place was chosen over starting the program again with the
// values in a pipe: an external scan of the whole memory finds no copy after
// either, and the first takes tens of microseconds where the second takes about
// two milliseconds (internal/memscan and the benchmarks hold both statements).
//
// [Rules] tells which variables to treat so: those that the operator declared,
// those through which the supported platforms hand over credentials, and, to be
// reported only, those that look like secrets and that nobody listed. That is
// the paper's WebIDE incident (Liu et al., PeerJ Computer Science 11:e3029,
// section "Attack model analysis"): a credential that the platform added under a
// name that no one thought of.
//
// # What it does not do
//
//   - It knows nothing of copies that the program made itself. Call [Replace]
//     before anything else reads the environment.
//   - Root, and whoever has CAP_SYS_PTRACE, reads the memory all the same, and
//     code inside the process can make it dumpable again.
//   - It erases on Linux. On the other systems the environment is replaced and
//     the error matches [ErrUnsupported]: what is left there is said, not
//     passed over.
package hygiene
