package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dtbench/dtbench/internal/needs"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"dtbench": main})
}

// TestScripts runs one script per behaviour; see testdata/script. With -update
// the expected output in the scripts is rewritten.
func TestScripts(t *testing.T) {
	needs.Linux(t) // the scripts run the local platform
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       os.Getenv("DTBENCH_UPDATE") != "",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			command, err := exec.LookPath("dtbench")
			if err != nil {
				return err
			}
			e.Setenv("DTBENCH", command)      // for scripts that change PATH
			e.Setenv("ROOT", root)            // of the source tree, to build functions from
			e.Setenv("XDG_CACHE_HOME", cache) // where the build keeps its output
			for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GOTOOLCHAIN", "GOROOT"} {
				out, err := exec.Command("go", "env", name).Output()
				if err != nil {
					return err
				}
				e.Setenv(name, string(out[:len(out)-1]))
			}
			return nil
		},
		Condition: func(condition string) (bool, error) {
			if condition == "root" {
				return os.Geteuid() == 0, nil
			}
			program, ok := strings.CutPrefix(condition, "lacks:")
			if !ok {
				return false, fmt.Errorf("unknown condition %q", condition)
			}
			return needs.Lacks(program)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// exits runs a program and checks its exit code: exits 2 dtbench run --runs 2.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	if err != nil {
		ts.Fatalf("not a code: %s", args[0])
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}
