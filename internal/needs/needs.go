// Package needs is the one door through which a test asks for more than Go.
//
// Where something is missing the test is skipped and says what; with
// DTBENCH_REQUIRE=all, which CI sets after installing everything, the same
// test fails instead, so that nothing is skipped where it should have run.
package needs

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// Missing skips t because what is not to be had here, or fails it where
// everything is required.
func Missing(t testing.TB, what, why string) {
	t.Helper()
	if os.Getenv("DTBENCH_REQUIRE") == "all" {
		t.Fatalf("required here, but missing: %s: %s", what, why)
	}
	t.Skipf("missing: %s: %s", what, why)
}

// Linux skips a test of what exists only there.
func Linux(t testing.TB) {
	t.Helper()
	if runtime.GOOS != "linux" {
		Missing(t, "Linux", "this is "+runtime.GOOS)
	}
}

// Root skips a test that must start processes as another user.
func Root(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		Missing(t, "root", "the test starts processes as an ordinary user")
	}
}

// Ptrace skips a test that reads the memory of a process which is closed to
// those without CAP_SYS_PTRACE.
func Ptrace(t testing.TB) {
	t.Helper()
	Linux(t)
	const capSysPtrace = 19 // linux/capability.h
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		Missing(t, "CAP_SYS_PTRACE", err.Error())
	}
	_, rest, _ := strings.Cut(string(status), "CapEff:")
	word, _, _ := strings.Cut(rest, "\n")
	capabilities, err := strconv.ParseUint(strings.TrimSpace(word), 16, 64)
	if err != nil || capabilities>>capSysPtrace&1 == 0 {
		Missing(t, "CAP_SYS_PTRACE", "the test searches the memory of a non-dumpable process")
	}
}

// Git skips a test that needs the git command and this module's repository.
func Git(t testing.TB) {
	t.Helper()
	if err := exec.Command("git", "rev-parse", "--verify", "--quiet", "HEAD").Run(); err != nil {
		Missing(t, "git", "no git command, or no repository with a commit: "+err.Error())
	}
}

// Lacks reports whether a program is missing, for scripts, which skip themselves;
// where everything is required it is an error.
func Lacks(program string) (bool, error) {
	_, err := exec.LookPath(program)
	if err != nil && os.Getenv("DTBENCH_REQUIRE") == "all" {
		return true, fmt.Errorf("required here, but missing: %w", err)
	}
	return err != nil, nil
}

// Python skips a test that runs Python functions.
func Python(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		Missing(t, "python3", "the test runs functions in Python (apt-get install python3)")
	}
}

// Chromium returns the path of a Chromium or Chrome that runs headless, or
// skips a test that looks at a page.
func Chromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	Missing(t, "chromium", "the test looks at a page in a browser (apt-get install chromium)")
	return ""
}
